import { useEffect, useState } from 'react'

/** State that is kept in the browser where that is allowed, and in memory where it is not. */
export function useStored<T>(key: string, start: T) {
  const [value, setValue] = useState<T>(() => {
    try {
      const kept = window.localStorage.getItem(key)
      return kept === null ? start : (JSON.parse(kept) as T)
    } catch {
      return start
    }
  })
  useEffect(() => {
    try {
      window.localStorage.setItem(key, JSON.stringify(value))
    } catch {
      // A private window or a sandbox: the app works, it only forgets.
    }
  }, [key, value])
  return [value, setValue] as const
}

let counter = 0

export function newId() {
  counter += 1
  return `${Date.now().toString(36)}-${counter}`
}
