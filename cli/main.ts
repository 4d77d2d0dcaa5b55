#!/usr/bin/env node
// The `sluice` command. Commands are loaded when asked for, so that the program starts at once and a command that needs
// something heavy does not burden the others.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { checkout } from '#engines/paths'
import { stopEverything } from '#engines/process'
import { COMMANDS } from './commands/index.ts'
import { exitCodeOf, explain } from './failure.ts'
import { spoken } from './language.ts'

const version = (): string =>
  (JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string }).version

/** The program with the command named in `argv` loaded; the others appear in the help alone. */
async function program(argv: readonly string[]): Promise<Command> {
  const root = new Command('sluice')
    .description('Asset-backed securities and supply-chain receivables for a consortium')
    .version(version())
    .showHelpAfterError('(add --help for what it takes)')
    .exitOverride()
  const asked = argv.find((word) => word !== 'help' && !word.startsWith('-'))
  for (const { name, summary, load } of COMMANDS) {
    if (name === asked) (await load()).register(root)
    else root.command(name).description(summary)
  }
  for (const command of root.commands) command.exitOverride()
  return root
}

async function main(argv: readonly string[]): Promise<void> {
  try {
    const root = await program(argv)
    if (argv.length === 0) root.outputHelp()
    else await root.parseAsync(argv, { from: 'user' })
  } catch (error) {
    await fail(error)
  }
}

const tell = (error: unknown) => process.stderr.write(`${explain(error, process.env['SLUICE_DEBUG'], spoken())}\n`)

async function fail(error: unknown): Promise<void> {
  // commander has already said what was wrong with the words on the command line
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  await end(exitCodeOf(error), () => tell(error))
}

let isEnding = false

/** Stops everything and ends, once: what fails on the way out, the words about the first failure too, ends nothing anew. */
async function end(code: number, say?: () => void): Promise<void> {
  if (isEnding) return
  isEnding = true
  say?.()
  await stopEverything().catch(tell)
  process.exit(code)
}

/** Nobody reads on (`sluice … | head`): ended as by SIGPIPE, whose number is 13, but in good order. */
const READER_GONE = 128 + 13
process.stdout.on('error', () => void end(READER_GONE))
process.stderr.on('error', () => undefined) // there is nobody to tell

process.on('unhandledRejection', (reason) => void fail(reason))
process.on('uncaughtException', (error) => void fail(error))

await main(process.argv.slice(2))
