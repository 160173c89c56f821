import { useEffect, useState } from 'react'
import { Page, card, primary } from './components/Page'

const words = [['harbour', 'Where ships rest'], ['library', 'Full of books'], ['thunder', 'Heard after lightning'], ['bicycle', 'Two wheels'], ['mountain', 'High and rocky'], ['cinnamon', 'A brown spice'], ['lantern', 'Light to carry'], ['penguin', 'A bird that swims']]
const lives = 7
const letters = 'abcdefghijklmnopqrstuvwxyz'.split('')

export default function App() {
  const [round, setRound] = useState(() => Math.floor(Math.random() * words.length))
  const [tried, setTried] = useState<string[]>([])
  const [score, setScore] = useState({ won: 0, lost: 0 })
  const [word, hint] = words[round]
  const misses = tried.filter(letter => !word.includes(letter)).length
  const won = word.split('').every(letter => tried.includes(letter))
  const over = won || misses >= lives

  function guess(letter: string) {
    if (over || tried.includes(letter)) return
    const next = [...tried, letter]
    setTried(next)
    if (word.split('').every(one => next.includes(one))) setScore({ ...score, won: score.won + 1 })
    else if (next.filter(one => !word.includes(one)).length >= lives) setScore({ ...score, lost: score.lost + 1 })
  }

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => { if (letters.includes(event.key.toLowerCase()) && !event.ctrlKey && !event.metaKey) guess(event.key.toLowerCase()) }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })

  return (
    <Page title={§title§} about={`Find the word. ${hint}.`}>
      <div className={`${card} space-y-6 text-center`}>
        <p className="text-sm text-slate-600" aria-label={`${lives - misses} of ${lives} lives left`}>{'❤️'.repeat(lives - misses)}{'🤍'.repeat(misses)}</p>
        <p className="font-mono text-4xl tracking-[0.3em] text-slate-900" aria-live="polite">{word.split('').map(letter => (tried.includes(letter) || over ? letter : '_')).join('')}</p>
        <div className="flex flex-wrap justify-center gap-1.5">
          {letters.map(letter => (
            <button key={letter} type="button" disabled={over || tried.includes(letter)} onClick={() => guess(letter)}
              className={`size-10 rounded-lg font-medium uppercase ${!tried.includes(letter) ? 'bg-slate-100 text-slate-900 hover:bg-slate-200' : word.includes(letter) ? 'bg-emerald-600 text-white' : 'bg-slate-200 text-slate-400'}`}>{letter}</button>
          ))}
        </div>
        <p role="status" className="min-h-7 text-lg font-medium text-slate-900">{won ? 'You found it!' : over ? 'Out of lives.' : ''}</p>
        <button type="button" className={primary} onClick={() => { setRound((round + 1) % words.length); setTried([]) }}>Next word</button>
        <p className="text-sm text-slate-600">Won {score.won}, lost {score.lost}</p>
      </div>
    </Page>
  )
}
