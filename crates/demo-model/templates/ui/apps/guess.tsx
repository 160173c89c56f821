import { useState } from 'react'
import { Page, card, field, primary, secondary } from './components/Page'

const most = 100
const pick = () => Math.floor(Math.random() * most) + 1

export default function App() {
  const [secret, setSecret] = useState(pick)
  const [text, setText] = useState('')
  const [guesses, setGuesses] = useState<number[]>([])
  const [error, setError] = useState('')
  const won = guesses[guesses.length - 1] === secret
  const low = Math.max(0, ...guesses.filter(n => n < secret))
  const high = Math.min(most + 1, ...guesses.filter(n => n > secret))

  function guess() {
    const value = Number(text)
    if (!Number.isInteger(value) || value < 1 || value > most) return setError(`Type a whole number from 1 to ${most}.`)
    setGuesses([...guesses, value])
    setText('')
    setError('')
  }

  return (
    <Page title={§title§} about={`I think of a number from 1 to ${most}. Find it in as few guesses as you can.`}>
      <div className={`${card} space-y-4 text-center`}>
        <p role="status" className="text-xl font-medium text-slate-900">
          {won ? `Yes, ${secret}! It took you ${guesses.length} ${guesses.length === 1 ? 'guess' : 'guesses'}.` : guesses.length === 0 ? 'What is your first guess?' : guesses[guesses.length - 1] < secret ? 'Higher!' : 'Lower!'}
        </p>
        <form className="flex justify-center gap-2" onSubmit={event => { event.preventDefault(); guess() }}>
          <input type="number" aria-label="Your guess" className={`${field} max-w-32`} value={text} disabled={won} onChange={event => setText(event.target.value)} />
          <button type="submit" className={primary} disabled={won}>Guess</button>
          <button type="button" className={secondary} onClick={() => { setSecret(pick()); setGuesses([]); setText(''); setError('') }}>New game</button>
        </form>
        {error && <p role="alert" className="text-sm text-red-600">{error}</p>}
        {!won && <p className="text-sm text-slate-600">It is between {low + 1} and {high - 1}.</p>}
      </div>
      {guesses.length > 0 && (
        <ol className={`${card} flex flex-wrap gap-2`} aria-label="Guesses">
          {guesses.map((value, at) => (
            <li key={at} className={`rounded-full px-3 py-1 text-sm tabular-nums ${value === secret ? 'bg-emerald-600 text-white' : 'bg-slate-100 text-slate-700'}`}>{value} {value === secret ? '✓' : value < secret ? '↑' : '↓'}</li>
          ))}
        </ol>
      )}
    </Page>
  )
}
