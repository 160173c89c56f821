import { useState } from 'react'
import { ChevronLeft, ChevronRight, Plus, Trash2 } from 'lucide-react'
import { Page, field, primary } from './components/Page'
import { newId, useStored } from './lib/storage'

const columns = [§columns§]

interface Card {
  id: string
  title: string
  column: number
}

const start: Card[] = [
§cards§]

export default function App() {
  const [cards, setCards] = useStored<Card[]>('§key§', start)
  const [dragged, setDragged] = useState<string | null>(null)
  const [over, setOver] = useState<number | null>(null)
  const [drafts, setDrafts] = useState<Record<number, string>>({})
  const [query, setQuery] = useState('')
  const shown = cards.filter(card => card.title.toLowerCase().includes(query.trim().toLowerCase()))

  const move = (id: string, column: number) => setCards(cards.map(card => (card.id === id ? { ...card, column } : card)))

  function add(column: number) {
    const title = (drafts[column] ?? '').trim()
    if (!title) return
    setCards([...cards, { id: newId(), title, column }])
    setDrafts({ ...drafts, [column]: '' })
  }

  return (
    <Page title={§title§} about="Drag a card to another column, or use its arrows." wide>
      <input type="search" aria-label="Search cards" placeholder="Search cards" className={`${field} max-w-xs`} value={query} onChange={event => setQuery(event.target.value)} />
      <div className="grid items-start gap-4 md:grid-cols-3">
        {columns.map((name, column) => {
          const own = shown.filter(card => card.column === column)
          return (
            <section key={name} aria-label={name} onDragOver={event => { event.preventDefault(); setOver(column) }} onDragLeave={() => setOver(null)}
              onDrop={() => { if (dragged) move(dragged, column); setDragged(null); setOver(null) }}
              className={`rounded-xl border p-3 ${over === column ? 'border-§accent§-600 bg-slate-200' : 'border-slate-200 bg-slate-100'}`}>
              <h2 className="mb-3 flex justify-between px-1 text-sm font-medium text-slate-700">{name} <span className="tabular-nums text-slate-500">{own.length}</span></h2>
              <ul className="min-h-12 space-y-2">
                {own.length === 0 && <li className="rounded-lg border border-dashed border-slate-300 p-4 text-center text-sm text-slate-500">Nothing here</li>}
                {own.map(card => (
                  <li key={card.id} draggable onDragStart={() => setDragged(card.id)} onDragEnd={() => { setDragged(null); setOver(null) }}
                    className={`cursor-grab rounded-lg border border-slate-200 bg-white p-3 shadow-sm ${dragged === card.id ? 'opacity-50' : ''}`}>
                    <p className="text-sm font-medium break-words text-slate-900">{card.title}</p>
                    <div className="mt-2 flex justify-end gap-1 text-slate-500">
                      <button type="button" aria-label={`Move ${card.title} left`} disabled={column === 0} className="rounded p-1 hover:bg-slate-100 disabled:opacity-30" onClick={() => move(card.id, column - 1)}><ChevronLeft className="size-4" /></button>
                      <button type="button" aria-label={`Move ${card.title} right`} disabled={column === columns.length - 1} className="rounded p-1 hover:bg-slate-100 disabled:opacity-30" onClick={() => move(card.id, column + 1)}><ChevronRight className="size-4" /></button>
                      <button type="button" aria-label={`Delete ${card.title}`} className="rounded p-1 hover:bg-red-50 hover:text-red-600" onClick={() => setCards(cards.filter(other => other.id !== card.id))}><Trash2 className="size-4" /></button>
                    </div>
                  </li>
                ))}
              </ul>
              <form className="mt-3 flex gap-2" onSubmit={event => { event.preventDefault(); add(column) }}>
                <input aria-label={`New card in ${name}`} placeholder="New card" className={field} value={drafts[column] ?? ''} onChange={event => setDrafts({ ...drafts, [column]: event.target.value })} />
                <button type="submit" aria-label={`Add to ${name}`} className={`${primary} px-3`}><Plus className="size-4" /></button>
              </form>
            </section>
          )
        })}
      </div>
    </Page>
  )
}
