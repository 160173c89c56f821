/** How many of the first unit one of this unit is; temperatures have their own rule below. */
export const groups = {
§groups§} satisfies Record<string, Record<string, number>>

export type Group = keyof typeof groups

export function convert(group: Group, value: number, from: string, to: string): number {
  if (String(group) === 'Temperature') return fromCelsius(toCelsius(value, from), to)
  const units: Record<string, number> = groups[group]
  return (value * units[from]) / units[to]
}

function toCelsius(value: number, unit: string) {
  if (unit === '°F') return ((value - 32) * 5) / 9
  if (unit === 'K') return value - 273.15
  return value
}

function fromCelsius(value: number, unit: string) {
  if (unit === '°F') return (value * 9) / 5 + 32
  if (unit === 'K') return value + 273.15
  return value
}
