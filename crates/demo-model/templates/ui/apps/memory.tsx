import { useEffect, useState } from 'react'
import { Page, card, field, primary } from './components/Page'
import { useStored } from './lib/storage'

const faces = ['🍋', '🌊', '🎈', '🐙', '🌵', '🚲', '🍄', '⛵', '🦊', '🎧']

interface Card {
  id: number
  face: string
  found: boolean
}

function deal(pairs: number): Card[] {
  const cards = faces.slice(0, pairs).flatMap((face, n) => [{ id: n * 2, face, found: false }, { id: n * 2 + 1, face, found: false }])
  for (let at = cards.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[cards[at], cards[other]] = [cards[other], cards[at]]
  }
  return cards
}

export default function App() {
  const [pairs, setPairs] = useState(6)
  const [cards, setCards] = useState(() => deal(6))
  const [open, setOpen] = useState<number[]>([])
  const [moves, setMoves] = useState(0)
  const [best, setBest] = useStored<Record<number, number>>('memory-best', {})
  const won = cards.every(one => one.found)

  useEffect(() => {
    if (open.length < 2) return
    const timer = setTimeout(() => setOpen([]), 900)
    return () => clearTimeout(timer)
  }, [open])

  function turn(one: Card) {
    if (one.found || open.includes(one.id) || open.length === 2) return
    if (open.length === 0) return setOpen([one.id])
    const first = cards.find(other => other.id === open[0])
    setMoves(moves + 1)
    if (first && first.face === one.face) {
      const next = cards.map(other => (other.face === one.face ? { ...other, found: true } : other))
      setCards(next)
      setOpen([])
      if (next.every(other => other.found)) setBest({ ...best, [pairs]: Math.min(best[pairs] ?? Infinity, moves + 1) })
    } else setOpen([open[0], one.id])
  }

  function again(count = pairs) {
    setPairs(count)
    setCards(deal(count))
    setOpen([])
    setMoves(0)
  }

  return (
    <Page title={§title§} about="Turn two cards at a time and find all pairs in as few moves as you can.">
      <div className={`${card} flex flex-wrap items-center justify-between gap-3 text-sm text-slate-600`}>
        <span>Moves <b className="text-lg text-slate-900 tabular-nums">{moves}</b></span>
        <span>Pairs <b className="text-lg text-slate-900 tabular-nums">{cards.filter(one => one.found).length / 2} of {pairs}</b></span>
        <span>Best <b className="text-lg text-slate-900 tabular-nums">{best[pairs] ?? '–'}</b></span>
        <select aria-label="Pairs" className={`${field} w-28`} value={pairs} onChange={event => again(Number(event.target.value))}>
          {[4, 6, 8, 10].map(count => <option key={count} value={count}>{count} pairs</option>)}
        </select>
        <button type="button" className={primary} onClick={() => again()}>New game</button>
      </div>
      <div className="grid grid-cols-4 gap-3">
        {cards.map((one, at) => {
          const shown = one.found || open.includes(one.id)
          return (
            <button key={one.id} type="button" onClick={() => turn(one)} aria-label={`Card ${at + 1}: ${shown ? one.face : 'face down'}`}
              className={`flex aspect-square items-center justify-center rounded-xl text-4xl shadow-sm transition ${one.found ? 'bg-emerald-50 opacity-70' : shown ? 'border border-slate-200 bg-white' : 'bg-§accent§-600 hover:bg-§accent§-700'}`}>
              {shown ? one.face : ''}
            </button>
          )
        })}
      </div>
      <p role="status" className="text-center text-lg font-medium text-slate-900">{won ? `All found in ${moves} moves!` : ''}</p>
    </Page>
  )
}
