import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { SumTree } from '#proof/sum-tree'
import type { IngestErrorCode } from './columns.ts'
import { IngestError } from './errors.ts'
import type { IngestOptions } from './options.ts'
import type { ParsedFile } from './parse.ts'
import { literal, type Job, type TapeStore } from './store.ts'
import { columnsOf } from './tape.ts'

/** Loads columns of the parsed file into a temporary table, with the row of the file that each came from. */
async function stage(store: TapeStore, folder: string, db: DuckDBConnection, select: string, table: string) {
  const path = join(folder, 'stage.csv')
  await db.run(`copy (select rowid + 2, ${select} from rows) to ${literal(path)} (format csv, header false)`)
  await store.client.query(`create temp table ${table} on commit drop`)
  await store.copy('staged', createReadStream(path))
  await store.client.query('analyze staged')
  await rm(path)
}

async function refuse(
  store: TapeStore,
  { file, maxErrors = 20 }: Pick<IngestOptions, 'file' | 'maxErrors'>,
  sql: string,
  values: readonly unknown[],
  what: { readonly column: string; readonly code: IngestErrorCode; readonly problem: string },
): Promise<void> {
  const { rows } = await store.client.query(`${sql} order by row limit ${maxErrors + 1}`, [...values])
  if (rows.length === 0) return
  const problems = (rows as { row: number; value: string }[]).map(({ row, value }) => ({ ...what, row, value }))
  throw new IngestError(basename(file), problems.slice(0, maxErrors), rows.length > maxErrors)
}

/** An asset that the tape already holds cannot be bought again. @throws IngestError ASSET_EXISTS */
export async function refuseKnownAssets(options: IngestOptions, job: Job, db: DuckDBConnection): Promise<void> {
  const { store } = options
  await store.transaction(async () => {
    const folder = join(options.folder, job.partition)
    await stage(store, folder, db, 'asset_id', 'staged (row int, asset_id text)')
    await refuse(
      store,
      options,
      `select s.row, s.asset_id as value from staged s join asset a on a.deal = $1 and a.asset_id = s.asset_id`,
      [job.deal],
      { column: 'asset_id', code: 'ASSET_EXISTS', problem: 'the tape holds this asset; its slot is never given again' },
    )
  })
}

/**
 * Changes the assets that the file names, and their leaves. Within the caller's transaction.
 * @returns how many leaves differ from before
 * @throws IngestError UNKNOWN_ASSET, MORE_THAN_ORIGINAL
 */
export async function applyUpdate(
  options: IngestOptions,
  job: Job,
  source: ParsedFile,
  tree: SumTree,
): Promise<number> {
  const { store, folder } = options
  const { deal, version } = job
  await stage(
    store,
    join(folder, job.partition),
    source.db,
    'asset_id, current_fen, defaulted_fen, days_past_due',
    'staged (row int, asset_id text, current_fen bigint, defaulted_fen bigint, days_past_due int)',
  )
  await store.client.query(
    `create temp table touched on commit drop as
        select s.row, s.asset_id, a.slot, a.content, a.original_fen, s.current_fen, s.defaulted_fen, s.days_past_due
        from staged s left join asset a on a.deal = ${literal(deal)} and a.asset_id = s.asset_id`,
  )
  await refuse(store, options, 'select row, asset_id as value from touched where slot is null', [], {
    column: 'asset_id',
    code: 'UNKNOWN_ASSET',
    problem: 'the tape holds no such asset',
  })
  const tooMuch = `select row, current_fen::text as value from touched where current_fen + defaulted_fen > original_fen`
  await refuse(store, options, tooMuch, [], {
    column: 'current_balance',
    code: 'MORE_THAN_ORIGINAL',
    problem: 'more is open and defaulted than was lent (fen)',
  })
  // Rows are added, none is changed: a day touches nearly every page of the assets' table, and each would be written
  // whole into the log. What an asset stands at is its latest change (view `asset_now`), and every earlier day is there.
  await store.client.query(
    `insert into asset_change select $1, slot, $2, current_fen, defaulted_fen, days_past_due from touched order by slot`,
    [deal, version],
  )
  return updateLeaves(store, tree)
}

/** Rows held at once: a month may touch every asset of a tape, and all of them would need more memory than the tree. */
const PAGE = 50_000
type Touched = [slot: number, content: Buffer, originalFen: string, currentFen: string, defaultedFen: string]

/** The tree's leaves from the table `touched`, page by page in the order of their slots. @returns how many differ */
async function updateLeaves(store: TapeStore, tree: SumTree): Promise<number> {
  await store.client.query(
    `declare touched_leaves no scroll cursor for
      select slot, content, original_fen::text, current_fen::text, defaulted_fen::text from touched order by slot`,
  )
  let changed = 0
  for (;;) {
    const { rows } = await store.client.query({ text: `fetch ${PAGE} from touched_leaves`, rowMode: 'array' })
    if (rows.length === 0) return changed
    const differing = (rows as Touched[]).filter(([slot, , , current, defaulted]) => {
      const leaf = tree.leaf(slot)
      return leaf.currentFen !== BigInt(current) || leaf.defaultedFen !== BigInt(defaulted)
    })
    tree.update(columnsOf(differing))
    changed += differing.length
  }
}
