#!/usr/bin/env node
// §about§
// Exit codes: 0 all went well, 1 it could not be done, 2 wrong usage.

§imports§import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const HELP = `usage: §prog§ §usage§

§about§

options:
§options§
  -h, --help            this help

examples:
§examples§`

/** Something the user can put right: 1 could not be done, 2 wrong usage. */
export class Problem extends Error {
  constructor(message, code = 1) {
    super(message)
    this.code = code
  }
}

§code§
export function main(argv, say = text => console.log(text)) {
  let parsed
  try {
    parsed = parseArgs({ args: argv, allowPositionals: true, options: { §flags§, help: { type: 'boolean', short: 'h' } } })
  } catch (error) {
    throw new Problem(error.message, 2)
  }
  const { values, positionals } = parsed
  if (values.help) return say(HELP)
§main§}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof Problem) && !error.code?.startsWith?.('E')) throw error
    console.error(`§prog§: ${error.message}`)
    process.exitCode = error instanceof Problem ? error.code : 1
  }
}
