import { useState } from 'react'
import { Copy, RefreshCw } from 'lucide-react'
import { Page, card, primary, secondary } from './components/Page'

const sets = {
  'Small letters': 'abcdefghijkmnopqrstuvwxyz',
  'Capital letters': 'ABCDEFGHJKLMNPQRSTUVWXYZ',
  Digits: '23456789',
  Signs: '!#$%&*+-=?@_',
}
type SetName = keyof typeof sets
const names = Object.keys(sets) as SetName[]

function below(count: number) {
  // No modulo bias: draws again when the number is in the uneven rest.
  const limit = Math.floor(2 ** 32 / count) * count
  const box = new Uint32Array(1)
  do crypto.getRandomValues(box)
  while (box[0] >= limit)
  return box[0] % count
}

export function make(length: number, chosen: SetName[]) {
  const all = chosen.map(name => sets[name]).join('')
  const letters = chosen.map(name => sets[name][below(sets[name].length)])
  while (letters.length < length) letters.push(all[below(all.length)])
  for (let at = letters.length - 1; at > 0; at--) {
    const other = below(at + 1)
    ;[letters[at], letters[other]] = [letters[other], letters[at]]
  }
  return letters.join('')
}

export default function App() {
  const [length, setLength] = useState(20)
  const [chosen, setChosen] = useState<SetName[]>(names)
  const [password, setPassword] = useState(() => make(20, names))
  const [said, setSaid] = useState('')
  const bits = Math.round(length * Math.log2(chosen.map(name => sets[name]).join('').length))
  const strength = bits < 50 ? 'Weak' : bits < 75 ? 'Fair' : bits < 100 ? 'Strong' : 'Very strong'

  function renew(count = length, from = chosen) {
    setLength(count)
    setChosen(from)
    setPassword(make(count, from))
    setSaid('')
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(password)
      setSaid('Copied.')
    } catch {
      setSaid('Copying is not allowed here: select the text instead.')
    }
  }

  return (
    <Page title={§title§} about="Made in your browser; nothing is sent or kept.">
      <div className={`${card} space-y-5`}>
        <output className="block rounded-lg bg-slate-100 p-4 font-mono text-xl break-all text-slate-900 select-all">{password}</output>
        <div>
          <div className="h-2 overflow-hidden rounded-full bg-slate-200"><div className={`h-full transition-all ${bits < 50 ? 'bg-red-500' : bits < 75 ? 'bg-amber-500' : 'bg-emerald-600'}`} style={{ width: `${Math.min(100, (bits / 128) * 100)}%` }} /></div>
          <p className="mt-1 text-sm text-slate-600">{strength}, {bits} bits</p>
        </div>
        <label className="block text-sm font-medium text-slate-700">Length: {length}
          <input type="range" min={8} max={64} value={length} className="mt-2 w-full accent-§accent§-600" onChange={event => renew(Number(event.target.value))} />
        </label>
        <fieldset className="grid grid-cols-2 gap-2">
          <legend className="mb-1 text-sm font-medium text-slate-700">Use</legend>
          {names.map(name => (
            <label key={name} className="flex items-center gap-2 text-sm text-slate-700">
              <input type="checkbox" className="size-4 accent-§accent§-600" checked={chosen.includes(name)} disabled={chosen.length === 1 && chosen.includes(name)}
                onChange={() => renew(length, chosen.includes(name) ? chosen.filter(other => other !== name) : [...chosen, name])} /> {name}
            </label>
          ))}
        </fieldset>
        <div className="flex gap-2">
          <button type="button" className={`${primary} flex items-center gap-2`} onClick={() => renew()}><RefreshCw className="size-4" /> New password</button>
          <button type="button" className={`${secondary} flex items-center gap-2`} onClick={copy}><Copy className="size-4" /> Copy</button>
        </div>
        <p role="status" className="min-h-5 text-sm text-slate-600">{said}</p>
      </div>
    </Page>
  )
}
