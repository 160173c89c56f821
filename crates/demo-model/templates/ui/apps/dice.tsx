import { useState } from 'react'
import { Page, card, field, primary, secondary } from './components/Page'

const random = (most: number) => Math.floor(Math.random() * most) + 1

export default function App() {
  const [count, setCount] = useState(2)
  const [sides, setSides] = useState(6)
  const [rolls, setRolls] = useState<number[][]>([])
  const [coin, setCoin] = useState('')
  const [names, setNames] = useState('Ana\nBen\nChloe')
  const [picked, setPicked] = useState('')
  const last = rolls[0]
  const list = names.split('\n').map(name => name.trim()).filter(Boolean)
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)

  return (
    <Page title={§title§}>
      <section className={`${card} space-y-4 text-center`} aria-label="Dice">
        <div className="flex justify-center gap-3">
          <label className="text-sm text-slate-600">Dice<input type="number" min={1} max={12} className={`${field} mt-1 w-24`} value={count} onChange={event => setCount(Math.min(12, Math.max(1, Number(event.target.value) || 1)))} /></label>
          <label className="text-sm text-slate-600">Sides<select className={`${field} mt-1 w-24`} value={sides} onChange={event => setSides(Number(event.target.value))}>{[4, 6, 8, 10, 12, 20, 100].map(n => <option key={n}>{n}</option>)}</select></label>
        </div>
        <div aria-live="polite" className="flex min-h-16 flex-wrap justify-center gap-2">
          {(last ?? []).map((value, n) => <span key={n} className="flex size-16 items-center justify-center rounded-xl border border-slate-300 bg-slate-100 text-2xl font-bold tabular-nums text-slate-900">{value}</span>)}
        </div>
        <p className="text-lg font-semibold text-slate-900">{last ? `Sum ${sum(last)}` : 'Not rolled yet'}</p>
        <button type="button" className={primary} onClick={() => setRolls([Array.from({ length: count }, () => random(sides)), ...rolls].slice(0, 10))}>Roll</button>
        {rolls.length > 1 && <p className="text-sm text-slate-500">Before: {rolls.slice(1).map(values => sum(values)).join(', ')}</p>}
      </section>
      <section className={`${card} flex items-center justify-between`} aria-label="Coin">
        <p role="status" className="text-slate-700">Coin: <b className="text-slate-900">{coin || '–'}</b></p>
        <button type="button" className={secondary} onClick={() => setCoin(random(2) === 1 ? 'Heads' : 'Tails')}>Flip</button>
      </section>
      <section className={`${card} space-y-3`} aria-label="Names">
        <label className="block text-sm font-medium text-slate-700">Names, one a line<textarea rows={4} className={`${field} mt-1`} value={names} onChange={event => setNames(event.target.value)} /></label>
        <div className="flex items-center gap-3"><button type="button" className={secondary} disabled={list.length === 0} onClick={() => setPicked(list[random(list.length) - 1])}>Pick one</button><p role="status" className="text-lg font-semibold text-slate-900">{picked}</p></div>
      </section>
    </Page>
  )
}
