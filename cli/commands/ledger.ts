import { createWriteStream } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Command } from 'commander'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { signingKey, type SigningKey } from '#ledger-adapter/application/operator-key'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { ledgersIn } from '#ledger-adapter/embedded/ledgers'
import { CommandFailure } from '../failure.ts'
import { nodeVersions } from '../stack/bundles.ts'

interface End {
  readonly operatorKey: string
  readonly out: string
  readonly chain?: string
  readonly bundles?: string
}

/** `sluice ledger`: what is done to an embedded ledger as a whole. */
export function register(program: Command): void {
  const ledger = program.command('ledger').description('an embedded ledger as a whole; DATABASE_URL says where it is')
  ledger
    .command('end')
    .description('end it for good and write its export, from which a network can go on; asked again it only exports')
    .requiredOption('--operator-key <file>', 'the seed of the ledger operator’s key, 64 hex digits')
    .requiredOption('--out <file>', 'the export: JSON lines, gzip when the name ends in .gz')
    .option('--chain <id>', 'which one, where the database holds several')
    .option('--bundles <folder>', 'versions of the contracts that its governance activated')
    .action(end)
}

async function end({ operatorKey: keyFile, out, chain, bundles }: End): Promise<void> {
  const databaseUrl = process.env['DATABASE_URL'] ?? ''
  if (databaseUrl === '') throw new CommandFailure('DATABASE_URL must name the database of the ledger', 2)
  const operatorKey = await seedOf(keyFile)
  const document = await documentOf(databaseUrl, chain)
  const genesis = document as unknown as GenesisDocument
  const ledger = await EmbeddedLedger.open({
    databaseUrl,
    genesis: { document, events: genesisEvents(genesis) },
    registry: nodeVersions(genesis, bundles),
    callerOf,
    operatorKey,
  })
  try {
    const { height } = await ledger.end()
    const lines = Readable.from(withFeeds(ledger.export()))
    const file = createWriteStream(`${out}.new`, { mode: 0o600 })
    await (out.endsWith('.gz') ? pipeline(lines, createGzip(), file) : pipeline(lines, file))
    await rename(`${out}.new`, out)
    process.stdout.write(`${ledger.chainId} ended at height ${height}; its export is ${out}\n`)
  } finally {
    await ledger.close()
  }
}

async function* withFeeds(lines: AsyncIterable<string>): AsyncIterable<string> {
  for await (const line of lines) yield `${line}\n`
}

async function seedOf(file: string): Promise<SigningKey> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CommandFailure(`${file}: cannot be read`, 1, { cause: error })
  })
  if (!/^[0-9a-f]{64}$/.test(text.trim())) throw new CommandFailure(`${file}: 64 hex digits expected`)
  return signingKey(new Uint8Array(Buffer.from(text.trim(), 'hex')))
}

async function documentOf(databaseUrl: string, chain: string | undefined) {
  const all = await ledgersIn(databaseUrl)
  const found = chain === undefined && all.length === 1 ? all[0] : all.find(({ chainId }) => chainId === chain)
  if (found) return found.genesis
  const there = all.length === 0 ? 'it holds none' : `it holds ${all.map(({ chainId }) => chainId).join(', ')}`
  throw new CommandFailure(`which ledger of the database: ${there}; say one by --chain`, 2)
}
