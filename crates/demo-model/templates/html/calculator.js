const $ = id => document.getElementById(id)
let sum = ''

/** Works out a sum with + - * / and brackets; never runs text as code. */
function calculate(text) {
  const tokens = text.match(/\d+(\.\d*)?|\.\d+|[()+*/-]/g) ?? []
  let at = 0
  const expression = () => {
    let value = term()
    while (tokens[at] === '+' || tokens[at] === '-') value = tokens[at++] === '+' ? value + term() : value - term()
    return value
  }
  const term = () => {
    let value = factor()
    while (tokens[at] === '*' || tokens[at] === '/') {
      if (tokens[at++] === '*') value *= factor()
      else {
        const divisor = factor()
        if (divisor === 0) throw new Error('Cannot divide by zero')
        value /= divisor
      }
    }
    return value
  }
  const factor = () => {
    const token = tokens[at++]
    if (token === '-') return -factor()
    if (token === '(') {
      const value = expression()
      if (tokens[at] === ')') at++
      return value
    }
    const value = Number(token)
    if (token === undefined || Number.isNaN(value)) throw new Error('…')
    return value
  }
  const value = expression()
  if (at < tokens.length) throw new Error('This is not a sum')
  return String(Number(value.toPrecision(12)))
}

function press(key) {
  if (key === 'C') sum = ''
  else if (key === '⌫') sum = sum.slice(0, -1)
  else if (key === '=') {
    try {
      sum = calculate(sum)
    } catch {
      // The message is on the display already.
    }
  } else sum += key
  $('sum').textContent = sum
  try {
    $('result').textContent = sum ? calculate(sum) : '0'
  } catch (error) {
    $('result').textContent = error.message
  }
}

for (const key of ['C', '(', ')', '/', '7', '8', '9', '*', '4', '5', '6', '-', '1', '2', '3', '+', '0', '.', '⌫', '=']) {
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: key, className: key === '=' ? 'main' : '' })
  button.addEventListener('click', () => press(key))
  $('keys').append(button)
}
document.addEventListener('keydown', event => {
  const key = { Enter: '=', Backspace: '⌫', Escape: 'C' }[event.key] ?? event.key
  if (!event.ctrlKey && !event.metaKey && /^[0-9.()+*/=C⌫-]$/.test(key)) {
    event.preventDefault()
    press(key)
  }
})
