/** Days are kept as text like 2026-06-15, in the user's own time zone. */
export function toDay(date: Date) {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

export function inDays(count: number, time = '') {
  const date = new Date()
  date.setDate(date.getDate() + count)
  return time ? `${toDay(date)}T${time}` : toDay(date)
}

export const today = () => toDay(new Date())

export function daysUntil(day: string) {
  const noon = (text: string) => new Date(`${text.slice(0, 10)}T12:00`).getTime()
  return Math.round((noon(day) - noon(today())) / 86_400_000)
}

export function showDay(day: string) {
  if (!day) return ''
  const date = new Date(day.includes('T') ? day : `${day}T12:00`)
  if (Number.isNaN(date.getTime())) return day
  const text = date.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
  return day.includes('T') ? `${text}, ${day.slice(11, 16)}` : text
}
