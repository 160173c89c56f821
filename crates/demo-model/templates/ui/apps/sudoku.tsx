import { useState, type KeyboardEvent } from 'react'
import { Page, card, primary, secondary } from './components/Page'
import { useStored } from './lib/storage'
import { clashes, makePuzzle, type Grid } from './lib/sudoku'

const levels = { Easy: 42, Medium: 34, Hard: 28 }
type Level = keyof typeof levels
interface Game { puzzle: Grid; solution: Grid; grid: Grid }

function start(level: Level): Game {
  const { puzzle, solution } = makePuzzle(levels[level])
  return { puzzle, solution, grid: [...puzzle] }
}

export default function App() {
  const [level, setLevel] = useStored<Level>('sudoku-level', 'Easy')
  const [first] = useState(() => start(level))
  const [game, setGame] = useStored<Game>('sudoku', first)
  const [chosen, setChosen] = useState<number | null>(null)
  const [said, setSaid] = useState('')
  const wrong = clashes(game.grid)
  const solved = game.grid.every((number, at) => number === game.solution[at])

  const put = (number: number) => {
    if (chosen === null || game.puzzle[chosen]) return
    setGame({ ...game, grid: game.grid.map((old, at) => (at === chosen ? number : old)) })
    setSaid('')
  }
  const fresh = (next: Level) => {
    setLevel(next)
    setGame(start(next))
    setChosen(null)
    setSaid('')
  }
  const check = () => {
    const bad = game.grid.filter((number, at) => number && number !== game.solution[at]).length
    const open = game.grid.filter(number => !number).length
    setSaid(bad ? `${bad} ${bad === 1 ? 'number is' : 'numbers are'} wrong.` : `All right so far, ${open} to go.`)
  }
  const hint = () => {
    const open = game.grid.flatMap((number, at) => (number === game.solution[at] ? [] : [at]))
    const at = chosen !== null && open.includes(chosen) ? chosen : open[Math.floor(Math.random() * open.length)]
    if (at === undefined) return
    setGame({ ...game, grid: game.grid.map((old, n) => (n === at ? game.solution[at] : old)) })
    setChosen(at)
  }
  const key = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -9, ArrowDown: 9 }
    if (/^[1-9]$/.test(event.key)) put(Number(event.key))
    else if (['Backspace', 'Delete', '0'].includes(event.key)) put(0)
    else if (event.key in steps) {
      event.preventDefault()
      setChosen(Math.min(80, Math.max(0, (chosen ?? 0) + steps[event.key])))
    }
  }

  return (
    <Page title={§title§} about="Each row, column and box holds 1 to 9 once. Choose a square and type a number.">
      <div className="flex flex-wrap gap-2">
        {(Object.keys(levels) as Level[]).map(name => <button key={name} type="button" className={name === level ? primary : secondary} onClick={() => fresh(name)}>New {name.toLowerCase()}</button>)}
      </div>
      <div className={`${card} space-y-4`}>
        <div role="grid" aria-label="Sudoku" tabIndex={0} onKeyDown={key} className="mx-auto grid w-full max-w-md grid-cols-9 border-2 border-slate-700">
          {game.grid.map((number, at) => (
            <button key={at} type="button" tabIndex={-1} aria-label={`Row ${Math.floor(at / 9) + 1}, column ${(at % 9) + 1}: ${number || 'empty'}`} onClick={() => setChosen(at)}
              className={`aspect-square border border-slate-300 text-lg ${at % 9 === 2 || at % 9 === 5 ? 'border-r-2 border-r-slate-700' : ''} ${Math.floor(at / 9) === 2 || Math.floor(at / 9) === 5 ? 'border-b-2 border-b-slate-700' : ''} ${at === chosen ? 'bg-slate-200' : 'bg-white'} ${wrong.has(at) ? 'text-red-600' : game.puzzle[at] ? 'font-bold text-slate-900' : 'text-§accent§-600'}`}>
              {number || ''}
            </button>
          ))}
        </div>
        <div className="flex flex-wrap justify-center gap-1">
          {[1, 2, 3, 4, 5, 6, 7, 8, 9].map(number => <button key={number} type="button" className={secondary} disabled={chosen === null} onClick={() => put(number)}>{number}</button>)}
          <button type="button" className={secondary} disabled={chosen === null} onClick={() => put(0)}>Erase</button>
        </div>
        <div className="flex flex-wrap items-center justify-center gap-2">
          <button type="button" className={primary} onClick={check}>Check</button>
          <button type="button" className={secondary} onClick={hint}>Hint</button>
          <button type="button" className={secondary} onClick={() => setGame({ ...game, grid: [...game.puzzle] })}>Start again</button>
        </div>
        <p role="status" className="min-h-6 text-center text-sm font-medium text-slate-700">{solved ? 'Solved. Well done!' : said}</p>
      </div>
    </Page>
  )
}
