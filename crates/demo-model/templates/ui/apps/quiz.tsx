import { useState } from 'react'
import { Page, card, primary, secondary } from './components/Page'
import { questions } from './questions'

export default function App() {
  const [at, setAt] = useState(0)
  const [chosen, setChosen] = useState<(number | null)[]>(questions.map(() => null))
  const question = questions[at]
  const answer = chosen[at] ?? null
  const right = questions.filter((one, index) => chosen[index] === one.right).length
  const finished = at === questions.length

  if (finished) {
    return (
      <Page title={§title§}>
        <section className={`${card} text-center`}>
          <p className="text-sm text-slate-600">You have</p>
          <p className="my-2 text-5xl font-semibold text-slate-900 tabular-nums">{right} of {questions.length}</p>
          <p className="text-slate-600">{right === questions.length ? 'All right. Perfect!' : right * 2 >= questions.length ? 'Well done.' : 'Look at the answers and try again.'}</p>
          <button type="button" className={`${primary} mt-5`} onClick={() => { setAt(0); setChosen(questions.map(() => null)) }}>Play again</button>
        </section>
        <ol className="space-y-2">
          {questions.map((one, index) => (
            <li key={one.text} className={card}>
              <p className="font-medium text-slate-900">{index + 1}. {one.text}</p>
              <p className={`mt-1 text-sm ${chosen[index] === one.right ? 'text-emerald-600' : 'text-red-600'}`}>
                {chosen[index] === one.right ? 'Right: ' : `You said ${one.answers[chosen[index] ?? 0]}. It is `}{one.answers[one.right]}
              </p>
            </li>
          ))}
        </ol>
      </Page>
    )
  }

  return (
    <Page title={§title§} about={`Question ${at + 1} of ${questions.length}`}>
      <div className="h-2 overflow-hidden rounded-full bg-slate-200" role="progressbar" aria-label="Progress" aria-valuenow={at} aria-valuemax={questions.length}>
        <div className="h-full bg-§accent§-600 transition-all" style={{ width: `${(at / questions.length) * 100}%` }} />
      </div>
      <fieldset className={card}>
        <legend className="sr-only">Question</legend>
        <h2 className="mb-4 text-lg font-medium text-slate-900">{question.text}</h2>
        <div className="grid gap-2">
          {question.answers.map((text, index) => {
            const tone = answer === null ? 'border-slate-300 bg-white text-slate-800 hover:bg-slate-100'
              : index === question.right ? 'border-emerald-600 bg-emerald-50 text-slate-900'
              : index === answer ? 'border-red-500 bg-red-50 text-slate-900' : 'border-slate-200 bg-white text-slate-500'
            return (
              <button key={text} type="button" disabled={answer !== null} onClick={() => setChosen(chosen.map((old, n) => (n === at ? index : old)))}
                className={`rounded-lg border px-4 py-3 text-left text-sm font-medium ${tone}`}>
                {text}
              </button>
            )
          })}
        </div>
        <p role="status" className="mt-3 min-h-5 text-sm text-slate-600">{answer === null ? '' : answer === question.right ? 'Right!' : 'Not quite.'}</p>
      </fieldset>
      <div className="flex justify-between">
        <button type="button" className={secondary} disabled={at === 0} onClick={() => setAt(at - 1)}>Back</button>
        <button type="button" className={primary} disabled={answer === null} onClick={() => setAt(at + 1)}>{at + 1 === questions.length ? 'See the result' : 'Next'}</button>
      </div>
    </Page>
  )
}
