import { useEffect, useState } from 'react'
import { Page, card } from './components/Page'
import { calculate } from './lib/calculate'

const keys = ['C', '(', ')', '÷', '7', '8', '9', '×', '4', '5', '6', '−', '1', '2', '3', '+', '0', '.', '⌫', '=']
const typed: Record<string, string> = { '*': '×', '/': '÷', '-': '−', Enter: '=', Backspace: '⌫', Escape: 'C', ',': '.' }

export default function App() {
  const [sum, setSum] = useState('')
  const [history, setHistory] = useState<{ sum: string; result: string }[]>([])
  const result = calculate(sum)

  function press(key: string) {
    if (key === 'C') setSum('')
    else if (key === '⌫') setSum(sum.slice(0, -1))
    else if (key === '=') {
      if (result.ok && sum) {
        setHistory([{ sum, result: result.text }, ...history].slice(0, 8))
        setSum(result.text)
      }
    } else setSum(sum + key)
  }

  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey) return
      const key = typed[event.key] ?? event.key
      if (keys.includes(key) || key === '%') {
        event.preventDefault()
        press(key)
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })

  return (
    <Page title={§title§} about="Click the keys or type. Enter gives the result, Escape clears.">
      <div className={card}>
        <output aria-live="polite" className="block min-h-24 rounded-lg bg-slate-100 p-4 text-right">
          <span className="block min-h-7 text-lg break-all text-slate-600">{sum || '0'}</span>
          <span className={`block min-h-9 text-3xl font-semibold tabular-nums ${result.ok ? 'text-slate-900' : 'text-red-600'}`}>{sum ? result.text : ''}</span>
        </output>
        <div className="mt-4 grid grid-cols-4 gap-2">
          {keys.map(key => (
            <button key={key} type="button" onClick={() => press(key)} aria-label={key === '⌫' ? 'Delete last' : key === 'C' ? 'Clear' : key}
              className={`rounded-lg py-4 text-lg font-medium ${key === '=' ? 'bg-§accent§-600 text-white hover:bg-§accent§-700' : /[0-9.]/.test(key) ? 'bg-slate-100 text-slate-900 hover:bg-slate-200' : 'bg-slate-200 text-slate-700 hover:bg-slate-300'}`}>
              {key}
            </button>
          ))}
        </div>
      </div>
      {history.length > 0 && (
        <section className={card} aria-label="History">
          <h2 className="mb-2 text-sm font-medium text-slate-700">History</h2>
          <ul className="space-y-1 text-sm">
            {history.map((entry, index) => (
              <li key={index}>
                <button type="button" className="flex w-full justify-between rounded px-2 py-1 text-slate-700 hover:bg-slate-100" onClick={() => setSum(entry.result)}>
                  <span>{entry.sum}</span>
                  <b className="tabular-nums">{entry.result}</b>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Page>
  )
}
