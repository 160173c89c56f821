#!/usr/bin/env node
// §about§
// §plural§ are kept in a JSON file: §module§.json in the current folder, or the
// file that --file or the variable §ENV§ names.
// Exit codes: 0 all went well, 1 it could not be done, 2 wrong usage.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const FIELDS = {
§fields§}
const TITLE = '§first§'

const HELP = `usage: §prog§ [--file FILE] COMMAND

§about§

commands:
  add §FIRST§ [--FIELD VALUE]...   add a §singular§
  list [--FIELD VALUE]... [--search WORD] [--sort FIELD] [--reverse] [--json]
  show ID                       show one §singular§
  edit ID --FIELD VALUE...      change fields of a §singular§
  remove ID                     remove a §singular§
  stats                         count and add up
  export                        print all §plural§ as CSV

fields:
${Object.entries(FIELDS).map(([name, field]) => `  --${name.padEnd(18)} ${field.choices ? 'one of: ' + field.choices.join(', ') : field.kind}${field.needed ? ' (needed)' : ''}`).join('\n')}

examples:
§examples§`

/** Something the user can put right: 1 could not be done, 2 wrong usage. */
class Problem extends Error {
  constructor(message, code = 1) {
    super(message)
    this.code = code
  }
}

function parseValue(name, text) {
  const field = FIELDS[name]
  const value = text.trim()
  const wrong = hint => new Problem(`${name}: ${JSON.stringify(text)} is not ${hint}`)
  if (field.kind === 'int' && !/^[+-]?\d+$/.test(value)) throw wrong('a whole number')
  if (['number', 'money'].includes(field.kind) && (value === '' || Number.isNaN(Number(value)))) throw wrong('a number')
  if (field.kind === 'rating' && !/^[1-5]$/.test(value)) throw wrong('1 to 5')
  if (field.kind === 'date' && (!/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(Date.parse(value)))) throw wrong('a day like 2026-06-15')
  if (['int', 'number', 'money', 'rating'].includes(field.kind)) return Number(value)
  if (field.kind === 'bool') {
    if (!/^(yes|no|true|false)$/i.test(value)) throw wrong('yes or no')
    return /^(yes|true)$/i.test(value)
  }
  if (field.kind === 'list') return value.split(',').map(part => part.trim()).filter(Boolean)
  if (field.choices) {
    const choice = field.choices.find(one => one.toLowerCase() === value.toLowerCase())
    if (!choice) throw wrong(`one of ${field.choices.join(', ')}`)
    return choice
  }
  if (field.needed && !value) throw new Problem(`${name}: must not be empty`)
  return value
}

function load(path) {
  if (!existsSync(path)) return []
  try {
    const items = JSON.parse(readFileSync(path, 'utf8'))
    if (!Array.isArray(items)) throw new Error('it does not hold a list')
    return items
  } catch (error) {
    throw new Problem(`cannot read ${path}: ${error.message}`)
  }
}

/** Writes to a new file first, so that a crash never leaves half a file. */
function save(path, items) {
  try {
    writeFileSync(`${path}.new`, JSON.stringify(items, null, 2) + '\n')
    renameSync(`${path}.new`, path)
  } catch (error) {
    throw new Problem(`cannot write ${path}: ${error.message}`)
  }
}

function find(items, text) {
  const item = items.find(one => String(one.id) === text)
  if (!item) throw new Problem(text === undefined ? 'give the id, see list' : `there is no §singular§ ${text}`, text === undefined ? 2 : 1)
  return item
}

const show = value => (value === null || value === undefined || value === '' ? '-' : typeof value === 'boolean' ? (value ? 'yes' : 'no') : Array.isArray(value) ? value.join(', ') : String(value))

function table(items) {
  const rows = [['id', ...Object.keys(FIELDS)], ...items.map(item => ['id', ...Object.keys(FIELDS)].map(name => show(item[name]).slice(0, 40)))]
  const widths = rows[0].map((_, at) => Math.max(...rows.map(row => row[at].length)))
  return rows.map(row => row.map((cell, at) => cell.padEnd(widths[at])).join('  ').trimEnd()).join('\n')
}

const cell = value => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)

export function main(argv, say = text => console.log(text)) {
  const options = { file: { type: 'string' }, help: { type: 'boolean', short: 'h' }, search: { type: 'string' }, sort: { type: 'string' }, reverse: { type: 'boolean' }, json: { type: 'boolean' } }
  for (const name of Object.keys(FIELDS)) options[name] ??= { type: 'string' }
  let parsed
  try {
    parsed = parseArgs({ args: argv, options, allowPositionals: true })
  } catch (error) {
    throw new Problem(error.message, 2)
  }
  const { values, positionals: [command, first] } = parsed
  if (values.help) return say(HELP)
  const file = values.file ?? process.env.§ENV§ ?? '§module§.json'
  const given = Object.fromEntries(Object.keys(FIELDS).filter(name => values[name] !== undefined).map(name => [name, parseValue(name, values[name])]))
  const items = load(file)
  switch (command) {
    case 'add': {
      if (first !== undefined) given[TITLE] = parseValue(TITLE, first)
      const missing = Object.keys(FIELDS).find(name => FIELDS[name].needed && given[name] === undefined)
      if (missing) throw new Problem(`${missing} is needed, see --help`, 2)
      const item = { id: Math.max(0, ...items.map(one => one.id)) + 1 }
      for (const [name, field] of Object.entries(FIELDS)) item[name] = given[name] ?? field.start ?? null
      save(file, [...items, item])
      return say(`Added §singular§ ${item.id}: ${show(item[TITLE])}`)
    }
    case 'list': {
      if (values.sort && !(values.sort in FIELDS)) throw new Problem(`there is no field ${values.sort}`, 2)
      let shown = items.filter(item => Object.entries(given).every(([name, value]) => show(item[name]) === show(value)))
      if (values.search) shown = shown.filter(item => Object.values(item).some(value => show(value).toLowerCase().includes(values.search.toLowerCase())))
      if (values.sort) shown.sort((a, b) => (typeof a[values.sort] === 'number' ? a[values.sort] - b[values.sort] : show(a[values.sort]).localeCompare(show(b[values.sort]))))
      if (values.reverse) shown.reverse()
      return say(values.json ? JSON.stringify(shown, null, 2) : shown.length ? table(shown) : 'No §plural§.')
    }
    case 'show':
      return say(Object.entries(find(items, first)).map(([name, value]) => `${name}: ${show(value)}`).join('\n'))
    case 'edit':
      if (Object.keys(given).length === 0) throw new Problem('name at least one field to change, see --help', 2)
      Object.assign(find(items, first), given)
      save(file, items)
      return say(`Changed §singular§ ${first}.`)
    case 'remove': {
      const item = find(items, first)
      save(file, items.filter(one => one !== item))
      return say(`Removed §singular§ ${first}: ${show(item[TITLE])}`)
    }
    case 'stats': {
      const lines = [`§plural§: ${items.length}`]
      for (const [name, field] of Object.entries(FIELDS)) {
        const all = items.map(item => item[name]).filter(value => value !== null && value !== undefined)
        if (['int', 'number', 'money'].includes(field.kind) && all.length) lines.push(`${name}: total ${Number(all.reduce((a, b) => a + b, 0).toFixed(2))}`)
        if (['choice', 'bool'].includes(field.kind)) for (const value of new Set(all.map(show))) lines.push(`${name} ${value}: ${all.filter(one => show(one) === value).length}`)
      }
      return say(lines.join('\n'))
    }
    case 'export':
      return say([['id', ...Object.keys(FIELDS)], ...items.map(item => ['id', ...Object.keys(FIELDS)].map(name => (item[name] === null ? '' : show(item[name]))))].map(row => row.map(cell).join(',')).join('\n'))
    default:
      throw new Problem(command ? `there is no command ${command}, see --help` : 'give a command, see --help', 2)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    console.error(`§prog§: ${error.message}`)
    process.exitCode = error.code
  }
}
