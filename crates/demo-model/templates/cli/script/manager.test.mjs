import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { main } from './§module§.mjs'

let folder
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), '§module§-')) })
afterEach(() => rmSync(folder, { recursive: true }))

function run(...args) {
  const out = []
  main(['--file', join(folder, 'data.json'), ...args], text => out.push(text))
  return out.join('\n')
}
const add = () => run('add', §addargs§)

test('what is added is listed', () => {
  assert.match(add(), /Added §singular§ 1/)
  assert.equal(JSON.parse(run('list', '--json')).length, 1)
})

test('edit and search', () => {
  add()
  run('edit', '1', '--§firstflag§', 'zebra')
  assert.match(run('list', '--search', 'ZEBRA'), /zebra/)
  assert.match(run('list', '--search', 'nothing like this'), /No §plural§/)
})

test('removed is gone', () => {
  add()
  run('remove', '1')
  assert.throws(() => run('remove', '1'), { code: 1, message: /there is no §singular§ 1/ })
})

test('export and figures', () => {
  add()
  assert.equal(run('export').split('\n').length, 2)
  assert.match(run('stats'), /§plural§: 1/)
})

test('wrong usage is code 2, a broken file is code 1', () => {
  assert.throws(() => run(), { code: 2 })
  assert.throws(() => run('nonsense'), { code: 2 })
  assert.throws(() => run('list', '--no-such'), { code: 2 })
  writeFileSync(join(folder, 'data.json'), 'not json')
  assert.throws(() => run('list'), { code: 1 })
})

test('help has examples', () => assert.match(run('--help'), /examples:/))
