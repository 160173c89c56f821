import { useState } from 'react'
import { Page, card, field, primary, secondary } from './components/Page'
import { useStored } from './lib/storage'

interface Poll {
  question: string
  options: { text: string; votes: number }[]
}

const start: Poll = {
  question: 'Where shall we eat on Friday?',
  options: [{ text: 'At the harbour', votes: 4 }, { text: 'On the market', votes: 2 }, { text: 'In the park', votes: 3 }],
}

export default function App() {
  const [poll, setPoll] = useStored<Poll>('poll', start)
  const [mine, setMine] = useStored<number | null>('poll-vote', null)
  const [making, setMaking] = useState(false)
  const [question, setQuestion] = useState('')
  const [options, setOptions] = useState(['', '', ''])
  const [error, setError] = useState('')
  const total = poll.options.reduce((sum, option) => sum + option.votes, 0)
  const most = Math.max(...poll.options.map(option => option.votes))

  function vote(at: number | null) {
    setPoll({ ...poll, options: poll.options.map((option, n) => ({ ...option, votes: option.votes + (n === at ? 1 : 0) - (n === mine ? 1 : 0) })) })
    setMine(at)
  }

  function create() {
    const texts = options.map(text => text.trim()).filter(Boolean)
    if (!question.trim()) return setError('Ask a question.')
    if (texts.length < 2) return setError('Give at least two answers.')
    if (new Set(texts.map(text => text.toLowerCase())).size < texts.length) return setError('Two answers are the same.')
    setPoll({ question: question.trim(), options: texts.map(text => ({ text, votes: 0 })) })
    setMine(null)
    setMaking(false)
    setQuestion('')
    setOptions(['', '', ''])
    setError('')
  }

  return (
    <Page title={§title§} about="One vote each; you can change your mind.">
      <section className={`${card} space-y-3`}>
        <h2 className="text-lg font-medium break-words text-slate-900">{poll.question}</h2>
        {poll.options.map((option, at) => {
          const share = total ? Math.round((option.votes / total) * 100) : 0
          return (
            <button key={option.text} type="button" aria-pressed={mine === at} onClick={() => vote(mine === at ? null : at)}
              className={`relative block w-full overflow-hidden rounded-lg border p-3 text-left text-sm ${mine === at ? 'border-§accent§-600' : 'border-slate-300'}`}>
              <span className="absolute inset-y-0 left-0 bg-§accent§-600 opacity-15 transition-all" style={{ width: `${share}%` }} />
              <span className="relative flex justify-between gap-3 text-slate-900"><span className={option.votes === most && total ? 'font-semibold' : ''}>{option.text}{mine === at ? ' ✓' : ''}</span><span className="tabular-nums">{option.votes} · {share}%</span></span>
            </button>
          )
        })}
        <p role="status" className="text-sm text-slate-600">{total} {total === 1 ? 'vote' : 'votes'}</p>
      </section>
      {making ? (
        <form className={`${card} space-y-3`} onSubmit={event => { event.preventDefault(); create() }}>
          <label className="block text-sm font-medium text-slate-700">Question<input className={`${field} mt-1`} value={question} onChange={event => setQuestion(event.target.value)} /></label>
          {options.map((text, at) => (
            <label key={at} className="block text-sm font-medium text-slate-700">Answer {at + 1}<input className={`${field} mt-1`} value={text} onChange={event => setOptions(options.map((old, n) => (n === at ? event.target.value : old)))} /></label>
          ))}
          {error && <p role="alert" className="text-sm text-red-600">{error}</p>}
          <div className="flex gap-2">
            <button type="submit" className={primary}>Open the poll</button>
            <button type="button" className={secondary} onClick={() => setOptions([...options, ''])} disabled={options.length >= 8}>One more answer</button>
            <button type="button" className={secondary} onClick={() => setMaking(false)}>Cancel</button>
          </div>
        </form>
      ) : (
        <button type="button" className={secondary} onClick={() => setMaking(true)}>New poll</button>
      )}
    </Page>
  )
}
