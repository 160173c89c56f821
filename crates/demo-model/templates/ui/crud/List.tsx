import { useMemo, useState } from 'react'
import { Plus, Search } from 'lucide-react'
import type { §Name§ } from '../types'
import { sample§Many§ } from '../data'
import { newId, useStored } from '../lib/storage'§imports§
import { §Name§Form, type §Name§Draft } from './§Name§Form'
import { §Name§Row } from './§Name§Row'

const orders = {
§orders§} satisfies Record<string, { label: string; by: (a: §Name§, b: §Name§) => number }>

export function §Name§List() {
  const [§many§, set§Many§] = useStored<§Name§[]>('§key§', sample§Many§)
  const [query, setQuery] = useState('')
§states§  const [order, setOrder] = useState<keyof typeof orders>('§order§')
  const [editing, setEditing] = useState<string | null>(null)
  const [deleted, setDeleted] = useState<§Name§ | null>(null)

  const shown = useMemo(() => {
    const words = query.trim().toLowerCase()
    return §many§
      .filter(§one§ => !words || [§searched§].join(' ').toLowerCase().includes(words))
§filters§      .sort(orders[order].by)
  }, [§many§, query, order§deps§])

  function save(draft: §Name§Draft) {
    if (editing === 'new') set§Many§(old => [{ ...draft, id: newId() }, ...old])
    else set§Many§(old => old.map(§one§ => (§one§.id === editing ? { ...§one§, ...draft } : §one§)))
    setEditing(null)
  }

  function remove(§one§: §Name§) {
    set§Many§(old => old.filter(other => other.id !== §one§.id))
    setDeleted(§one§)
  }

  function change(id: string, part: Partial<§Name§>) {
    set§Many§(old => old.map(§one§ => (§one§.id === id ? { ...§one§, ...part } : §one§)))
  }

§stats§  return (
    <section aria-label="§Plural§" className="space-y-4">
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-§columns§">
        {stats.map(([label, value]) => (
          <div key={label} className="rounded-xl border border-slate-200 bg-white p-4 shadow-sm">
            <dt className="text-xs font-medium text-slate-500">{label}</dt>
            <dd className="mt-1 text-xl font-semibold tabular-nums text-slate-900">{value}</dd>
          </div>
        ))}
      </dl>
§chart§
      <div className="flex flex-wrap items-center gap-2">
        <div className="relative min-w-48 flex-1">
          <Search className="pointer-events-none absolute top-2.5 left-3 size-4 text-slate-400" />
          <input type="search" value={query} onChange={event => setQuery(event.target.value)} aria-label="Search §plural§" placeholder="Search §plural§"
            className="w-full rounded-lg border border-slate-300 bg-white py-2 pr-3 pl-9 text-sm text-slate-900 placeholder:text-slate-400" />
        </div>
§controls§        <select aria-label="Sort §plural§" value={order} onChange={event => setOrder(event.target.value as keyof typeof orders)}
          className="rounded-lg border border-slate-300 bg-white px-3 py-2 text-sm text-slate-700">
          {Object.entries(orders).map(([key, { label }]) => (
            <option key={key} value={key}>
              Sort: {label}
            </option>
          ))}
        </select>
        <button type="button" onClick={() => setEditing('new')} className="flex items-center gap-1 rounded-lg bg-§accent§-600 px-4 py-2 text-sm font-medium text-white hover:bg-§accent§-700">
          <Plus className="size-4" /> Add §singular§
        </button>
      </div>

      {editing === 'new' && <§Name§Form onSave={save} onCancel={() => setEditing(null)} />}

      {deleted && (
        <p role="status" className="flex items-center justify-between rounded-lg bg-slate-800 px-4 py-2 text-sm text-white">
          <span className="truncate">Deleted “{§deletedTitle§}”.</span>
          <button type="button" className="font-medium underline"
            onClick={() => {
              set§Many§(old => [deleted, ...old])
              setDeleted(null)
            }}>
            Undo
          </button>
        </p>
      )}

      {shown.length === 0 ? (
        <p className="rounded-xl border border-dashed border-slate-300 p-10 text-center text-sm text-slate-500">
          {§many§.length === 0 ? 'No §plural§ yet. Add the first one.' : 'No §plural§ match this search or filter.'}
        </p>
      ) : (
        <ul className="space-y-2">
          {shown.map(§one§ =>
            editing === §one§.id ? (
              <li key={§one§.id}>
                <§Name§Form start={§one§} onSave={save} onCancel={() => setEditing(null)} />
              </li>
            ) : (
              <§Name§Row key={§one§.id} §one§={§one§} onChange={part => change(§one§.id, part)} onEdit={() => setEditing(§one§.id)} onDelete={() => remove(§one§)} />
            ),
          )}
        </ul>
      )}
    </section>
  )
}
