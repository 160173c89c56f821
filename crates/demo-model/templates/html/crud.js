const fields = §fields§
const start = §rows§
const key = '§key§'
const $ = id => document.getElementById(id)

function load() {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? start
  } catch {
    return start
  }
}

let items = load()
let editing = null
let deleted = null

function save() {
  try {
    localStorage.setItem(key, JSON.stringify(items))
  } catch {
    // A private window or a sandbox: the page works, it only forgets.
  }
  draw()
}

function make(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props)
  node.append(...children)
  return node
}

function inDays(count) {
  const date = new Date(Date.now() + count * 86400000)
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`
}

const show = (field, value) => (value === '' || value === null || value === undefined ? '' : field.type === 'checkbox' ? (value ? field.label : '') : `${field.label}: ${value}`)

function input(field, value) {
  if (field.type === 'select') return make('select', { id: `f-${field.name}` }, ...field.options.map(option => make('option', { value: option, textContent: option, selected: option === value })))
  if (field.type === 'textarea') return make('textarea', { id: `f-${field.name}`, rows: 3, value: value ?? '' })
  if (field.type === 'checkbox') return make('input', { id: `f-${field.name}`, type: 'checkbox', checked: Boolean(value) })
  return make('input', { id: `f-${field.name}`, type: field.type, value: value ?? '', step: field.step ?? '', min: field.type === 'number' ? '0' : '' })
}

function drawForm(item) {
  $('fields').replaceChildren(...fields.map(field => make('label', {}, field.label + (field.needed ? ' (needed)' : ''), input(field, item[field.name]))))
  $('error').textContent = ''
  $('save').textContent = editing === null ? 'Add §singular§' : 'Save'
  $('cancel').hidden = editing === null
}

$('form').addEventListener('submit', event => {
  event.preventDefault()
  const item = { id: editing ?? `${Date.now()}-${items.length}` }
  for (const field of fields) {
    const control = $(`f-${field.name}`)
    item[field.name] = field.type === 'checkbox' ? control.checked : control.value.trim()
    if (field.needed && item[field.name] === '') {
      $('error').textContent = `${field.label} is needed.`
      control.focus()
      return
    }
    if (!control.checkValidity()) {
      $('error').textContent = `${field.label}: ${control.validationMessage}`
      control.focus()
      return
    }
  }
  items = editing === null ? [item, ...items] : items.map(other => (other.id === editing ? item : other))
  editing = null
  drawForm({})
  save()
})

$('cancel').addEventListener('click', () => {
  editing = null
  drawForm({})
})
$('search').addEventListener('input', draw)
$('sort').addEventListener('change', draw)
$('undo').addEventListener('click', () => {
  items = [deleted, ...items]
  deleted = null
  save()
})

function draw() {
  const words = $('search').value.trim().toLowerCase()
  const by = $('sort').value
  const field = fields.find(one => one.name === by)
  const shown = items
    .filter(item => fields.some(one => String(item[one.name]).toLowerCase().includes(words)))
    .sort((a, b) => (field.type === 'number' ? Number(b[by]) - Number(a[by]) : String(a[by] || '~').localeCompare(String(b[by] || '~'))))
  const [first, ...rest] = fields.filter(one => one.name !== '§check§')
  $('list').replaceChildren(...shown.map(item => {
    const late = '§due§' && item['§due§'] && item['§due§'] < inDays(0) && !item['§check§']
    const check = make('input', { type: 'checkbox', checked: Boolean(item['§check§']), ariaLabel: `Done: ${item[first.name]}` })
    check.addEventListener('change', () => { item['§check§'] = check.checked; save() })
    const edit = make('button', { type: 'button', textContent: 'Edit', ariaLabel: `Edit ${item[first.name]}` })
    edit.addEventListener('click', () => { editing = item.id; drawForm(item); $(`f-${first.name}`).focus() })
    const remove = make('button', { type: 'button', textContent: 'Delete', ariaLabel: `Delete ${item[first.name]}` })
    remove.addEventListener('click', () => { items = items.filter(other => other !== item); deleted = item; save() })
    const about = make('div', { className: 'grow' },
      make('div', { textContent: item[first.name], className: item['§check§'] ? 'done' : '' }),
      make('div', { className: late ? 'wrong' : 'soft', textContent: [late ? 'Overdue' : '', ...rest.map(one => show(one, item[one.name]))].filter(Boolean).join(' · ') }))
    return make('li', { className: 'card row' }, ...('§check§' ? [check] : []), about, edit, remove)
  }))
  $('empty').hidden = shown.length > 0
  $('empty').textContent = items.length === 0 ? 'No §plural§ yet. Add the first one.' : 'Nothing matches this search.'
  $('undo').hidden = deleted === null
  const done = items.filter(item => item['§check§']).length
  const sums = fields.filter(one => one.sum).map(one => ` · ${one.label} in all: ${Math.round(items.reduce((sum, item) => sum + Number(item[one.name] || 0), 0) * 100) / 100}`).join('')
  $('count').textContent = `${items.length} §plural§` + ('§check§' ? ` · ${done} done` : '') + sums
}

for (const field of fields) if (field.type !== 'checkbox' && field.type !== 'textarea') $('sort').append(make('option', { value: field.name, textContent: `Sort: ${field.label.toLowerCase()}` }))
drawForm({})
draw()
