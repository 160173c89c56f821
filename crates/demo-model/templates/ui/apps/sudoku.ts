/** 81 numbers, row by row; 0 is an empty square. */
export type Grid = number[]

const mixed = <T,>(list: T[]): T[] => {
  const out = [...list]
  for (let at = out.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[out[at], out[other]] = [out[other], out[at]]
  }
  return out
}

export const places = (at: number) => {
  const row = Math.floor(at / 9)
  const column = at % 9
  const out = new Set<number>()
  for (let n = 0; n < 9; n++) {
    out.add(row * 9 + n)
    out.add(n * 9 + column)
    out.add((Math.floor(row / 3) * 3 + Math.floor(n / 3)) * 9 + Math.floor(column / 3) * 3 + (n % 3))
  }
  out.delete(at)
  return [...out]
}
const peers = Array.from({ length: 81 }, (_, at) => places(at))

const choices = (grid: Grid, at: number) => {
  const taken = new Set(peers[at].map(peer => grid[peer]))
  return [1, 2, 3, 4, 5, 6, 7, 8, 9].filter(number => !taken.has(number))
}

/** How many solutions there are, counted no further than to the limit; the first one is left in the grid. */
function solve(grid: Grid, limit: number): number {
  let best = -1
  let options: number[] = []
  for (let at = 0; at < 81; at++) {
    if (grid[at]) continue
    const found = choices(grid, at)
    if (best < 0 || found.length < options.length) [best, options] = [at, found]
    if (options.length < 2) break
  }
  if (best < 0) return 1
  let count = 0
  for (const number of mixed(options)) {
    grid[best] = number
    count += solve(grid, limit - count)
    if (count >= limit) return count
  }
  grid[best] = 0
  return count
}

/** A puzzle with exactly one solution, and the solution. */
export function makePuzzle(given: number): { puzzle: Grid; solution: Grid } {
  const solution: Grid = Array<number>(81).fill(0)
  solve(solution, 1)
  const puzzle = [...solution]
  let left = 81
  for (const at of mixed(puzzle.map((_, n) => n))) {
    if (left <= given) break
    const number = puzzle[at]
    puzzle[at] = 0
    if (solve([...puzzle], 2) === 1) left -= 1
    else puzzle[at] = number
  }
  return { puzzle, solution }
}

/** Squares whose number is there twice in a row, a column or a box. */
export const clashes = (grid: Grid) => new Set(grid.flatMap((number, at) => (number && peers[at].some(peer => grid[peer] === number) ? [at] : [])))
