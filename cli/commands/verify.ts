import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Command } from 'commander'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { registry } from '#contracts/registry'
import { contractRules } from '#ledger-adapter/application/contract-rules'
import { verifyNative } from '#ledger-adapter/application/verify-native'
import { verifyExport, type ExportSummary } from '#proof/verify-export'
import { CommandFailure } from '../failure.ts'

interface Options {
  readonly chain?: string
  readonly genesis?: string
  readonly operatorKey?: string
  readonly json?: boolean
}

/** `sluice verify FILE`: a whole exported ledger, from its file alone: no database, no server, no network. */
export function register(program: Command): void {
  program
    .command('verify')
    .description('verify an exported ledger from its file alone')
    .argument('<file>', 'what the ledger exported, JSON lines, gzip when its name ends in .gz')
    .option('--chain <id>', 'the chain it must be')
    .option('--genesis <hash>', 'the genesis hash it must have')
    .option('--operator-key <key>', 'the public key that must sign its headers, base64url')
    .option('--json', 'print the findings as JSON')
    .action(async (file: string, options: Options) => {
      const summary = await verifyFile(file, options)
      process.stdout.write(options.json ? `${JSON.stringify({ ok: true, ...summary })}\n` : describe(summary, options))
    })
}

/** @throws CommandFailure naming the line and the first thing that does not hold */
export async function verifyFile(file: string, options: Options = {}): Promise<ExportSummary> {
  const expected = {
    ...(options.chain === undefined ? {} : { chainId: options.chain }),
    ...(options.genesis === undefined ? {} : { genesisHash: options.genesis }),
    ...(options.operatorKey === undefined ? {} : { operatorKey: options.operatorKey }),
  }
  const rules = contractRules(registry, callerOf, (document) => genesisEvents(document as unknown as GenesisDocument))
  const verdict = await read(file, (lines) => verifyExport(lines, expected, rules, verifyNative))
  if (!verdict.ok) throw new CommandFailure(`${file}, line ${verdict.line}: ${verdict.reason}`)
  return verdict.summary
}

async function read<T>(file: string, use: (lines: AsyncIterable<string>) => Promise<T>): Promise<T> {
  const source = createReadStream(file)
  const stream = file.endsWith('.gz') ? source.pipe(createGunzip()) : source
  if (stream !== source) source.on('error', (error) => stream.destroy(error))
  try {
    return await use(linesOf(stream))
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    const problem = error instanceof Error ? error.message : String(error)
    throw new CommandFailure(`${file}: ${problem}`, 1, { cause: error })
  } finally {
    source.destroy()
  }
}

/** Split at line feeds alone: readline also splits at U+2028, which JSON text may hold. */
async function* linesOf(stream: Readable): AsyncIterable<string> {
  let rest: Buffer[] = []
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      rest.push(chunk.subarray(from, at))
      yield decoder.decode(Buffer.concat(rest))
      rest = []
      from = at + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
  if (rest.length > 0) yield decoder.decode(Buffer.concat(rest))
}

export function describe(summary: ExportSummary, options: Options): string {
  const { chainId, genesisHash, operatorKey, height, commands, refused, events, topics, receipts, headerHash } = summary
  const proofs = Object.entries(receipts).map(([kind, count]) => `${count} ${kind}`)
  const isAnchored = options.genesis !== undefined || options.chain !== undefined
  return [
    `verified: ledger ${chainId}`,
    `  blocks 0 to ${height}, head ${headerHash}`,
    `  ${commands} commands (${refused} refused), ${events} events in ${topics} topics, every signature and root`,
    `  receipts: ${proofs.length > 0 ? proofs.join(', ') : 'none'}`,
    `  genesis ${genesisHash}, headers signed by ${operatorKey}`,
    ...(isAnchored ? [] : ['  Compare the genesis hash with the one your consortium agreed on, or pass --genesis.']),
    ...summary.unchecked.map((what) => `  not checked: ${what}`),
    '',
  ].join('\n')
}
