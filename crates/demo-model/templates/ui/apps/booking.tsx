import { useState, type FormEvent } from 'react'
import { ChevronLeft, ChevronRight, Trash2 } from 'lucide-react'
import { Page, card, field, primary, secondary } from './components/Page'
import { inDays, showDay, toDay, today } from './lib/dates'
import { newId, useStored } from './lib/storage'

interface Booking {
  id: string
  day: string
  time: string
  name: string
}

const times = ['09:00', '10:00', '11:00', '13:00', '14:00', '15:00', '16:00']
const start: Booking[] = [
  { id: '1', day: inDays(1), time: '10:00', name: 'Ana Costa' },
  { id: '2', day: inDays(1), time: '14:00', name: 'Ben Okafor' },
  { id: '3', day: inDays(3), time: '09:00', name: 'Chloe Lind' },
]

export default function App() {
  const [bookings, setBookings] = useStored<Booking[]>('§key§', start)
  const [month, setMonth] = useState(() => new Date(new Date().getFullYear(), new Date().getMonth(), 1))
  const [day, setDay] = useState(today())
  const [time, setTime] = useState('')
  const [name, setName] = useState('')
  const [error, setError] = useState('')
  const free = times.filter(one => !bookings.some(booking => booking.day === day && booking.time === one))
  const ofDay = bookings.filter(booking => booking.day === day).sort((a, b) => a.time.localeCompare(b.time))
  const blank = (month.getDay() + 6) % 7
  const days = Array.from({ length: new Date(month.getFullYear(), month.getMonth() + 1, 0).getDate() }, (_, n) => toDay(new Date(month.getFullYear(), month.getMonth(), n + 1)))

  function book(event: FormEvent) {
    event.preventDefault()
    if (!name.trim()) return setError('Who is it for?')
    if (!time || !free.includes(time)) return setError('Choose a free time.')
    setBookings([...bookings, { id: newId(), day, time, name: name.trim() }])
    setName('')
    setTime('')
    setError('')
  }

  return (
    <Page title={§title§} about="Choose a day, then a free time." wide>
      <div className="grid items-start gap-4 md:grid-cols-2">
        <section className={card} aria-label="Calendar">
          <div className="mb-3 flex items-center justify-between">
            <button type="button" aria-label="Month before" className={`${secondary} p-2`} onClick={() => setMonth(new Date(month.getFullYear(), month.getMonth() - 1, 1))}><ChevronLeft className="size-4" /></button>
            <h2 className="font-medium text-slate-900">{month.toLocaleDateString(undefined, { month: 'long', year: 'numeric' })}</h2>
            <button type="button" aria-label="Month after" className={`${secondary} p-2`} onClick={() => setMonth(new Date(month.getFullYear(), month.getMonth() + 1, 1))}><ChevronRight className="size-4" /></button>
          </div>
          <div className="grid grid-cols-7 gap-1 text-center text-sm">
            {['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'].map(label => <span key={label} className="py-1 text-xs text-slate-500">{label}</span>)}
            {Array.from({ length: blank }, (_, n) => <span key={`blank-${n}`} />)}
            {days.map(one => {
              const count = bookings.filter(booking => booking.day === one).length
              return (
                <button key={one} type="button" disabled={one < today()} aria-pressed={one === day} aria-label={`${showDay(one)}, ${count} booked`} onClick={() => { setDay(one); setTime(''); setError('') }}
                  className={`relative rounded-lg py-2 tabular-nums disabled:opacity-30 ${one === day ? 'bg-§accent§-600 font-semibold text-white' : one === today() ? 'bg-slate-200 text-slate-900' : 'text-slate-700 hover:bg-slate-100'}`}>
                  {Number(one.slice(8))}
                  {count > 0 && <span className={`absolute bottom-1 left-1/2 size-1 -translate-x-1/2 rounded-full ${one === day ? 'bg-white' : 'bg-§accent§-600'}`} />}
                </button>
              )
            })}
          </div>
        </section>
        <div className="space-y-4">
          <form className={`${card} space-y-4`} onSubmit={book}>
            <h2 className="font-medium text-slate-900">{showDay(day)}</h2>
            <div className="flex flex-wrap gap-2" role="group" aria-label="Times">
              {times.map(one => (
                <button key={one} type="button" disabled={!free.includes(one)} aria-pressed={time === one} onClick={() => { setTime(one); setError('') }}
                  className={`rounded-lg border px-3 py-1.5 text-sm tabular-nums disabled:line-through disabled:opacity-40 ${time === one ? 'border-§accent§-600 bg-§accent§-600 text-white' : 'border-slate-300 bg-white text-slate-700 hover:bg-slate-100'}`}>{one}</button>
              ))}
            </div>
            <label className="block text-sm font-medium text-slate-700">Name<input className={`${field} mt-1`} value={name} onChange={event => { setName(event.target.value); setError('') }} /></label>
            {error && <p role="alert" className="text-sm text-red-600">{error}</p>}
            <button type="submit" className={primary}>Book</button>
          </form>
          <section className={card} aria-label="Booked">
            <h2 className="mb-2 text-sm font-medium text-slate-700">Booked on this day</h2>
            {ofDay.length === 0 ? <p className="text-sm text-slate-500">Nothing yet.</p> : (
              <ul className="divide-y divide-slate-200">
                {ofDay.map(booking => (
                  <li key={booking.id} className="flex items-center gap-3 py-2 text-sm text-slate-800"><b className="tabular-nums">{booking.time}</b><span className="flex-1 break-words">{booking.name}</span>
                    <button type="button" aria-label={`Cancel ${booking.time}, ${booking.name}`} className="rounded-md p-2 text-slate-500 hover:bg-red-50 hover:text-red-600" onClick={() => setBookings(bookings.filter(other => other.id !== booking.id))}><Trash2 className="size-4" /></button></li>
                ))}
              </ul>
            )}
          </section>
        </div>
      </div>
    </Page>
  )
}
