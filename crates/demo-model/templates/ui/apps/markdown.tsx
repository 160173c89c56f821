import { Fragment, useState, type ReactNode } from 'react'
import { Page, card, field } from './components/Page'
import { useStored } from './lib/storage'

const start = '# A title\n\nSome **bold** and *slanted* text with `code` and a [link](https://example.com).\n\n- first\n- second\n\n> A quote\n\n```\nlet x = 1\n```'

function inline(text: string): ReactNode {
  return text.split(/(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`|\[[^\]]+\]\(https?:[^)\s]+\))/).map((part, at) => {
    if (part.startsWith('**') && part.length > 4) return <strong key={at}>{part.slice(2, -2)}</strong>
    if (part.startsWith('`') && part.length > 2) return <code key={at} className="rounded bg-slate-100 px-1 font-mono text-sm">{part.slice(1, -1)}</code>
    if (part.startsWith('*') && part.length > 2) return <em key={at}>{part.slice(1, -1)}</em>
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part)
    if (link) return <a key={at} href={link[2]} target="_blank" rel="noreferrer" className="text-§accent§-600 underline">{link[1]}</a>
    return <Fragment key={at}>{part}</Fragment>
  })
}

function blocks(text: string): ReactNode[] {
  const out: ReactNode[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]
    const heading = /^(#{1,4}) (.+)/.exec(line)
    if (line.startsWith('```')) {
      const code: string[] = []
      while (++at < lines.length && !lines[at].startsWith('```')) code.push(lines[at])
      out.push(<pre key={at} className="overflow-x-auto rounded-lg bg-slate-800 p-4 font-mono text-sm text-white">{code.join('\n')}</pre>)
    } else if (heading) {
      const sizes = ['text-3xl', 'text-2xl', 'text-xl', 'text-lg']
      out.push(<p key={at} role="heading" aria-level={heading[1].length} className={`${sizes[heading[1].length - 1]} font-semibold text-slate-900`}>{inline(heading[2])}</p>)
    } else if (/^[-*] /.test(line) || /^\d+\. /.test(line)) {
      const numbered = /^\d/.test(line)
      const items = [line]
      while (at + 1 < lines.length && (numbered ? /^\d+\. / : /^[-*] /).test(lines[at + 1])) items.push(lines[++at])
      const list = items.map((item, n) => <li key={n}>{inline(item.replace(/^([-*]|\d+\.) /, ''))}</li>)
      out.push(numbered ? <ol key={at} className="list-decimal pl-6">{list}</ol> : <ul key={at} className="list-disc pl-6">{list}</ul>)
    } else if (line.startsWith('> ')) out.push(<blockquote key={at} className="border-l-4 border-slate-300 pl-4 text-slate-600">{inline(line.slice(2))}</blockquote>)
    else if (/^---+$/.test(line)) out.push(<hr key={at} className="border-slate-200" />)
    else if (line.trim()) out.push(<p key={at}>{inline(line)}</p>)
  }
  return out
}

export default function App() {
  const [text, setText] = useStored('markdown', start)
  const [view, setView] = useState<'both' | 'text' | 'page'>('both')
  return (
    <Page title={§title§} about={`${text.trim() ? text.trim().split(/\s+/).length : 0} words. What you write is kept in this browser.`} wide>
      <div className="inline-flex gap-1 rounded-lg bg-slate-200 p-1 text-sm font-medium" role="group" aria-label="View">
        {(['both', 'text', 'page'] as const).map(name => (
          <button key={name} type="button" aria-pressed={view === name} onClick={() => setView(name)} className={`rounded-md px-3 py-1.5 ${view === name ? 'bg-white text-slate-900 shadow-sm' : 'text-slate-600'}`}>{{ both: 'Both', text: 'Text', page: 'Page' }[name]}</button>
        ))}
      </div>
      <div className={`grid gap-4 ${view === 'both' ? 'md:grid-cols-2' : ''}`}>
        {view !== 'page' && <textarea aria-label="Markdown" rows={20} spellCheck={false} className={`${field} font-mono`} value={text} onChange={event => setText(event.target.value)} />}
        {view !== 'text' && <article aria-label="Preview" className={`${card} min-h-40 space-y-3 leading-relaxed break-words text-slate-800`}>{text.trim() ? blocks(text) : <p className="text-slate-500">Nothing to show yet.</p>}</article>}
      </div>
    </Page>
  )
}
