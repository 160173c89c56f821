import { useState } from 'react'
import { Page, card, secondary } from './components/Page'

const hands = [{ name: 'Rock', face: '✊' }, { name: 'Paper', face: '✋' }, { name: 'Scissors', face: '✌️' }]

export default function App() {
  const [rounds, setRounds] = useState<{ you: number; them: number }[]>([])
  const result = ({ you, them }: { you: number; them: number }) => (you - them + 3) % 3
  const count = (wanted: number) => rounds.filter(round => result(round) === wanted).length
  const last = rounds[0]

  return (
    <Page title={§title§} about="Choose a hand. Rock beats scissors, scissors beat paper, paper beats rock.">
      <div className={`${card} text-center`}>
        <p role="status" className="min-h-8 text-xl font-semibold text-slate-900">{last ? ['A draw', 'You win', 'You lose'][result(last)] : 'Your move'}</p>
        <p className="my-4 text-6xl">{last ? `${hands[last.you].face} ${hands[last.them].face}` : '❔ ❔'}</p>
        <div className="flex justify-center gap-3">
          {hands.map(({ name, face }, you) => (
            <button key={name} type="button" onClick={() => setRounds([{ you, them: Math.floor(Math.random() * 3) }, ...rounds])}
              className="flex w-28 flex-col items-center gap-1 rounded-xl bg-§accent§-600 py-4 font-medium text-white hover:bg-§accent§-700"><span className="text-3xl">{face}</span>{name}</button>
          ))}
        </div>
      </div>
      <dl className="grid grid-cols-3 gap-3 text-center">
        {([['Won', 1], ['Draws', 0], ['Lost', 2]] as const).map(([label, wanted]) => (
          <div key={label} className={card}><dt className="text-sm text-slate-500">{label}</dt><dd className="text-2xl font-semibold tabular-nums text-slate-900">{count(wanted)}</dd></div>
        ))}
      </dl>
      <button type="button" className={secondary} disabled={rounds.length === 0} onClick={() => setRounds([])}>Start again</button>
    </Page>
  )
}
