import { useState } from 'react'
import { ArrowLeftRight } from 'lucide-react'
import { Page, card, field, secondary } from './components/Page'
import { convert, groups, type Group } from './lib/units'

const names = Object.keys(groups) as Group[]

export default function App() {
  const [group, setGroup] = useState<Group>('§group§')
  const [text, setText] = useState('§amount§')
  const [from, setFrom] = useState(Object.keys(groups['§group§'])[0])
  const [to, setTo] = useState(Object.keys(groups['§group§'])[1])
  const value = Number(text.replace(',', '.'))
  const wrong = text.trim() === '' || Number.isNaN(value)
  const units = Object.keys(groups[group])
  const show = (n: number) => Number(n.toPrecision(7)).toLocaleString(undefined, { maximumFractionDigits: 6 })

  function choose(next: Group) {
    const all = Object.keys(groups[next])
    setGroup(next)
    setFrom(all[0])
    setTo(all[1])
  }

  return (
    <Page title={§title§} about="§about§">
      <div className={`${card} space-y-4`}>
        {names.length > 1 && (
          <div className="flex flex-wrap gap-1 rounded-lg bg-slate-100 p-1" role="group" aria-label="What to convert">
            {names.map(name => (
              <button key={name} type="button" aria-pressed={name === group} onClick={() => choose(name)}
                className={`rounded-md px-3 py-1.5 text-sm font-medium ${name === group ? 'bg-white text-slate-900 shadow-sm' : 'text-slate-600'}`}>
                {name}
              </button>
            ))}
          </div>
        )}
        <label className="block text-sm font-medium text-slate-700">
          Amount
          <input inputMode="decimal" className={`${field} mt-1`} value={text} aria-invalid={wrong} onChange={event => setText(event.target.value)} />
        </label>
        {wrong && <p role="alert" className="text-sm text-red-600">Type a number.</p>}
        <div className="flex items-end gap-2">
          <label className="flex-1 text-sm font-medium text-slate-700">
            From
            <select className={`${field} mt-1`} value={from} onChange={event => setFrom(event.target.value)}>
              {units.map(unit => <option key={unit}>{unit}</option>)}
            </select>
          </label>
          <button type="button" aria-label="Swap" className={`${secondary} p-2.5`} onClick={() => { setFrom(to); setTo(from) }}>
            <ArrowLeftRight className="size-4" />
          </button>
          <label className="flex-1 text-sm font-medium text-slate-700">
            To
            <select className={`${field} mt-1`} value={to} onChange={event => setTo(event.target.value)}>
              {units.map(unit => <option key={unit}>{unit}</option>)}
            </select>
          </label>
        </div>
        <output className="block rounded-lg bg-slate-100 p-4 text-center text-2xl font-semibold tabular-nums text-slate-900">
          {wrong ? '–' : `${show(value)} ${from} = ${show(convert(group, value, from, to))} ${to}`}
        </output>
      </div>
      {!wrong && (
        <section className={card} aria-label="All units">
          <h2 className="mb-2 text-sm font-medium text-slate-700">{show(value)} {from} in all units</h2>
          <dl className="divide-y divide-slate-200 text-sm">
            {units.filter(unit => unit !== from).map(unit => (
              <div key={unit} className="flex justify-between py-1.5">
                <dt className="text-slate-600">{unit}</dt>
                <dd className="font-medium tabular-nums text-slate-900">{show(convert(group, value, from, unit))}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </Page>
  )
}
