import { useEffect, useRef, useState } from 'react'
import { Page, card, primary, secondary } from './components/Page'
import { useStored } from './lib/storage'
import { makeSound, voices } from './lib/sound'

const STEPS = 16
const empty = () => voices.map(() => Array<boolean>(STEPS).fill(false))
const patterns: Record<string, string[]> = {
  Rock: ['x.......x.x.....', '....x.......x...', 'x.x.x.x.x.x.x.x.', '................'],
  House: ['x...x...x...x...', '....x.......x...', '..x...x...x...x.', '................'],
  'Slow walk': ['x.....x...x.....', '........x.......', 'x.x.x.x.x.x.x.xx', '............x...'],
}
const read = (rows: string[]) => rows.map(row => [...row].map(sign => sign === 'x'))

export default function App() {
  const [grid, setGrid] = useStored<boolean[][]>('drum-machine', read(patterns.Rock))
  const [tempo, setTempo] = useState(110)
  const [playing, setPlaying] = useState(false)
  const [step, setStep] = useState(-1)
  const [silent, setSilent] = useState(false)
  const latest = useRef(grid)
  latest.current = grid

  useEffect(() => {
    if (!playing) return
    const sound = makeSound()
    setSilent(sound === null)
    let at = -1
    const tick = () => {
      at = (at + 1) % STEPS
      setStep(at)
      latest.current.forEach((row, voice) => row[at] && sound?.play(voice))
    }
    tick()
    const timer = window.setInterval(tick, 60000 / tempo / 4)
    return () => {
      window.clearInterval(timer)
      sound?.close()
      setStep(-1)
    }
  }, [playing, tempo])

  const toggle = (voice: number, at: number) =>
    setGrid(grid.map((row, n) => (n === voice ? row.map((on, m) => (m === at ? !on : on)) : row)))

  return (
    <Page wide title={§title§} about="Press steps to switch drums on, then Play. Your pattern is kept.">
      <div className={`${card} space-y-4`}>
        <div className="flex flex-wrap items-center gap-3">
          <button type="button" className={primary} onClick={() => setPlaying(!playing)}>{playing ? 'Stop' : 'Play'}</button>
          <label className="flex items-center gap-2 text-sm text-slate-700">Tempo
            <input type="range" min={60} max={180} value={tempo} onChange={event => setTempo(Number(event.target.value))} />
            <output className="w-16 tabular-nums">{tempo} bpm</output>
          </label>
          {Object.entries(patterns).map(([name, rows]) => <button key={name} type="button" className={secondary} onClick={() => setGrid(read(rows))}>{name}</button>)}
          <button type="button" className={secondary} onClick={() => setGrid(empty())}>Clear</button>
        </div>
        {silent && <p role="status" className="text-sm text-slate-600">This browser gives no sound here; the steps still run.</p>}
        <div className="space-y-2 overflow-x-auto">
          {voices.map((voice, n) => (
            <div key={voice} className="flex items-center gap-1">
              <span className="w-16 shrink-0 text-sm font-medium text-slate-700">{voice}</span>
              {(grid[n] ?? []).map((on, at) => (
                <button key={at} type="button" aria-label={`${voice}, step ${at + 1}`} aria-pressed={on} onClick={() => toggle(n, at)}
                  className={`h-10 w-9 shrink-0 rounded border ${at % 4 === 0 ? 'ml-1' : ''} ${at === step ? 'border-slate-900' : 'border-slate-300'} ${on ? 'bg-§accent§-600' : at === step ? 'bg-slate-200' : 'bg-white'}`} />
              ))}
            </div>
          ))}
        </div>
      </div>
    </Page>
  )
}
