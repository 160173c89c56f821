import { useState } from 'react'
import { Page, card, field, primary } from './components/Page'

const schemes = { Analogous: [-40, -20, 0, 20, 40], Complementary: [0, 0, 180, 180, 200], Triad: [0, 120, 240, 120, 240], 'One hue': [0, 0, 0, 0, 0] }
type Scheme = keyof typeof schemes

export function toHex(h: number, s: number, l: number) {
  const a = (s / 100) * Math.min(l / 100, 1 - l / 100)
  const part = (n: number) => {
    const k = (n + h / 30) % 12
    return Math.round(255 * (l / 100 - a * Math.max(-1, Math.min(k - 3, 9 - k, 1)))).toString(16).padStart(2, '0')
  }
  return `#${part(0)}${part(8)}${part(4)}`
}

function contrast(hex: string) {
  const [r, g, b] = [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16) / 255).map(v => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)
}

export default function App() {
  const [hue, setHue] = useState(230)
  const [saturation, setSaturation] = useState(65)
  const [scheme, setScheme] = useState<Scheme>('Analogous')
  const [said, setSaid] = useState('')
  const colors = schemes[scheme].map((turn, n) => toHex((hue + turn + 360) % 360, saturation, 28 + n * 13))

  async function copy(text: string) {
    try {
      await navigator.clipboard.writeText(text)
      setSaid(`Copied ${text}.`)
    } catch {
      setSaid(`Copying is not allowed here: ${text}`)
    }
  }

  return (
    <Page title={§title§} about="Five colours that go together. Press one to copy its code." wide>
      <div className="grid grid-cols-5 overflow-hidden rounded-xl shadow-sm">
        {colors.map((hex, n) => {
          const light = contrast(hex) < 4.5
          return (
            <button key={n} type="button" onClick={() => copy(hex)} style={{ background: hex, color: light ? '#0f172a' : '#ffffff' }} className="flex h-56 flex-col items-center justify-end gap-1 p-3 text-sm font-medium">
              {hex}<span className="text-xs opacity-80">on white {contrast(hex).toFixed(1)}</span>
            </button>
          )
        })}
      </div>
      <div className={`${card} grid gap-4 sm:grid-cols-3`}>
        <label className="text-sm font-medium text-slate-700">Hue: {hue}°<input type="range" min={0} max={359} value={hue} className="mt-2 w-full" onChange={event => setHue(Number(event.target.value))} /></label>
        <label className="text-sm font-medium text-slate-700">Strength: {saturation}%<input type="range" min={0} max={100} value={saturation} className="mt-2 w-full" onChange={event => setSaturation(Number(event.target.value))} /></label>
        <label className="text-sm font-medium text-slate-700">Scheme<select className={`${field} mt-1`} value={scheme} onChange={event => setScheme(event.target.value as Scheme)}>{Object.keys(schemes).map(name => <option key={name}>{name}</option>)}</select></label>
      </div>
      <div className="flex items-center gap-3">
        <button type="button" className={primary} onClick={() => { setHue(Math.floor(Math.random() * 360)); setSaturation(35 + Math.floor(Math.random() * 60)) }}>Surprise me</button>
        <button type="button" className="text-sm text-slate-700 underline" onClick={() => copy(colors.map((hex, n) => `--color-${n + 1}: ${hex};`).join(' '))}>Copy as CSS</button>
        <p role="status" className="text-sm text-slate-600">{said}</p>
      </div>
    </Page>
  )
}
