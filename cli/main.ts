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

async function fail(error: unknown): Promise<never> {
  // commander has already said what was wrong with the words on the command line
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  process.stderr.write(`${explain(error, process.env['SLUICE_DEBUG'])}\n`)
  await stopEverything().catch((failure: unknown) => {
    process.stderr.write(`${explain(failure, process.env['SLUICE_DEBUG'])}\n`)
  })
  process.exit(exitCodeOf(error))
}

process.on('unhandledRejection', (reason) => void fail(reason))
process.on('uncaughtException', (error) => void fail(error))

await main(process.argv.slice(2))
