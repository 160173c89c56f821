const $ = id => document.getElementById(id)
let value = 0
try {
  value = Number(localStorage.getItem('counter')) || 0
} catch {
  // Without storage it starts at zero.
}

function set(next) {
  value = next
  $('value').textContent = value
  try {
    localStorage.setItem('counter', value)
  } catch {
    // It only forgets.
  }
}

$('less').addEventListener('click', () => set(value - 1))
$('more').addEventListener('click', () => set(value + 1))
$('reset').addEventListener('click', () => set(0))
set(value)
