import { useState } from 'react'
import { Check, Flame, Trash2 } from 'lucide-react'
import { Page, card, field, primary } from './components/Page'
import { inDays, today } from './lib/dates'
import { newId, useStored } from './lib/storage'

interface Habit {
  id: string
  name: string
  /** The days it was done. */
  days: string[]
}

const back = (...list: number[]) => list.map(n => inDays(-n))
const start: Habit[] = [
  { id: '1', name: 'Read 20 pages', days: back(1, 2, 3, 5) },
  { id: '2', name: 'Walk outside', days: back(0, 1, 2, 3, 4, 5, 6) },
  { id: '3', name: 'No phone after ten', days: back(2, 3) },
]
const week = [6, 5, 4, 3, 2, 1, 0].map(n => inDays(-n))

/** Days in a row up to today; a day that is not over yet does not break it. */
export function streak(days: string[]) {
  const done = new Set(days)
  let at = done.has(today()) ? 0 : 1
  let count = 0
  while (done.has(inDays(-at))) {
    count += 1
    at += 1
  }
  return count
}

export function longest(days: string[]) {
  let best = 0
  let run = 0
  let last = 0
  for (const day of [...new Set(days)].sort()) {
    const number = Math.round(new Date(`${day}T12:00`).getTime() / 86_400_000)
    run = number === last + 1 ? run + 1 : 1
    last = number
    best = Math.max(best, run)
  }
  return best
}

export default function App() {
  const [habits, setHabits] = useStored<Habit[]>('habits', start)
  const [name, setName] = useState('')
  const [error, setError] = useState('')
  const doneToday = habits.filter(habit => habit.days.includes(today())).length
  const best = habits.reduce((most, habit) => Math.max(most, longest(habit.days)), 0)

  function toggle(id: string, day: string) {
    setHabits(habits.map(habit => habit.id !== id ? habit
      : { ...habit, days: habit.days.includes(day) ? habit.days.filter(other => other !== day) : [...habit.days, day] }))
  }

  function add() {
    const clean = name.trim()
    if (!clean) return setError('Give the habit a name.')
    if (habits.some(habit => habit.name.toLowerCase() === clean.toLowerCase())) return setError('You have this habit already.')
    setHabits([...habits, { id: newId(), name: clean, days: [] }])
    setName('')
    setError('')
  }

  return (
    <Page title={§title§} about="Mark each day you did it and keep the streak alive." wide>
      <dl className="grid grid-cols-3 gap-3">
        {([['Habits', habits.length], ['Done today', `${doneToday} of ${habits.length}`], ['Longest streak', `${best} days`]] as const).map(([label, value]) => (
          <div key={label} className={card}>
            <dt className="text-xs font-medium text-slate-500">{label}</dt>
            <dd className="mt-1 text-xl font-semibold text-slate-900 tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      <form className="flex gap-2" onSubmit={event => { event.preventDefault(); add() }}>
        <input aria-label="New habit" placeholder="New habit" className={field} value={name} onChange={event => { setName(event.target.value); setError('') }} />
        <button type="submit" className={primary}>Add</button>
      </form>
      {error && <p role="alert" className="text-sm text-red-600">{error}</p>}
      {habits.length === 0 && <p className="rounded-xl border border-dashed border-slate-300 p-10 text-center text-sm text-slate-500">No habits yet. Add the first one.</p>}
      <ul className="space-y-3">
        {habits.map(habit => (
          <li key={habit.id} className={card}>
            <div className="flex flex-wrap items-center gap-4">
              <p className="min-w-40 flex-1 font-medium break-words text-slate-900">{habit.name}</p>
              <div className="flex gap-1.5">
                {week.map(day => {
                  const done = habit.days.includes(day)
                  const label = new Date(`${day}T12:00`).toLocaleDateString(undefined, { weekday: 'short' })
                  return (
                    <button key={day} type="button" aria-pressed={done} aria-label={`${habit.name} on ${day}`} onClick={() => toggle(habit.id, day)} className="flex flex-col items-center gap-1 text-xs text-slate-500">
                      {day === today() ? 'Today' : label}
                      <span className={`flex size-9 items-center justify-center rounded-lg border ${done ? 'border-§accent§-600 bg-§accent§-600 text-white' : 'border-slate-300 bg-white'}`}>{done && <Check className="size-4" />}</span>
                    </button>
                  )
                })}
              </div>
              <p className="flex w-24 items-center gap-1 text-sm font-semibold text-slate-700 tabular-nums" title="Current streak">
                <Flame className={`size-5 ${streak(habit.days) > 0 ? 'text-orange-500' : 'text-slate-400'}`} /> {streak(habit.days)} days
              </p>
              <button type="button" aria-label={`Delete ${habit.name}`} className="rounded-md p-2 text-slate-500 hover:bg-red-50 hover:text-red-600" onClick={() => setHabits(habits.filter(other => other.id !== habit.id))}>
                <Trash2 className="size-4" />
              </button>
            </div>
            <p className="mt-2 text-xs text-slate-500">Longest streak: {longest(habit.days)} days. Done {habit.days.length} times.</p>
          </li>
        ))}
      </ul>
    </Page>
  )
}
