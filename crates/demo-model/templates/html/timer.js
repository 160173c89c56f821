const $ = id => document.getElementById(id)
let left = 25 * 60
let end = null

function draw() {
  $('time').textContent = `${String(Math.floor(left / 60)).padStart(2, '0')}:${String(left % 60).padStart(2, '0')}`
  $('go').textContent = end === null ? 'Start' : 'Pause'
}

function reset() {
  const minutes = Math.min(180, Math.max(1, Math.round(Number($('minutes').value)) || 1))
  $('minutes').value = minutes
  left = minutes * 60
  end = null
  $('said').textContent = ''
  draw()
}

$('go').addEventListener('click', () => {
  if (left === 0) reset()
  end = end === null ? Date.now() + left * 1000 : null
  draw()
})
$('reset').addEventListener('click', reset)
$('minutes').addEventListener('change', reset)
setInterval(() => {
  if (end === null) return
  left = Math.max(0, Math.round((end - Date.now()) / 1000))
  if (left === 0) {
    end = null
    $('said').textContent = 'Time is up.'
  }
  draw()
}, 250)
draw()
