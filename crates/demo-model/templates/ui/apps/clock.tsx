import { useEffect, useState } from 'react'
import { Trash2 } from 'lucide-react'
import { Page, card, field } from './components/Page'
import { useStored } from './lib/storage'

const zones: Record<string, string> = { Lisbon: 'Europe/Lisbon', London: 'Europe/London', Berlin: 'Europe/Berlin', Cairo: 'Africa/Cairo', Nairobi: 'Africa/Nairobi', Dubai: 'Asia/Dubai', Delhi: 'Asia/Kolkata', Beijing: 'Asia/Shanghai', Tokyo: 'Asia/Tokyo', Sydney: 'Australia/Sydney', 'New York': 'America/New_York', Chicago: 'America/Chicago', 'Los Angeles': 'America/Los_Angeles', 'São Paulo': 'America/Sao_Paulo' }

function offset(zone: string, now: Date) {
  const there = new Date(now.toLocaleString('en-US', { timeZone: zone })).getTime()
  const here = new Date(now.toLocaleString('en-US')).getTime()
  return Math.round((there - here) / 900_000) / 4
}

export default function App() {
  const [chosen, setChosen] = useStored('clock-cities', ['Lisbon', 'New York', 'Tokyo'])
  const [long, setLong] = useStored('clock-24', true)
  const [now, setNow] = useState(() => new Date())

  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 1000)
    return () => clearInterval(timer)
  }, [])

  const time = (zone?: string) => now.toLocaleTimeString(undefined, { timeZone: zone, hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: !long })
  const free = Object.keys(zones).filter(name => !chosen.includes(name))
  return (
    <Page title={§title§} about={now.toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })}>
      <section className={`${card} text-center`}>
        <p className="text-sm text-slate-600">Here</p>
        <p role="timer" className="text-6xl font-semibold tabular-nums text-slate-900">{time()}</p>
      </section>
      <div className="flex gap-2">
        <select aria-label="Add a city" className={field} value="" onChange={event => event.target.value && setChosen([...chosen, event.target.value])}>
          <option value="">Add a city…</option>
          {free.map(name => <option key={name}>{name}</option>)}
        </select>
        <label className="flex shrink-0 items-center gap-2 text-sm text-slate-700"><input type="checkbox" className="size-4 accent-§accent§-600" checked={long} onChange={event => setLong(event.target.checked)} /> 24 hours</label>
      </div>
      {chosen.length === 0 && <p className="rounded-xl border border-dashed border-slate-300 p-8 text-center text-sm text-slate-500">No cities yet. Add one above.</p>}
      <ul className="space-y-2">
        {chosen.filter(name => zones[name]).map(name => {
          const hours = offset(zones[name], now)
          return (
            <li key={name} className={`${card} flex items-center gap-4 py-4`}>
              <span className="flex-1"><b className="block text-slate-900">{name}</b><span className="text-sm text-slate-500">{hours === 0 ? 'same time' : `${Math.abs(hours)} h ${hours > 0 ? 'ahead' : 'behind'}`}</span></span>
              <span className="text-2xl font-semibold tabular-nums text-slate-900">{time(zones[name])}</span>
              <button type="button" aria-label={`Remove ${name}`} className="rounded-md p-2 text-slate-500 hover:bg-red-50 hover:text-red-600" onClick={() => setChosen(chosen.filter(other => other !== name))}><Trash2 className="size-4" /></button>
            </li>
          )
        })}
      </ul>
    </Page>
  )
}
