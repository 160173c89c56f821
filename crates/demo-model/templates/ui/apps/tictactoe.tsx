import { useState } from 'react'
import { Page, card, primary, secondary } from './components/Page'

type Mark = 'X' | 'O'
type Board = (Mark | null)[]
const lines = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]]

function winner(board: Board) {
  return lines.find(([a, b, c]) => board[a] && board[a] === board[b] && board[a] === board[c])
}

/** The best place for this mark: looks at every game that can follow. */
function best(board: Board, mark: Mark, turn: Mark): { score: number; at: number } {
  const line = winner(board)
  if (line) return { score: board[line[0]] === mark ? 10 : -10, at: -1 }
  const free = board.flatMap((cell, at) => (cell ? [] : [at]))
  if (free.length === 0) return { score: 0, at: -1 }
  const moves = free.map(at => {
    const next = board.map((cell, n) => (n === at ? turn : cell))
    return { at, score: best(next, mark, turn === 'X' ? 'O' : 'X').score * 0.9 }
  })
  return moves.reduce((a, b) => ((turn === mark ? b.score > a.score : b.score < a.score) ? b : a))
}

export default function App() {
  const [board, setBoard] = useState<Board>(Array(9).fill(null))
  const [turn, setTurn] = useState<Mark>('X')
  const [computer, setComputer] = useState(true)
  const [score, setScore] = useState({ X: 0, O: 0, draw: 0 })
  const line = winner(board)
  const over = Boolean(line) || board.every(Boolean)

  function count(next: Board) {
    const won = winner(next)
    if (won) setScore(old => ({ ...old, [next[won[0]] as Mark]: old[next[won[0]] as Mark] + 1 }))
    else if (next.every(Boolean)) setScore(old => ({ ...old, draw: old.draw + 1 }))
    return Boolean(won) || next.every(Boolean)
  }

  function play(at: number) {
    if (board[at] || over) return
    let next = board.map((cell, n) => (n === at ? turn : cell))
    let ended = count(next)
    if (computer && !ended) {
      const reply = best(next, 'O', 'O').at
      next = next.map((cell, n) => (n === reply ? 'O' : cell))
      ended = count(next)
    } else if (!computer) setTurn(turn === 'X' ? 'O' : 'X')
    setBoard(next)
  }

  function again() {
    setBoard(Array(9).fill(null))
    setTurn('X')
  }

  const said = line ? `${board[line[0]]} wins` : over ? 'A draw' : computer ? 'Your turn: X' : `Turn: ${turn}`
  return (
    <Page title={§title§} about="Three in a row wins.">
      <div className={`${card} text-center`}>
        <p role="status" className="mb-4 text-lg font-medium text-slate-900">{said}</p>
        <div className="mx-auto grid w-72 grid-cols-3 gap-2">
          {board.map((cell, at) => (
            <button key={at} type="button" aria-label={`Row ${Math.floor(at / 3) + 1}, column ${(at % 3) + 1}: ${cell ?? 'empty'}`} onClick={() => play(at)}
              className={`flex size-23 items-center justify-center rounded-xl text-4xl font-bold ${line?.includes(at) ? 'bg-emerald-600 text-white' : 'bg-slate-100 hover:bg-slate-200'} ${cell === 'X' ? 'text-§accent§-600' : 'text-slate-700'}`}>
              {cell}
            </button>
          ))}
        </div>
        <div className="mt-5 flex justify-center gap-2">
          <button type="button" className={primary} onClick={again}>New game</button>
          <button type="button" className={secondary} onClick={() => { setComputer(!computer); again() }}>{computer ? 'Play against a friend' : 'Play against the computer'}</button>
        </div>
      </div>
      <dl className="grid grid-cols-3 gap-3 text-center">
        {([['X', score.X], ['Draws', score.draw], ['O', score.O]] as const).map(([label, value]) => (
          <div key={label} className={card}><dt className="text-sm text-slate-500">{label}</dt><dd className="text-2xl font-semibold tabular-nums text-slate-900">{value}</dd></div>
        ))}
      </dl>
    </Page>
  )
}
