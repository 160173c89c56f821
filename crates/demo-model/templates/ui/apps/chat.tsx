import { useEffect, useRef, useState } from 'react'
import { Send } from 'lucide-react'
import { Page, card, field, primary } from './components/Page'
import { newId, useStored } from './lib/storage'

interface Message {
  id: string
  from: 'me' | 'them'
  text: string
  at: string
}

const people = ['Ana', 'Ben', 'Chloe']
const replies = ['Sounds good!', 'Let me think about it.', 'Can we talk at nine?', 'Yes, I saw it too.', 'I will bring the map.']
const time = () => new Date().toTimeString().slice(0, 5)
const start: Record<string, Message[]> = {
  Ana: [{ id: '1', from: 'them', text: 'Are you coming on Friday?', at: '09:12' }, { id: '2', from: 'me', text: 'I think so.', at: '09:15' }],
  Ben: [{ id: '3', from: 'them', text: 'The parcel is here.', at: '08:40' }],
  Chloe: [],
}

export default function App() {
  const [chats, setChats] = useStored('chats', start)
  const [person, setPerson] = useState(people[0])
  const [text, setText] = useState('')
  const [typing, setTyping] = useState('')
  const end = useRef<HTMLDivElement>(null)
  const messages = chats[person] ?? []

  useEffect(() => {
    end.current?.scrollIntoView({ block: 'nearest' })
  }, [messages.length, typing])

  useEffect(() => {
    if (!typing) return
    const timer = setTimeout(() => {
      setChats(old => ({ ...old, [typing]: [...(old[typing] ?? []), { id: newId(), from: 'them', text: replies[(old[typing] ?? []).length % replies.length], at: time() }] }))
      setTyping('')
    }, 1200)
    return () => clearTimeout(timer)
  }, [typing, setChats])

  function send() {
    if (!text.trim()) return
    setChats({ ...chats, [person]: [...messages, { id: newId(), from: 'me', text: text.trim(), at: time() }] })
    setText('')
    setTyping(person)
  }

  return (
    <Page title={§title§} wide>
      <div className={`${card} grid h-[32rem] grid-cols-[10rem_1fr] overflow-hidden p-0`}>
        <nav aria-label="People" className="border-r border-slate-200 bg-slate-100 p-2">
          {people.map(name => (
            <button key={name} type="button" aria-pressed={name === person} onClick={() => setPerson(name)} className={`block w-full rounded-lg px-3 py-2 text-left text-sm ${name === person ? 'bg-white font-medium text-slate-900 shadow-sm' : 'text-slate-600'}`}>
              {name}<span className="block truncate text-xs text-slate-500">{chats[name]?.at(-1)?.text ?? 'No messages yet'}</span>
            </button>
          ))}
        </nav>
        <section className="flex min-h-0 flex-col" aria-label={`Chat with ${person}`}>
          <div className="flex-1 space-y-2 overflow-y-auto p-4" role="log">
            {messages.length === 0 && <p className="text-center text-sm text-slate-500">Say hello to {person}.</p>}
            {messages.map(message => (
              <p key={message.id} className={`w-fit max-w-[75%] rounded-2xl px-4 py-2 text-sm break-words ${message.from === 'me' ? 'ml-auto bg-§accent§-600 text-white' : 'bg-slate-100 text-slate-900'}`}>{message.text}<span className="ml-2 text-xs opacity-70">{message.at}</span></p>
            ))}
            {typing === person && <p className="text-sm text-slate-500">{person} is typing…</p>}
            <div ref={end} />
          </div>
          <form className="flex gap-2 border-t border-slate-200 p-3" onSubmit={event => { event.preventDefault(); send() }}>
            <input aria-label="Message" placeholder={`Message ${person}`} className={field} value={text} onChange={event => setText(event.target.value)} />
            <button type="submit" aria-label="Send" disabled={!text.trim()} className={primary}><Send className="size-4" /></button>
          </form>
        </section>
      </div>
    </Page>
  )
}
