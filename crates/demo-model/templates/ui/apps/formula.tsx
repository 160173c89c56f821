import { useState } from 'react'
import { Page, card, field, secondary } from './components/Page'
import { inputs, results, type Values } from './lib/formula'

const start = Object.fromEntries(inputs.map(({ key, value }) => [key, String(value)])) as Record<keyof Values, string>

export default function App() {
  const [texts, setTexts] = useState(start)
  const values = Object.fromEntries(inputs.map(({ key }) => [key, Number(texts[key].replace(',', '.'))])) as unknown as Values
  const wrong = inputs.filter(({ key, min, max }) => texts[key].trim() === '' || !(values[key] >= min && values[key] <= max))

  return (
    <Page title={§title§} about="§about§">
      <div className={`${card} grid gap-4 sm:grid-cols-2`}>
        {inputs.map(({ key, label, step, min, max }) => (
          <label key={key} className="text-sm font-medium text-slate-700">
            {label}
            <input type="number" inputMode="decimal" step={step} min={min} max={max} className={`${field} mt-1`} value={texts[key]}
              aria-invalid={wrong.some(one => one.key === key)} onChange={event => setTexts({ ...texts, [key]: event.target.value })} />
            {wrong.some(one => one.key === key) && <span role="alert" className="mt-1 block text-red-600">From {min} to {max.toLocaleString()}</span>}
          </label>
        ))}
      </div>
      <section aria-live="polite" aria-label="Result" className={`${card} divide-y divide-slate-200`}>
        {wrong.length > 0 ? <p className="text-sm text-slate-500">Fill in the fields to see the result.</p> : results(values).map(({ label, text }, index) => (
          <p key={label} className="flex items-baseline justify-between py-3">
            <span className="text-slate-600">{label}</span>
            <b className={`tabular-nums text-slate-900 ${index === 0 ? 'text-3xl' : 'text-lg'}`}>{text}</b>
          </p>
        ))}
      </section>
      <button type="button" className={secondary} onClick={() => setTexts(start)}>Start again</button>
    </Page>
  )
}
