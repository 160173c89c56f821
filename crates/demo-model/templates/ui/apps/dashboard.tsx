import { useState } from 'react'
import { Area, AreaChart, Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { TrendingDown, TrendingUp } from 'lucide-react'
import { Page, card } from './components/Page'
import { rows, shares, show } from './data'

const ranges = { '3 months': 3, '6 months': 6, '12 months': 12 }

export default function App() {
  const [range, setRange] = useState<keyof typeof ranges>('6 months')
  const [sort, setSort] = useState<'share' | 'name'>('share')
  const shown = rows.slice(-ranges[range])
  const sum = (key: 'value' | 'count') => shown.reduce((all, row) => all + row[key], 0)
  const half = Math.max(1, Math.floor(shown.length / 2))
  const part = (list: typeof rows) => list.reduce((all, row) => all + row.value, 0) / (list.length || 1)
  const change = Math.round((part(shown.slice(half)) / part(shown.slice(0, half)) - 1) * 100)
  const best = shown.reduce((a, b) => (b.value > a.value ? b : a))
  const tiles = [['Total §what§', show(sum('value'))], ['§things§', sum('count').toLocaleString()], ['Average', show(sum('value') / sum('count'))], ['Best month', best.month]]
  const list = [...shares].sort((a, b) => (sort === 'share' ? b.value - a.value : a.name.localeCompare(b.name)))
  const axis = { tickLine: false, axisLine: false, fontSize: 12, stroke: '#64748b' }

  return (
    <Page title={§title§} about="Sample figures; put your own into src/data.ts." wide>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="flex gap-1 rounded-lg bg-slate-200 p-1 text-sm font-medium" role="group" aria-label="Time">
          {(Object.keys(ranges) as (keyof typeof ranges)[]).map(name => (
            <button key={name} type="button" aria-pressed={range === name} onClick={() => setRange(name)} className={`rounded-md px-3 py-1.5 ${range === name ? 'bg-white text-slate-900 shadow-sm' : 'text-slate-600'}`}>{name}</button>
          ))}
        </div>
        <p className={`flex items-center gap-1 text-sm font-medium ${change >= 0 ? 'text-emerald-600' : 'text-red-600'}`}>{change >= 0 ? <TrendingUp className="size-4" /> : <TrendingDown className="size-4" />} {change}% in the later half</p>
      </div>
      <dl className="grid grid-cols-2 gap-3 md:grid-cols-4">
        {tiles.map(([label, value]) => (
          <div key={label} className={card}><dt className="text-sm text-slate-500">{label}</dt><dd className="mt-1 text-2xl font-semibold tabular-nums text-slate-900">{value}</dd></div>
        ))}
      </dl>
      <div className="grid gap-4 md:grid-cols-3">
        <figure className={`${card} md:col-span-2`}>
          <figcaption className="mb-3 text-sm font-medium text-slate-700">§What§ by month</figcaption>
          <div className="h-64"><ResponsiveContainer width="100%" height="100%">
            <AreaChart data={shown}><CartesianGrid vertical={false} strokeOpacity={0.2} /><XAxis dataKey="month" {...axis} /><YAxis width={52} {...axis} /><Tooltip formatter={value => show(Number(value))} />
              <Area dataKey="value" name="§What§" stroke="§hex§" fill="§hex§" fillOpacity={0.15} strokeWidth={2} isAnimationActive={false} /></AreaChart>
          </ResponsiveContainer></div>
        </figure>
        <figure className={card}>
          <figcaption className="mb-3 text-sm font-medium text-slate-700">§things§ by month</figcaption>
          <div className="h-64"><ResponsiveContainer width="100%" height="100%">
            <BarChart data={shown}><XAxis dataKey="month" {...axis} /><Tooltip cursor={{ fillOpacity: 0.1 }} /><Bar dataKey="count" name="§things§" fill="§hex§" radius={[4, 4, 0, 0]} isAnimationActive={false} /></BarChart>
          </ResponsiveContainer></div>
        </figure>
      </div>
      <section className={card} aria-label="Shares">
        <div className="mb-3 flex items-center justify-between"><h2 className="text-sm font-medium text-slate-700">By group</h2>
          <button type="button" className="text-sm text-§accent§-600 underline" onClick={() => setSort(sort === 'share' ? 'name' : 'share')}>Sort by {sort === 'share' ? 'name' : 'share'}</button></div>
        <ul className="space-y-3">
          {list.map(({ name, value }) => (
            <li key={name} className="text-sm text-slate-700"><span className="flex justify-between"><span>{name}</span><b className="tabular-nums">{value}%</b></span>
              <span className="mt-1 block h-2 overflow-hidden rounded-full bg-slate-200"><span className="block h-full bg-§accent§-600" style={{ width: `${value}%` }} /></span></li>
          ))}
        </ul>
      </section>
    </Page>
  )
}
