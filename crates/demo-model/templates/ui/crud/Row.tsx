import { Pencil, Trash2 } from 'lucide-react'
import type { §Name§ } from '../types'§imports§

interface Props {
  §one§: §Name§
  onChange: (change: Partial<§Name§>) => void
  onEdit: () => void
  onDelete: () => void
}

export function §Name§Row({ §one§, onChange, onEdit, onDelete }: Props) {
§consts§  return (
    <li className={`flex items-start gap-3 rounded-xl border p-4 shadow-sm §tone§`}>
§check§      <div className="min-w-0 flex-1">
        <p className={`font-medium break-words text-slate-900 §strike§`}>{§title§}</p>
§detail§        <div className="mt-2 flex flex-wrap items-center gap-2 text-xs text-slate-600">
§chips§        </div>
      </div>
      <div className="flex gap-1">
        <button type="button" onClick={onEdit} aria-label={`Edit ${§title§}`} className="rounded-md p-2 text-slate-500 hover:bg-slate-100 hover:text-slate-900">
          <Pencil className="size-4" />
        </button>
        <button type="button" onClick={onDelete} aria-label={`Delete ${§title§}`} className="rounded-md p-2 text-slate-500 hover:bg-red-50 hover:text-red-600">
          <Trash2 className="size-4" />
        </button>
      </div>
    </li>
  )
}
