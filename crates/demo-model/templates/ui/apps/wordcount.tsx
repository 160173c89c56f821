import { useState } from 'react'
import { Page, card, field, secondary } from './components/Page'

const start = 'Type or paste a text here. The figures below follow each key.'

export default function App() {
  const [text, setText] = useState(start)
  const words = text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? []
  const sentences = text.split(/[.!?…]+(?:\s|$)/).filter(part => part.trim()).length
  const seconds = Math.round((words.length / 220) * 60)
  const counts = new Map<string, number>()
  for (const word of words) if (word.length > 3) counts.set(word.toLowerCase(), (counts.get(word.toLowerCase()) ?? 0) + 1)
  const top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 8)
  const stats: [string, string | number][] = [
    ['Words', words.length],
    ['Characters', [...text].length],
    ['Without spaces', [...text.replace(/\s/g, '')].length],
    ['Sentences', sentences],
    ['Paragraphs', text.split(/\n\s*\n/).filter(part => part.trim()).length],
    ['Reading time', seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`],
  ]

  return (
    <Page title={§title§} about="Counts words, characters, sentences and the time to read." wide>
      <textarea aria-label="Text" rows={10} className={`${field} text-base`} value={text} onChange={event => setText(event.target.value)} />
      <dl aria-live="polite" className="grid grid-cols-2 gap-3 sm:grid-cols-3">
        {stats.map(([label, value]) => (
          <div key={label} className={card}><dt className="text-sm text-slate-500">{label}</dt><dd className="text-2xl font-semibold tabular-nums text-slate-900">{value}</dd></div>
        ))}
      </dl>
      <section className={card}>
        <h2 className="mb-2 text-sm font-medium text-slate-700">Most used words</h2>
        {top.length === 0 ? <p className="text-sm text-slate-500">No words yet.</p> : <ul className="flex flex-wrap gap-2">{top.map(([word, count]) => <li key={word} className="rounded-full bg-slate-100 px-3 py-1 text-sm text-slate-700">{word} <b>{count}</b></li>)}</ul>}
      </section>
      <div className="flex flex-wrap gap-2">
        <button type="button" className={secondary} onClick={() => setText(text.toUpperCase())}>UPPER CASE</button>
        <button type="button" className={secondary} onClick={() => setText(text.toLowerCase())}>lower case</button>
        <button type="button" className={secondary} onClick={() => setText(text.replace(/[ \t]+/g, ' ').trim())}>Tidy spaces</button>
        <button type="button" className={secondary} disabled={!text} onClick={() => setText('')}>Clear</button>
      </div>
    </Page>
  )
}
