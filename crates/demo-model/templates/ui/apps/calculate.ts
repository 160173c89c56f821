export type Result = { ok: true; text: string } | { ok: false; text: string }

/** Works out a sum with + − × ÷ %, brackets and the usual order; never runs text as code. */
export function calculate(sum: string): Result {
  const tokens = sum.match(/\d+(\.\d*)?|\.\d+|[()+−×÷%-]/g) ?? []
  if (tokens.length === 0) return { ok: true, text: '' }
  let at = 0

  function expression(): number {
    let value = term()
    while (tokens[at] === '+' || tokens[at] === '−' || tokens[at] === '-') value = tokens[at++] === '+' ? value + term() : value - term()
    return value
  }

  function term(): number {
    let value = factor()
    while (tokens[at] === '×' || tokens[at] === '÷') {
      if (tokens[at++] === '×') value *= factor()
      else {
        const divisor = factor()
        if (divisor === 0) throw new Error('Cannot divide by zero')
        value /= divisor
      }
    }
    return value
  }

  function factor(): number {
    const token = tokens[at++]
    if (token === '−' || token === '-') return -factor()
    if (token === '+') return factor()
    let value: number
    if (token === '(') {
      value = expression()
      if (tokens[at] === ')') at++
    } else {
      value = Number(token)
      if (token === undefined || Number.isNaN(value)) throw new Error('…')
    }
    while (tokens[at] === '%') {
      at++
      value /= 100
    }
    return value
  }

  try {
    const value = expression()
    if (at < tokens.length) throw new Error('This is not a sum')
    return { ok: true, text: String(Number(value.toPrecision(12))) }
  } catch (error) {
    return { ok: false, text: (error as Error).message }
  }
}
