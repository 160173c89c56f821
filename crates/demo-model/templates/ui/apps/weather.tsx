import { useState } from 'react'
import { Cloud, CloudRain, CloudSnow, Search, Sun } from 'lucide-react'
import { Page, card, field } from './components/Page'
import { useStored } from './lib/storage'

const icons = { sun: Sun, cloud: Cloud, rain: CloudRain, snow: CloudSnow }
type Sky = keyof typeof icons
const words: Record<Sky, string> = { sun: 'Sunny', cloud: 'Cloudy', rain: 'Rain', snow: 'Snow' }

interface City {
  name: string
  wind: number
  humidity: number
  days: { sky: Sky; high: number; low: number }[]
}

const day = (sky: Sky, high: number, low: number) => ({ sky, high, low })
const cities: City[] = [
  { name: 'Lisbon', wind: 18, humidity: 58, days: [day('sun', 24, 16), day('sun', 26, 17), day('cloud', 22, 16), day('rain', 19, 14), day('sun', 23, 15)] },
  { name: 'Oslo', wind: 11, humidity: 71, days: [day('snow', 1, -4), day('cloud', 2, -3), day('snow', 0, -6), day('sun', 3, -5), day('cloud', 4, -1)] },
  { name: 'Kyoto', wind: 8, humidity: 66, days: [day('rain', 17, 12), day('cloud', 18, 11), day('sun', 21, 12), day('sun', 22, 13), day('rain', 16, 11)] },
  { name: 'Lima', wind: 14, humidity: 82, days: [day('cloud', 19, 15), day('cloud', 19, 15), day('cloud', 20, 16), day('sun', 21, 16), day('cloud', 20, 16)] },
]

export default function App() {
  const [name, setName] = useStored('weather-city', 'Lisbon')
  const [unit, setUnit] = useStored<'C' | 'F'>('weather-unit', 'C')
  const [query, setQuery] = useState('')
  const city = cities.find(one => one.name === name) ?? cities[0]
  const found = cities.filter(one => one.name.toLowerCase().includes(query.trim().toLowerCase()))
  const show = (celsius: number) => `${Math.round(unit === 'C' ? celsius : (celsius * 9) / 5 + 32)}°`
  const Now = icons[city.days[0].sky]
  const label = (n: number) => (n === 0 ? 'Today' : new Date(Date.now() + n * 86_400_000).toLocaleDateString(undefined, { weekday: 'long' }))

  return (
    <Page title={§title§} about="Sample weather: this app runs without a network.">
      <div className="flex gap-2">
        <div className="relative flex-1"><Search className="absolute top-2.5 left-3 size-4 text-slate-400" /><input type="search" aria-label="Search a city" placeholder="Search a city" className={`${field} pl-9`} value={query} onChange={event => setQuery(event.target.value)} /></div>
        <button type="button" className={`${field} w-16`} aria-label="Change the unit" onClick={() => setUnit(unit === 'C' ? 'F' : 'C')}>°{unit}</button>
      </div>
      <div className="flex flex-wrap gap-2">
        {found.length === 0 && <p className="text-sm text-slate-500">No such city here. Try Lisbon, Oslo, Kyoto or Lima.</p>}
        {found.map(one => <button key={one.name} type="button" aria-pressed={one.name === city.name} onClick={() => setName(one.name)} className={`rounded-full px-4 py-1.5 text-sm font-medium ${one.name === city.name ? 'bg-§accent§-600 text-white' : 'bg-slate-200 text-slate-700'}`}>{one.name}</button>)}
      </div>
      <section className={`${card} text-center`} aria-live="polite">
        <h2 className="text-lg font-medium text-slate-900">{city.name}</h2>
        <Now className="mx-auto my-3 size-16 text-§accent§-600" />
        <p className="text-5xl font-semibold text-slate-900">{show(city.days[0].high)}</p>
        <p className="mt-1 text-slate-600">{words[city.days[0].sky]}, low {show(city.days[0].low)}</p>
        <p className="mt-3 text-sm text-slate-500">Wind {city.wind} km/h · Humidity {city.humidity}%</p>
      </section>
      <ul className={`${card} divide-y divide-slate-200`} aria-label="Next days">
        {city.days.map(({ sky, high, low }, n) => {
          const Icon = icons[sky]
          return <li key={n} className="flex items-center gap-4 py-2 text-sm text-slate-700"><span className="w-28">{label(n)}</span><Icon className="size-5 text-slate-500" /><span className="flex-1">{words[sky]}</span><span className="tabular-nums"><b className="text-slate-900">{show(high)}</b> {show(low)}</span></li>
        })}
      </ul>
    </Page>
  )
}
