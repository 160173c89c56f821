import { useEffect, useRef, useState, type PointerEvent } from 'react'
import { Page, card, secondary } from './components/Page'

type Line = { color: string; width: number; points: [number, number][] }
const colors = ['#0f172a', '#dc2626', '#ea580c', '#16a34a', '#2563eb', '#7c3aed', '#ffffff']
const names = ['Black', 'Red', 'Orange', 'Green', 'Blue', 'Violet', 'White, to rub out']

export default function App() {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [lines, setLines] = useState<Line[]>([])
  const [undone, setUndone] = useState<Line[]>([])
  const [color, setColor] = useState(colors[0])
  const [width, setWidth] = useState(4)
  const [drawing, setDrawing] = useState(false)

  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || !canvas.current) return
    context.fillStyle = '#ffffff'
    context.fillRect(0, 0, canvas.current.width, canvas.current.height)
    context.lineCap = context.lineJoin = 'round'
    for (const line of lines) {
      context.strokeStyle = line.color
      context.lineWidth = line.width
      context.beginPath()
      line.points.forEach(([x, y], n) => (n === 0 ? context.moveTo(x, y) : context.lineTo(x, y)))
      if (line.points.length === 1) context.lineTo(line.points[0][0] + 0.1, line.points[0][1])
      context.stroke()
    }
  }, [lines])

  function place(event: PointerEvent<HTMLCanvasElement>): [number, number] {
    const box = event.currentTarget.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * 960, ((event.clientY - box.top) / box.height) * 600]
  }

  return (
    <Page title={§title§} about="Draw with the mouse, a pen or a finger." wide>
      <div className={`${card} flex flex-wrap items-center gap-3`}>
        {colors.map((one, n) => <button key={one} type="button" aria-label={names[n]} aria-pressed={one === color} onClick={() => setColor(one)} style={{ background: one }} className={`size-8 rounded-full border-2 ${one === color ? 'border-§accent§-600 ring-2 ring-§accent§-200' : 'border-slate-300'}`} />)}
        <label className="flex items-center gap-2 text-sm text-slate-700">Width <input type="range" min={1} max={40} value={width} className="accent-§accent§-600" onChange={event => setWidth(Number(event.target.value))} /> {width}</label>
        <span className="flex-1" />
        <button type="button" className={secondary} disabled={!lines.length} onClick={() => { setUndone([...undone, lines[lines.length - 1]]); setLines(lines.slice(0, -1)) }}>Undo</button>
        <button type="button" className={secondary} disabled={!undone.length} onClick={() => { setLines([...lines, undone[undone.length - 1]]); setUndone(undone.slice(0, -1)) }}>Redo</button>
        <button type="button" className={secondary} disabled={!lines.length} onClick={() => { setLines([]); setUndone([]) }}>Clear</button>
      </div>
      <canvas ref={canvas} width={960} height={600} aria-label={`Drawing with ${lines.length} lines`} role="img" className="w-full touch-none rounded-xl border border-slate-300 bg-white shadow-sm"
        onPointerDown={event => { event.currentTarget.setPointerCapture(event.pointerId); setDrawing(true); setUndone([]); setLines([...lines, { color, width, points: [place(event)] }]) }}
        onPointerMove={event => { if (drawing) { const point = place(event); setLines(lines.map((line, n) => (n === lines.length - 1 ? { ...line, points: [...line.points, point] } : line))) } }}
        onPointerUp={() => setDrawing(false)} onPointerCancel={() => setDrawing(false)} />
      <p role="status" className="text-sm text-slate-600">{lines.length} lines</p>
    </Page>
  )
}
