import { useEffect, useRef, useState } from 'react'
import { Pause, Play, RotateCcw, SkipForward } from 'lucide-react'
import { Page, card, field, primary, secondary } from './components/Page'

type Phase = 'focus' | 'break'

const clock = (seconds: number) => `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`

export default function App() {
  const [minutes, setMinutes] = useState<Record<Phase, number>>({ focus: §focus§, break: §rest§ })
  const [phase, setPhase] = useState<Phase>('focus')
  const [left, setLeft] = useState(minutes.focus * 60)
  const [running, setRunning] = useState(false)
  const [rounds, setRounds] = useState(0)
  const [said, setSaid] = useState('')
  const endsAt = useRef(0)

  useEffect(() => {
    if (!running) return
    // Counted from the clock, so that a slow tab does not lose time.
    endsAt.current = Date.now() + left * 1000
    const timer = setInterval(() => {
      const now = Math.max(0, Math.round((endsAt.current - Date.now()) / 1000))
      setLeft(now)
      if (now === 0) next()
    }, 250)
    return () => clearInterval(timer)
    // eslint-disable-next-line
  }, [running, phase])

  function next() {
    const other: Phase = phase === 'focus' ? 'break' : 'focus'
    if (phase === 'focus') setRounds(rounds + 1)
    setSaid(phase === 'focus' ? 'Time is up: take a break.' : 'The break is over: back to it.')
    setRunning(false)
    setPhase(other)
    setLeft(minutes[other] * 60)
  }

  function change(which: Phase, value: number) {
    const safe = Math.min(180, Math.max(1, Math.round(value) || 1))
    setMinutes({ ...minutes, [which]: safe })
    if (which === phase && !running) setLeft(safe * 60)
  }

  const share = left / (minutes[phase] * 60)
  return (
    <Page title={§title§} about={phase === 'focus' ? 'Work on one thing until the time is up.' : 'Rest. Stand up, look far away.'}>
      <div className={`${card} text-center`}>
        <div className="mb-4 inline-flex gap-1 rounded-lg bg-slate-100 p-1 text-sm font-medium">
          {(['focus', 'break'] as const).map(name => (
            <button key={name} type="button" aria-pressed={phase === name} onClick={() => { setRunning(false); setPhase(name); setLeft(minutes[name] * 60) }}
              className={`rounded-md px-4 py-1.5 ${phase === name ? 'bg-white text-slate-900 shadow-sm' : 'text-slate-600'}`}>
              {name === 'focus' ? 'Focus' : 'Break'}
            </button>
          ))}
        </div>
        <p role="timer" className="text-7xl font-semibold tabular-nums text-slate-900">{clock(left)}</p>
        <div className="mx-auto mt-5 h-2 max-w-xs overflow-hidden rounded-full bg-slate-200">
          <div className="h-full bg-§accent§-600 transition-all" style={{ width: `${share * 100}%` }} />
        </div>
        <div className="mt-6 flex justify-center gap-2">
          <button type="button" className={`${primary} flex items-center gap-2`} onClick={() => { setSaid(''); setRunning(!running) }}>
            {running ? <Pause className="size-4" /> : <Play className="size-4" />} {running ? 'Pause' : 'Start'}
          </button>
          <button type="button" className={`${secondary} flex items-center gap-2`} onClick={() => { setRunning(false); setLeft(minutes[phase] * 60) }}>
            <RotateCcw className="size-4" /> Reset
          </button>
          <button type="button" className={`${secondary} flex items-center gap-2`} onClick={next}>
            <SkipForward className="size-4" /> Skip
          </button>
        </div>
        <p role="status" className="mt-4 min-h-6 text-sm text-slate-600">{said}</p>
      </div>
      <div className="grid grid-cols-3 gap-3">
        {(['focus', 'break'] as const).map(name => (
          <label key={name} className={`${card} text-sm text-slate-600`}>
            {name === 'focus' ? 'Focus' : 'Break'} minutes
            <input type="number" min={1} max={180} className={`${field} mt-1`} value={minutes[name]} onChange={event => change(name, Number(event.target.value))} />
          </label>
        ))}
        <p className={`${card} text-sm text-slate-600`}>
          Rounds done
          <b className="mt-1 block text-2xl text-slate-900 tabular-nums">{rounds}</b>
        </p>
      </div>
    </Page>
  )
}
