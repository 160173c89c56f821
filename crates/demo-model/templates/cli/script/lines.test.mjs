import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import * as cli from './§module§.mjs'

let folder
const at = (...parts) => join(folder, ...parts)
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), '§module§-')) })
afterEach(() => rmSync(folder, { recursive: true }))

function run(...args) {
  const out = []
  cli.main(args, text => out.push(text))
  return out.join('\n')
}

function write(name, text) {
  mkdirSync(join(at(name), '..'), { recursive: true })
  writeFileSync(at(name), text)
}

test('help has examples', () => assert.match(run('--help'), /examples:/))

test('an unknown option is wrong usage', () => assert.throws(() => run('--no-such'), { code: 2 }))

§tests§
