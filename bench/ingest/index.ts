import { execFile } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { isoDate } from '#domain/date'
import { program } from '#engines/program'
import { startPostgres } from '#engines/postgres'
import { removeFolder } from '#engines/sweep'
import { DEAL_A, generatePool, generateUpdates } from '#node/ingest/generate'
import { TapeStore } from '#node/ingest/store'
import type { Report } from '../report.ts'
import type { Measured, Work } from './child.ts'

const POOL = { seed: 'bench', ...DEAL_A, cutOff: isoDate('2010-12-31') }

/** Deal A's pool and two days of it, made before anything is measured; Postgres of the run's own, as it is configured. */
export async function measure(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-ingest-'))
  const engine = await startPostgres({ dataDir: join(folder, 'postgres'), say: () => undefined })
  const databases = [`bench_tapes_${process.pid}`, `bench_ledger_${process.pid}`] as const
  try {
    const pool = join(folder, 'pool.csv')
    await pipeline(Readable.from(generatePool(POOL)), createWriteStream(pool))
    const updates = [1, 2].map((day) => join(folder, `day-${day}.csv`))
    for (const [i, file] of updates.entries()) {
      await pipeline(Readable.from(generateUpdates({ ...POOL, day: i + 1 })), createWriteStream(file))
    }
    const [tapesUrl, ledgerUrl] = [await engine.createDatabase(databases[0]), await engine.createDatabase(databases[1])]
    const copyMs = await copyAlone(tapesUrl, pool)
    const work: Work = {
      tapesUrl,
      ledgerUrl,
      folder: join(folder, 'work'),
      cutOff: POOL.cutOff,
      receivables: POOL.receivables,
      poolFen: POOL.poolFen.toString(),
      pool,
      updates,
    }
    const { stdout } = await promisify(execFile)(process.execPath, [
      program('bench/ingest/child.ts'),
      JSON.stringify(work),
    ])
    figures(report, JSON.parse(stdout) as Measured, copyMs)
  } finally {
    for (const name of databases) await engine.dropDatabase(name)
    await engine.stop()
    await removeFolder(folder)
  }
}

/** The limit: the same file into a table of its columns and nothing else, no check, no index, no tree. */
async function copyAlone(url: string, pool: string): Promise<number> {
  const store = await TapeStore.open(url)
  await store.client.query(`create table copied (asset_id text, obligor text, province text, product text,
    risk_tier text, originated date, matures date, term int, rate text, original numeric, current numeric,
    defaulted numeric, days int)`)
  const start = performance.now()
  const rows = createReadStream(pool, { highWaterMark: 1 << 20, start: await headerBytes(pool) })
  await store.copy('copied', rows)
  const ms = performance.now() - start
  await store.client.query('drop table copied')
  await store.close()
  return ms
}

async function headerBytes(file: string): Promise<number> {
  for await (const chunk of createReadStream(file, { end: 1023 }) as AsyncIterable<Buffer>) return chunk.indexOf(10) + 1
  return 0
}

function figures(report: Report, measured: Measured, copyMs: number): void {
  const { tapeMs, peakMiB, warmUpdateMs, coldUpdateMs, changed, proofs, proveMs, verifyMs, proofBytes, receiptBytes } =
    measured
  const many = POOL.receivables.toLocaleString('en')
  report.add({
    id: 'ingest.tape',
    what: `${many} receivables, CSV to the root proposed on the embedded ledger, all in Postgres, each provable`,
    value: tapeMs / 1000,
    unit: 's',
    goal: '≤ 30 s',
    ratio: tapeMs / copyMs,
    to: `COPY alone (${(copyMs / 1000).toFixed(1)} s)`,
  })
  report.add({
    id: 'ingest.tape.memory',
    what: 'peak resident memory of the process that does it',
    value: peakMiB / 1024,
    unit: 'GiB',
    goal: '≤ 1.5 GiB',
  })
  const update = { unit: 's', goal: '≤ 2 s' }
  const what = `${changed.toLocaleString('en')} changed leaves, CSV to the new root proposed`
  report.add({ id: 'ingest.updates', what: `${what}, by a process that stays`, value: warmUpdateMs / 1000, ...update })
  report.add({ id: 'ingest.updates.cold', what: `${what}, tree read from disk`, value: coldUpdateMs / 1000, ...update })
  const proof = `proof of one asset of ${many}`
  const rows = [
    { id: 'ingest.proof.produce', what: `${proof} produced, none twice`, ms: proveMs, goal: '≤ 10 ms' },
    { id: 'ingest.proof.verify', what: `${proof} verified`, ms: verifyMs, goal: '≤ 1 ms' },
  ]
  for (const { id, what, ms, goal } of rows) {
    report.add({ id, what: `${what}, median of ${proofs}`, value: ms.median, unit: 'ms', goal })
    report.add({ id: `${id}.p99`, what: `${what}, 99th percentile of ${proofs}`, value: ms.p99, unit: 'ms', goal })
  }
  report.add({
    id: 'ingest.proof.size',
    what: 'the largest, as JSON',
    value: proofBytes / 1024,
    unit: 'KiB',
    goal: '≤ 4 KiB',
  })
  report.add({
    id: 'ingest.proof.receipt',
    what: 'with the batch, its path in the state of a small ledger and the signed header; 43 bytes more for each doubling of the state',
    value: receiptBytes / 1024,
    unit: 'KiB',
    goal: '≤ 4 KiB',
  })
}
