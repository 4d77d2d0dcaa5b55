import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Option, type Command } from 'commander'
import { isIsoDate, type IsoDate } from '#domain/date'
import { fenFromYuan, MoneyError, yuanFromFen } from '#domain/money'
import { dataFolder } from '#engines/paths'
import { startPostgres } from '#engines/postgres'
import { BatchError, IngestError } from '#node/ingest/errors'
import { DEAL_A, generatePool, generateUpdates, type PoolOptions } from '#node/ingest/generate'
import { ingest, type Ingested } from '#node/ingest/ingest'
import { TapeStore, type BatchKind } from '#node/ingest/store'
import { Tape } from '#node/ingest/tape'
import { CommandFailure } from '../failure.ts'
import { tapePlace } from '../stack/tapes.ts'
import { hostFolder } from '../tape/party.ts'
import { reportIngest, rootLines } from '../tape/progress.ts'

interface Flags {
  readonly deal: string
  readonly folder: string
  readonly databaseUrl?: string
  readonly of?: string
  readonly node?: string
  readonly network?: string
  readonly json?: true
  readonly asOf?: string
  readonly kind: BatchKind
  readonly levels?: string
  readonly maxErrors: string
  readonly memory: string
  readonly restart?: true
}

/** `sluice ingest FILE`; beside it a made pool to try it with, and the proof of one asset. */
export function register(program: Command): void {
  const command = program
    .command('ingest')
    .description('take a tape of receivables over: checked, in Postgres, with the root to be proposed on the ledger')
    .argument('<file>', 'CSV, gzipped when its name ends in .gz')
    .option('--as-of <date>', 'the day at whose end the file was true')
    .addOption(
      new Option('--kind <kind>', 'the first pool, assets bought later, or changed balances')
        .choices(['initial', 'purchase', 'update'])
        .default('initial'),
    )
    .option('--deal <id>', 'the plan', 'deal-a')
    .option('--folder <folder>', 'where trees and unfinished jobs are kept', dataFolder('ingest'))
    .option('--database-url <url>', 'the organisation’s Postgres; embedded, in the folder, by default')
    .option('--of <participant>', 'into the tape from which a running node proves this organisation’s assets')
    .option('--network <folder>', 'with --of: of `sluice network`, whose node serves it; `sluice dev` by default')
    .option('--node <folder>', 'with --of: the folder of that node itself')
    .option('--levels <n>', 'room for 2^n assets; by default with some to spare')
    .option('--max-errors <n>', 'how many of a file’s errors are listed', '20')
    .option('--memory <megabytes>', 'what parsing may use before it spills to disk', '512')
    .option('--restart', 'forget an unfinished job of another file')
    .option('--json', 'print the answer as JSON')
    .action(async (file: string, given: Flags) => {
      const flags = await placed(given)
      const done = await withStore(flags, (store) => ingest(optionsOf(file, flags, store)))
      process.stdout.write(flags.json ? `${JSON.stringify(done)}\n` : describe(done))
    })
  registerGenerate(command)
  registerProve(command)
}

/** With `--of` the node says where the tape stands. */
async function placed<F extends Flags>(flags: F): Promise<F> {
  const { of, node, network } = flags
  if (of === undefined) {
    if (node !== undefined || network !== undefined)
      throw new CommandFailure('--node, --network: whose tape? --of is missing', 2)
    return flags
  }
  return { ...flags, ...(await tapePlace(node ?? (await hostFolder(of, network)), of)) }
}

async function withStore<T>(flags: Flags, use: (store: TapeStore) => Promise<T>): Promise<T> {
  const env = flags.databaseUrl === undefined ? process.env : { ...process.env, DATABASE_URL: flags.databaseUrl }
  const isOurs = !env['DATABASE_URL']
  const engine = await startPostgres({ dataDir: `${flags.folder}/postgres`, env })
  try {
    const store = await TapeStore.open(isOurs ? await engine.createDatabase('tapes') : engine.url)
    try {
      return await use(store)
    } finally {
      await store.close()
    }
  } catch (error) {
    if (error instanceof IngestError) throw new CommandFailure(`nothing was taken over\n${error.message}`)
    if (error instanceof BatchError) throw new CommandFailure(error.message)
    throw error
  } finally {
    await engine.stop()
  }
}

function optionsOf(file: string, flags: Flags, store: TapeStore) {
  const { folder, deal, kind, levels, restart } = flags
  return {
    store,
    folder,
    file,
    deal,
    kind,
    asOf: dateOf('--as-of', flags.asOf),
    maxErrors: wholeOf('--max-errors', flags.maxErrors, 1, 10_000),
    memoryMb: wholeOf('--memory', flags.memory, 64, 1_000_000),
    ...(levels === undefined ? {} : { levels: wholeOf('--levels', levels, 0, 30) }),
    ...(restart ? { restart } : {}),
    onProgress: reportIngest,
  }
}

const describe = ({ deal, version, asOf, root, changed, contentHash, resumed }: Ingested): string =>
  [
    `${deal} version ${version} as of ${asOf}${resumed ? ', of a run that was cut short' : ''}`,
    ...rootLines(root, changed),
    `  package   ${contentHash}`,
    '',
  ].join('\n')

function registerGenerate(parent: Command): void {
  parent
    .command('generate')
    .description('make the pool of reference deal A, or what a day changed in it: the same seed, the same bytes')
    .argument('<file>', 'where to; gzipped when its name ends in .gz')
    .option('--seed <text>', 'what everything is drawn from', '1')
    .option('--receivables <n>', 'how many', String(DEAL_A.receivables))
    .option('--pool <yuan>', 'what their balances add up to', yuanFromFen(DEAL_A.poolFen))
    .option('--cut-off <date>', 'the day of the pool', '2026-03-31')
    .option('--first <n>', 'number of the first receivable: where a purchase goes on', '0')
    .option('--day <n>', 'instead of the pool, the updates of this day after the cut-off')
    .action(
      async (
        file: string,
        flags: Record<'seed' | 'receivables' | 'pool' | 'cutOff' | 'first', string> & { day?: string },
      ) => {
        const pool: PoolOptions = {
          seed: flags.seed,
          receivables: wholeOf('--receivables', flags.receivables, 1, 100_000_000),
          poolFen: yuanOf('--pool', flags.pool),
          cutOff: dateOf('--cut-off', flags.cutOff),
          first: wholeOf('--first', flags.first, 0, 999_999_999),
        }
        const text =
          flags.day === undefined
            ? generatePool(pool)
            : generateUpdates({ ...pool, day: wholeOf('--day', flags.day, 1, 10_000) })
        const target = createWriteStream(file)
        if (file.endsWith('.gz')) await pipeline(Readable.from(text), createGzip({ level: 1 }), target)
        else await pipeline(Readable.from(text), target)
      },
    )
}

function registerProve(parent: Command): void {
  parent
    .command('prove')
    .description('print the proof that an asset is in the tape, with its balances')
    .argument('<asset>', 'its id')
    .option('--at <n>', 'version of the tape; the latest by default')
    .action(async (asset: string, _flags: unknown, command: Command) => {
      const flags = await placed(command.optsWithGlobals<Flags & { at?: string }>())
      const at = flags.at === undefined ? undefined : wholeOf('--at', flags.at, 1, 1_000_000)
      const proof = await withStore(flags, (store) => Tape.prove(store, flags.folder, flags.deal, asset, at))
      process.stdout.write(`${JSON.stringify(proof)}\n`)
    })
}

function dateOf(name: string, text: string | undefined): IsoDate {
  if (text === undefined || !isIsoDate(text)) {
    throw new CommandFailure(`${name}: ${text === undefined ? 'a day is needed' : `no such day: ${text}`}`, 2)
  }
  return text
}

function wholeOf(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new CommandFailure(`${name}: ${JSON.stringify(text)} is no whole number from ${min} to ${max}`, 2)
  }
  return value
}

function yuanOf(name: string, text: string): bigint {
  try {
    return fenFromYuan(text)
  } catch (error) {
    if (error instanceof MoneyError)
      throw new CommandFailure(`${name}: ${JSON.stringify(text)} is no amount in yuan`, 2)
    throw error
  }
}
