import { useState, type FormEvent } from 'react'
import { Check, Gauge, Heart, ShieldCheck } from 'lucide-react'
import { card, field, primary } from './components/Page'

const points = [
  { Icon: Gauge, title: 'Quick to start', text: 'Set up in two minutes, with nothing to install.' },
  { Icon: ShieldCheck, title: 'Yours alone', text: 'What you put in stays with you. No tracking.' },
  { Icon: Heart, title: 'Made with care', text: 'Small, calm and easy to like, every single day.' },
]
const plans = [
  { name: 'Free', month: 0, what: ['One person', 'The basics', 'Help by mail'] },
  { name: 'Plus', month: 9, what: ['Five people', 'Everything in Free', 'Answers in a day'] },
  { name: 'Team', month: 29, what: ['No limit', 'Everything in Plus', 'Answers in an hour'] },
]
const questions = [
  ['Can I change my plan later?', 'Yes, at any time, up or down. You pay only for what you used.'],
  ['Is there a trial?', 'The free plan has no end. Try it as long as you like.'],
  ['How do I leave?', 'Export your data with one click and delete the account with another.'],
]

export default function App() {
  const [yearly, setYearly] = useState(false)
  const [email, setEmail] = useState('')
  const [error, setError] = useState('')
  const [joined, setJoined] = useState('')

  function join(event: FormEvent) {
    event.preventDefault()
    if (!/^\S+@\S+\.\S+$/.test(email.trim())) return setError('This is not an e-mail address.')
    setJoined(email.trim())
    setEmail('')
    setError('')
  }

  return (
    <div className="min-h-screen bg-slate-50 text-slate-900">
      <header className="mx-auto flex max-w-5xl items-center justify-between px-6 py-5">
        <b className="text-lg text-slate-900">{§title§}</b>
        <nav className="flex gap-6 text-sm text-slate-600"><a href="#why" className="hover:text-slate-900">Why</a><a href="#prices" className="hover:text-slate-900">Prices</a><a href="#questions" className="hover:text-slate-900">Questions</a></nav>
      </header>
      <main className="mx-auto max-w-5xl space-y-20 px-6 pb-20">
        <section className="pt-14 text-center">
          <h1 className="mx-auto max-w-2xl text-5xl font-semibold tracking-tight text-balance text-slate-900">§headline§</h1>
          <p className="mx-auto mt-5 max-w-xl text-lg text-slate-600">{§title§} does one thing and does it well. Leave your address and be the first to try it.</p>
          <form onSubmit={join} noValidate className="mx-auto mt-8 flex max-w-md gap-2">
            <input type="email" aria-label="E-mail" placeholder="you@example.com" className={field} value={email} onChange={event => { setEmail(event.target.value); setError('') }} />
            <button type="submit" className={`${primary} shrink-0`}>Join the list</button>
          </form>
          <p role="status" className="mt-3 min-h-6 text-sm">{error ? <span className="text-red-600">{error}</span> : joined ? <span className="text-emerald-600">Thank you. We will write to {joined}.</span> : ''}</p>
        </section>
        <section id="why" className="grid gap-4 md:grid-cols-3">
          {points.map(({ Icon, title, text }) => (
            <div key={title} className={card}><Icon className="size-6 text-§accent§-600" /><h2 className="mt-3 font-semibold text-slate-900">{title}</h2><p className="mt-1 text-sm text-slate-600">{text}</p></div>
          ))}
        </section>
        <section id="prices">
          <div className="mb-6 flex items-center justify-between"><h2 className="text-2xl font-semibold text-slate-900">Prices</h2>
            <label className="flex items-center gap-2 text-sm text-slate-700"><input type="checkbox" className="size-4 accent-§accent§-600" checked={yearly} onChange={event => setYearly(event.target.checked)} /> Pay by the year, two months free</label></div>
          <div className="grid gap-4 md:grid-cols-3">
            {plans.map(({ name, month, what }) => (
              <div key={name} className={`${card} ${name === 'Plus' ? 'border-§accent§-600' : ''}`}>
                <h3 className="font-semibold text-slate-900">{name}</h3>
                <p className="mt-2 text-3xl font-semibold text-slate-900 tabular-nums">${yearly ? month * 10 : month}<span className="text-sm font-normal text-slate-500"> / {yearly ? 'year' : 'month'}</span></p>
                <ul className="mt-4 space-y-2 text-sm text-slate-600">{what.map(line => <li key={line} className="flex items-center gap-2"><Check className="size-4 text-emerald-600" /> {line}</li>)}</ul>
              </div>
            ))}
          </div>
        </section>
        <section id="questions" className="space-y-3">
          <h2 className="text-2xl font-semibold text-slate-900">Questions</h2>
          {questions.map(([question, answer]) => <details key={question} className={card}><summary className="cursor-pointer font-medium text-slate-900">{question}</summary><p className="mt-2 text-sm text-slate-600">{answer}</p></details>)}
        </section>
      </main>
      <footer className="border-t border-slate-200 py-8 text-center text-sm text-slate-500">{§title§}. Made with care.</footer>
    </div>
  )
}
