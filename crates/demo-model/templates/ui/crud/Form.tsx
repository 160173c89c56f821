import { useState, type FormEvent, type KeyboardEvent } from 'react'
import type { §Name§ } from '../types'§imports§
import { Field, inputStyle } from './Field'

export type §Name§Draft = Omit<§Name§, 'id'>
type Errors = Partial<Record<keyof §Name§Draft, string>>

export const empty§Name§: §Name§Draft = {
§empty§}

export function validate§Name§(draft: §Name§Draft): Errors {
  const errors: Errors = {}
§checks§  return errors
}

interface Props {
  start?: §Name§Draft
  onSave: (draft: §Name§Draft) => void
  onCancel: () => void
}

export function §Name§Form({ start = empty§Name§, onSave, onCancel }: Props) {
  const [draft, setDraft] = useState(start)
  const [errors, setErrors] = useState<Errors>({})

  function set<K extends keyof §Name§Draft>(key: K, value: §Name§Draft[K]) {
    setDraft(old => ({ ...old, [key]: value }))
    setErrors(old => ({ ...old, [key]: undefined }))
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    const found = validate§Name§(draft)
    setErrors(found)
    if (Object.keys(found).length === 0) onSave(draft)
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape') onCancel()
  }

  return (
    <form onSubmit={submit} onKeyDown={onKeyDown} noValidate
      className="grid gap-4 rounded-xl border border-slate-200 bg-white p-5 shadow-sm sm:grid-cols-2">
§inputs§      <div className="flex gap-2 sm:col-span-2">
        <button type="submit" className="rounded-lg bg-§accent§-600 px-4 py-2 text-sm font-medium text-white hover:bg-§accent§-700">
          Save
        </button>
        <button type="button" onClick={onCancel} className="rounded-lg border border-slate-300 px-4 py-2 text-sm font-medium text-slate-700 hover:bg-slate-100">
          Cancel
        </button>
      </div>
    </form>
  )
}
