import { useEffect, useState } from 'react'
import { Page, card, primary, secondary } from './components/Page'

function show(ms: number) {
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  return `${two(ms / 60_000)}:${two((ms / 1000) % 60)}.${two((ms / 10) % 100)}`
}

export default function App() {
  const [startedAt, setStartedAt] = useState<number | null>(null)
  const [before, setBefore] = useState(0)
  const [now, setNow] = useState(0)
  const [laps, setLaps] = useState<number[]>([])
  const elapsed = before + (startedAt === null ? 0 : Math.max(0, now - startedAt))

  useEffect(() => {
    if (startedAt === null) return
    const timer = setInterval(() => setNow(performance.now()), 31)
    return () => clearInterval(timer)
  }, [startedAt])

  function toggle() {
    const time = performance.now()
    setNow(time)
    if (startedAt === null) setStartedAt(time)
    else {
      setBefore(before + time - startedAt)
      setStartedAt(null)
    }
  }

  const times = laps.map((lap, index) => lap - (laps[index - 1] ?? 0))
  const best = Math.min(...times)
  return (
    <Page title={§title§} about="Start, take laps, stop.">
      <div className={`${card} text-center`}>
        <p role="timer" className="text-6xl font-semibold tabular-nums text-slate-900">{show(elapsed)}</p>
        <div className="mt-6 flex justify-center gap-2">
          <button type="button" className={primary} onClick={toggle}>{startedAt === null ? (elapsed ? 'Go on' : 'Start') : 'Stop'}</button>
          <button type="button" className={secondary} disabled={startedAt === null} onClick={() => setLaps([...laps, elapsed])}>Lap</button>
          <button type="button" className={secondary} disabled={elapsed === 0} onClick={() => { setStartedAt(null); setBefore(0); setLaps([]) }}>Reset</button>
        </div>
      </div>
      <section className={card} aria-label="Laps">
        <h2 className="mb-2 text-sm font-medium text-slate-700">Laps</h2>
        {laps.length === 0 ? <p className="text-sm text-slate-500">No laps yet.</p> : (
          <ol className="divide-y divide-slate-200 text-sm tabular-nums">
            {times.map((time, index) => (
              <li key={index} className="flex justify-between py-2 text-slate-700">
                <span>Lap {index + 1}</span>
                <span className={time === best && times.length > 1 ? 'font-semibold text-emerald-600' : ''}>{show(time)}</span>
                <span className="text-slate-500">{show(laps[index])}</span>
              </li>
            ))}
          </ol>
        )}
      </section>
    </Page>
  )
}
