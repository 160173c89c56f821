import { useState } from 'react'
import { Minus, Plus, RotateCcw, Trash2 } from 'lucide-react'
import { Page, card, field, primary, secondary } from './components/Page'
import { newId, useStored } from './lib/storage'

interface Counter {
  id: string
  name: string
  value: number
}

const round = 'flex size-14 items-center justify-center rounded-full bg-§accent§-600 text-white hover:bg-§accent§-700'

export default function App() {
  const [counters, setCounters] = useStored<Counter[]>('counters', [{ id: '1', name: '§first§', value: 0 }])
  const [step, setStep] = useState(1)
  const [name, setName] = useState('')

  const change = (id: string, part: Partial<Counter>) => setCounters(counters.map(one => (one.id === id ? { ...one, ...part } : one)))

  return (
    <Page title={§title§} about="Count up and down; the numbers are kept.">
      {counters.map(one => (
        <section key={one.id} className={card} aria-label={one.name}>
          <div className="flex items-center justify-between">
            <h2 className="font-medium text-slate-700">{one.name}</h2>
            <div className="flex gap-1">
              <button type="button" aria-label={`Reset ${one.name}`} className="rounded-md p-2 text-slate-500 hover:bg-slate-100" onClick={() => change(one.id, { value: 0 })}>
                <RotateCcw className="size-4" />
              </button>
              <button type="button" aria-label={`Remove ${one.name}`} disabled={counters.length === 1} className="rounded-md p-2 text-slate-500 hover:bg-slate-100 disabled:opacity-30"
                onClick={() => setCounters(counters.filter(other => other.id !== one.id))}>
                <Trash2 className="size-4" />
              </button>
            </div>
          </div>
          <div className="mt-2 flex items-center justify-center gap-8">
            <button type="button" aria-label={`Less ${one.name}`} className={round} onClick={() => change(one.id, { value: one.value - step })}><Minus /></button>
            <output aria-live="polite" className="min-w-24 text-center text-6xl font-semibold tabular-nums text-slate-900">{one.value}</output>
            <button type="button" aria-label={`More ${one.name}`} className={round} onClick={() => change(one.id, { value: one.value + step })}><Plus /></button>
          </div>
        </section>
      ))}
      <div className={`${card} flex flex-wrap items-end gap-3`}>
        <label className="w-24 text-sm text-slate-600">Step
          <input type="number" min={1} className={`${field} mt-1`} value={step} onChange={event => setStep(Math.max(1, Number(event.target.value) || 1))} />
        </label>
        <form className="flex flex-1 items-end gap-2" onSubmit={event => { event.preventDefault(); if (name.trim()) { setCounters([...counters, { id: newId(), name: name.trim(), value: 0 }]); setName('') } }}>
          <label className="flex-1 text-sm text-slate-600">New counter
            <input className={`${field} mt-1`} value={name} onChange={event => setName(event.target.value)} placeholder="Name" />
          </label>
          <button type="submit" disabled={!name.trim()} className={primary}>Add</button>
        </form>
        <p className="w-full text-sm text-slate-600">All together: <b className="tabular-nums text-slate-900">{counters.reduce((sum, one) => sum + one.value, 0)}</b>
          <button type="button" className={`${secondary} float-right`} onClick={() => setCounters(counters.map(one => ({ ...one, value: 0 })))}>Reset all</button></p>
      </div>
    </Page>
  )
}
