import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { program } from '#engines/program'
import type { Ledger } from '#ledger-adapter/port'
import type { ExportSummary } from '#proof/verify-export'
import { describe } from '../commands/verify.ts'

/** Writes the whole ledger to a file, line by line. */
export async function exportLedger(ledger: Ledger, file: string): Promise<void> {
  const lines = async function* () {
    for await (const line of ledger.export()) yield line.endsWith('\n') ? line : `${line}\n`
  }
  await pipeline(Readable.from(lines()), createWriteStream(file))
}

/**
 * Verifies the file in a process of its own that is given no database and no engine: the file, and whom to trust.
 * @param trust whom to trust, as arguments of `sluice verify`
 * @throws with what the verifier said when anything does not hold
 */
export async function verifyApart(
  file: string,
  trust: readonly string[],
): Promise<{ said: string; summary: ExportSummary }> {
  const args = ['verify', file, '--json', ...trust]
  const { DATABASE_URL: _database, TEMPORAL_ADDRESS: _temporal, ...env } = process.env
  // With the flags of this process.
  const child = spawn(process.execPath, [...process.execArgv, program('cli/main.ts'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) throw new Error(`the exported ledger does not verify: ${said.trim()}`)
  const summary = JSON.parse(said) as ExportSummary
  return { said: describe(summary, { genesis: summary.genesisHash }).trim(), summary }
}
