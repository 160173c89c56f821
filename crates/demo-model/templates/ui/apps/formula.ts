export interface Values {
§keys§}

interface Input {
  key: keyof Values
  label: string
  value: number
  step: number
  min: number
  max: number
}

export const inputs: Input[] = [
§inputs§]

export const money = (n: number) => n.toLocaleString(undefined, { style: 'currency', currency: '§currency§' })
export const number = (n: number) => n.toLocaleString(undefined, { maximumFractionDigits: 2 })

export function results({ §names§ }: Values): { label: string; text: string }[] {
§code§}
