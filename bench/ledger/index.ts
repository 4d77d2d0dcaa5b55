import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findCometbft } from '#engines/cometbft'
import { startPostgres } from '#engines/postgres'
import { removeFolder } from '#engines/sweep'
import type { Figures, Report } from '../report.ts'
import { measureBundled } from './bundled.ts'
import { measureCometbft4 } from './cometbft4.ts'
import { measureEmbedded } from './embedded.ts'
import { REDUCED } from './scale.ts'

/** `LEDGER_BENCH=embedded` or `=cometbft4` measures one of the two; ./scale.ts makes it a quick look. */
export async function measure(report: Report): Promise<void> {
  const only = process.env.LEDGER_BENCH
  const figures: Figures = REDUCED === undefined ? report : report.suffixed(REDUCED)
  if (only !== 'cometbft4') {
    const sources = await onPostgres((databaseUrl) => measureEmbedded(databaseUrl, figures))
    await onPostgres((databaseUrl) => measureBundled(databaseUrl, sources, figures))
  }
  if (only === 'embedded') return
  const lacking = await findCometbft({ say: () => undefined }).then(() => undefined, String)
  if (lacking === undefined) await measureCometbft4(figures)
  else figures.lack('ledger.calls.cometbft4', lacking)
}

async function onPostgres<T>(use: (databaseUrl: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), say: () => undefined })
  try {
    return await use(await postgres.createDatabase('bench'))
  } finally {
    await postgres.stop()
    await removeFolder(folder)
  }
}
