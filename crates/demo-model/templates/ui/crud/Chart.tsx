import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'

interface Props {
  title: string
  data: { name: string; value: number }[]
  format: (value: number) => string
}

export function Chart({ title, data, format }: Props) {
  return (
    <figure className="rounded-xl border border-slate-200 bg-white p-5 shadow-sm">
      <figcaption className="mb-3 text-sm font-medium text-slate-700">{title}</figcaption>
      {data.length === 0 ? (
        <p className="py-10 text-center text-sm text-slate-500">Nothing to draw yet.</p>
      ) : (
        <div className="h-56">
          <ResponsiveContainer width="100%" height="100%">
            <BarChart data={data} margin={{ top: 4, right: 8, bottom: 0, left: 0 }}>
              <CartesianGrid vertical={false} stroke="#94a3b8" strokeOpacity={0.3} />
              <XAxis dataKey="name" tickLine={false} axisLine={false} fontSize={12} stroke="#64748b" />
              <YAxis tickLine={false} axisLine={false} fontSize={12} width={48} stroke="#64748b" />
              <Tooltip cursor={{ fillOpacity: 0.1 }} formatter={value => format(Number(value))} />
              <Bar dataKey="value" name={title} fill="§hex§" radius={[6, 6, 0, 0]} maxBarSize={56} isAnimationActive={false} />
            </BarChart>
          </ResponsiveContainer>
        </div>
      )}
    </figure>
  )
}
