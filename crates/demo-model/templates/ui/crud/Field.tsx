import type { ReactNode } from 'react'

export const inputStyle =
  'w-full rounded-lg border border-slate-300 bg-white px-3 py-2 text-sm text-slate-900 placeholder:text-slate-400 focus:border-§accent§-500 focus:outline-2 focus:outline-§accent§-200'

interface Props {
  label: string
  required?: boolean
  error?: string
  wide?: boolean
  children: ReactNode
}

export function Field({ label, required, error, wide, children }: Props) {
  return (
    <label className={`flex flex-col gap-1 ${wide ? 'sm:col-span-2' : ''}`}>
      <span className="text-sm font-medium text-slate-700">
        {label}
        {required && <span className="text-slate-500"> (needed)</span>}
      </span>
      {children}
      {error && (
        <span role="alert" className="text-sm text-red-600">
          {error}
        </span>
      )}
    </label>
  )
}
