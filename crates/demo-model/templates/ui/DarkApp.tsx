import { useState } from 'react'
import { Moon, Sun } from 'lucide-react'
import Main from './Main'
import './index.css'

export default function App() {
  const [dark, setDark] = useState(true)
  return (
    <div className={dark ? 'dark' : ''}>
      <Main />
      <button type="button" onClick={() => setDark(!dark)} aria-label={dark ? 'Use the light theme' : 'Use the dark theme'}
        className="fixed right-4 bottom-4 rounded-full border border-slate-300 bg-white p-3 text-slate-700 shadow-lg dark:border-slate-700 dark:bg-slate-800 dark:text-slate-200">
        {dark ? <Sun className="size-5" /> : <Moon className="size-5" />}
      </button>
    </div>
  )
}
