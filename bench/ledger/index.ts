import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findCometbft } from '#engines/cometbft'
import { startPostgres } from '#engines/postgres'
import { removeFolder } from '#engines/sweep'
import type { Report } from '../report.ts'
import { measureCometbft4 } from './cometbft4.ts'
import { measureEmbedded } from './embedded.ts'

/** `LEDGER_BENCH=embedded` or `=cometbft4` measures one of the two. */
export async function measure(report: Report): Promise<void> {
  const only = process.env.LEDGER_BENCH
  if (only !== 'cometbft4') await onPostgres((databaseUrl) => measureEmbedded(databaseUrl, report))
  if (only === 'embedded') return
  const lacking = await findCometbft({ say: () => undefined }).then(() => undefined, String)
  if (lacking === undefined) await measureCometbft4(report)
  else process.stdout.write(`ledger.calls.cometbft4  not measured: ${lacking}\n`)
}

async function onPostgres(use: (databaseUrl: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), say: () => undefined })
  try {
    await use(await postgres.createDatabase('bench'))
  } finally {
    await postgres.stop()
    await removeFolder(folder)
  }
}
