import { useEffect, useRef, useState } from 'react'
import { Page, card, primary, secondary } from './components/Page'
import { useStored } from './lib/storage'

const size = 16
type Point = [number, number]
const turns: Record<string, Point> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0], w: [0, -1], s: [0, 1], a: [-1, 0], d: [1, 0] }
const start: Point[] = [[8, 8], [7, 8], [6, 8]]
const same = (a: Point, b: Point) => a[0] === b[0] && a[1] === b[1]

function place(snake: Point[]): Point {
  const free: Point[] = []
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) if (!snake.some(part => same(part, [x, y]))) free.push([x, y])
  return free[Math.floor(Math.random() * free.length)]
}

export default function App() {
  const [snake, setSnake] = useState(start)
  const [food, setFood] = useState<Point>([12, 8])
  const [state, setState] = useState<'ready' | 'playing' | 'paused' | 'over'>('ready')
  const [best, setBest] = useStored('snake-best', 0)
  const heading = useRef<Point>([1, 0])
  const moved = useRef<Point>([1, 0])
  const score = snake.length - start.length

  function turn(to: Point) {
    if (to[0] === -moved.current[0] && to[1] === -moved.current[1]) return
    heading.current = to
  }

  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      const to = turns[event.key]
      if (to) {
        event.preventDefault()
        turn(to)
        setState(old => (old === 'ready' ? 'playing' : old))
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])

  useEffect(() => {
    if (state !== 'playing') return
    const timer = setTimeout(() => {
      const [dx, dy] = heading.current
      const head: Point = [snake[0][0] + dx, snake[0][1] + dy]
      const eats = same(head, food)
      const body = eats ? snake : snake.slice(0, -1)
      const hit = head[0] < 0 || head[1] < 0 || head[0] >= size || head[1] >= size || body.some(part => same(part, head))
      if (hit) {
        setState('over')
        setBest(Math.max(best, score))
        return
      }
      moved.current = heading.current
      const next = [head, ...body]
      setSnake(next)
      if (eats) setFood(place(next))
    }, Math.max(70, 170 - score * 4))
    return () => clearTimeout(timer)
  }, [state, snake, food, score, best, setBest])

  function again() {
    heading.current = [1, 0]
    moved.current = [1, 0]
    setSnake(start)
    setFood([12, 8])
    setState('playing')
  }

  return (
    <Page title={§title§} about="Steer with the arrow keys or the buttons. Eat, grow, and do not hit the wall or yourself.">
      <div className={`${card} space-y-4`}>
        <p className="flex justify-between text-sm text-slate-600"><span>Score <b className="text-lg text-slate-900 tabular-nums">{score}</b></span><span role="status" className="font-medium text-slate-900">{state === 'over' ? 'Game over' : state === 'paused' ? 'Paused' : ''}</span><span>Best <b className="text-lg text-slate-900 tabular-nums">{best}</b></span></p>
        <div className="mx-auto grid aspect-square w-full max-w-md overflow-hidden rounded-lg bg-slate-200" style={{ gridTemplateColumns: `repeat(${size}, 1fr)` }} role="img" aria-label={`Snake of length ${snake.length}`}>
          {Array.from({ length: size * size }, (_, n) => {
            const point: Point = [n % size, Math.floor(n / size)]
            const part = snake.findIndex(other => same(other, point))
            return <span key={n} className={part === 0 ? 'rounded-sm bg-§accent§-700' : part > 0 ? 'rounded-sm bg-§accent§-600' : same(point, food) ? 'scale-75 rounded-full bg-red-500' : ''} />
          })}
        </div>
        <div className="flex flex-wrap justify-center gap-2">
          <button type="button" className={primary} onClick={() => (state === 'playing' ? setState('paused') : state === 'paused' || state === 'ready' ? setState('playing') : again())}>{state === 'playing' ? 'Pause' : state === 'over' ? 'Play again' : state === 'paused' ? 'Go on' : 'Start'}</button>
          {(['ArrowLeft', 'ArrowUp', 'ArrowDown', 'ArrowRight'] as const).map((key, at) => (
            <button key={key} type="button" aria-label={key.replace('Arrow', 'Turn ')} className={secondary} onClick={() => turn(turns[key])}>{'←↑↓→'[at]}</button>
          ))}
        </div>
      </div>
    </Page>
  )
}
