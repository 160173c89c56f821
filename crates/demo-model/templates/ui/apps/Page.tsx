import type { ReactNode } from 'react'

interface Props {
  title: string
  about?: string
  wide?: boolean
  children: ReactNode
}

export function Page({ title, about, wide, children }: Props) {
  return (
    <main className="min-h-screen bg-slate-50 px-4 py-10 text-slate-900">
      <div className={`mx-auto space-y-6 ${wide ? 'max-w-5xl' : 'max-w-xl'}`}>
        <header>
          <h1 className="text-2xl font-semibold tracking-tight text-slate-900">{title}</h1>
          {about && <p className="mt-1 text-sm text-slate-600">{about}</p>}
        </header>
        {children}
      </div>
    </main>
  )
}

export const card = 'rounded-xl border border-slate-200 bg-white p-5 shadow-sm'
export const field = 'w-full rounded-lg border border-slate-300 bg-white px-3 py-2 text-sm text-slate-900 placeholder:text-slate-400'
export const primary = 'rounded-lg bg-§accent§-600 px-4 py-2 text-sm font-medium text-white hover:bg-§accent§-700 disabled:opacity-50'
export const secondary = 'rounded-lg border border-slate-300 bg-white px-4 py-2 text-sm font-medium text-slate-700 hover:bg-slate-100 disabled:opacity-50'
