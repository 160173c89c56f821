import { useState } from 'react'
import { Page, card, field, primary, secondary } from './components/Page'
import { newId, useStored } from './lib/storage'

interface Card {
  id: string
  front: string
  back: string
  known: boolean
}

const start: Card[] = [
  { id: '1', front: 'der Hafen', back: 'the harbour', known: false },
  { id: '2', front: 'la lluvia', back: 'the rain', known: false },
  { id: '3', front: 'le pain', back: 'the bread', known: false },
  { id: '4', front: 'o vento', back: 'the wind', known: false },
]

export default function App() {
  const [cards, setCards] = useStored<Card[]>('flashcards', start)
  const [at, setAt] = useState(0)
  const [open, setOpen] = useState(false)
  const [onlyNew, setOnlyNew] = useState(false)
  const [draft, setDraft] = useState({ front: '', back: '' })
  const deck = onlyNew ? cards.filter(one => !one.known) : cards
  const current = deck.length ? deck[at % deck.length] : undefined
  const known = cards.filter(one => one.known).length

  function go(step: number) {
    setOpen(false)
    setAt(deck.length ? (at + step + deck.length) % deck.length : 0)
  }

  function rate(value: boolean) {
    if (!current) return
    setCards(cards.map(one => (one.id === current.id ? { ...one, known: value } : one)))
    setOpen(false)
    if (!(onlyNew && value)) setAt(at + 1)
  }

  return (
    <Page title={§title§} about={`${known} of ${cards.length} known. Press the card to turn it.`}>
      {current ? (
        <>
          <button type="button" onClick={() => setOpen(!open)} aria-live="polite"
            className={`flex min-h-56 w-full flex-col items-center justify-center rounded-2xl border p-8 text-center shadow-sm ${open ? 'border-§accent§-600 bg-slate-100' : 'border-slate-200 bg-white'}`}>
            <span className="text-xs font-medium text-slate-500">{open ? 'Back' : 'Front'}</span>
            <span className="mt-2 text-3xl font-semibold break-words text-slate-900">{open ? current.back : current.front}</span>
            {current.known && <span className="mt-3 rounded-full bg-emerald-600 px-2 py-0.5 text-xs text-white">known</span>}
          </button>
          <div className="flex flex-wrap justify-between gap-2">
            <button type="button" className={secondary} onClick={() => go(-1)}>Back</button>
            <div className="flex gap-2">
              <button type="button" className={secondary} onClick={() => rate(false)}>Again</button>
              <button type="button" className={primary} onClick={() => rate(true)}>I know it</button>
            </div>
            <button type="button" className={secondary} onClick={() => go(1)}>Next</button>
          </div>
        </>
      ) : (
        <p className={`${card} text-center text-sm text-slate-600`}>{cards.length ? 'You know them all.' : 'No cards yet. Add one below.'}</p>
      )}
      <label className="flex items-center gap-2 text-sm text-slate-700">
        <input type="checkbox" className="size-4" checked={onlyNew} onChange={event => { setOnlyNew(event.target.checked); setAt(0) }} /> Only those I do not know yet
      </label>
      <form className={`${card} grid gap-3 sm:grid-cols-[1fr_1fr_auto] sm:items-end`} onSubmit={event => {
        event.preventDefault()
        if (!draft.front.trim() || !draft.back.trim()) return
        setCards([...cards, { id: newId(), front: draft.front.trim(), back: draft.back.trim(), known: false }])
        setDraft({ front: '', back: '' })
      }}>
        <label className="text-sm text-slate-600">Front<input className={`${field} mt-1`} value={draft.front} onChange={event => setDraft({ ...draft, front: event.target.value })} /></label>
        <label className="text-sm text-slate-600">Back<input className={`${field} mt-1`} value={draft.back} onChange={event => setDraft({ ...draft, back: event.target.value })} /></label>
        <button type="submit" className={primary} disabled={!draft.front.trim() || !draft.back.trim()}>Add card</button>
      </form>
    </Page>
  )
}
