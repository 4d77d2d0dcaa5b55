import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Batch } from '#contracts/asset-registry/state'
import { BatchError } from './errors.ts'
import { sweepJobs } from './ingest.ts'
import { unpackedFolder } from './package.ts'
import { literal, TERM_COLUMNS, type TapeStore } from './store.ts'
import { Tape } from './tape.ts'

/** An organisation's tape, and what it holds of the packages that passed between it and others. */
export interface HeldTape {
  readonly store: TapeStore
  /** Of its trees and jobs. */
  readonly folder: string
  /** Deletes the package, offered or received: it holds the assets' terms, and the seed of their salts. */
  readonly removePackage: (contentHash: string) => Promise<void>
}

/**
 * Brings a tape in line with the ledger's last word on a batch. An effective version's seed and package are forgotten:
 * from then on an asset's salt stands in its row alone. A rejected version is taken back, so that the next can follow. A
 * batch that waits changes nothing. Killed at any moment and run again it goes on; run twice it changes nothing more.
 * @returns whether there was anything to do
 */
export async function settleBatch(held: HeldTape, batch: Batch): Promise<boolean> {
  const { store, folder } = held
  const { deal, state } = batch
  if (state === 'proposed') return false
  return store.alone(deal, async () => {
    if (await isSettled(store, batch)) return false
    await held.removePackage(batch.contentHash)
    // What was killed while it read the file has left salts, and the terms in plain.
    await rm(unpackedFolder(folder, batch.contentHash), { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    await sweepJobs(held)
    if (state === 'rejected') await dropVersion(held, batch)
    else await forgetSeed(store, batch)
    return true
  })
}

/** All that the ledger has decided since. @param batchOf as the ledger has it now */
export async function settleTape(
  held: HeldTape,
  deal: string,
  batchOf: (version: number) => Promise<Batch | undefined>,
): Promise<Batch[]> {
  const settled: Batch[] = []
  for (const { version } of await held.store.unsettled(deal)) {
    const batch = await batchOf(version)
    if (batch && (await settleBatch(held, batch))) settled.push(batch)
  }
  return settled
}

async function isSettled({ client }: TapeStore, { deal, version }: Batch): Promise<boolean> {
  const { rows } = await client.query('select from tape_settled where deal = $1 and version = $2', [deal, version])
  return rows.length > 0
}

/** @throws BatchError OTHER_BATCH when the ledger's version is not the one of this tape */
async function forgetSeed(store: TapeStore, { deal, version, root }: Batch): Promise<void> {
  const own = await store.version(deal, version)
  if (!own) return // another's tape: nothing of this batch is held here
  if (own.root.hash !== root.hash)
    throw new BatchError('OTHER_BATCH', { deal, version, ledger: root.hash, tape: own.root.hash })
  await store.transaction(async () => {
    await store.client.query('update tape_version set salt_seed = null where deal = $1 and version = $2', [deal, version]) // prettier-ignore
    await store.client.query(`insert into tape_settled values ($1, $2, 'effective')`, [deal, version])
  })
}

/**
 * Takes a version back that the ledger rejected, and whatever was built on it meanwhile, which can never be proposed: the
 * tape, its rows, its changes and its tree are those of the version before. All of it or nothing; under the plan's lock.
 */
async function dropVersion({ store, folder }: HeldTape, { deal, version }: Batch): Promise<void> {
  const job = await store.job(deal)
  if (job && job.version >= version) {
    await store.abandon(job)
    await rm(join(folder, job.partition), { recursive: true, force: true })
  }
  await store.transaction(async () => {
    const { client } = store
    const { rows } = await client.query(
      'select used from tape_version where deal = $1 and version < $2 order by version desc limit 1',
      [deal, version],
    )
    const [before] = rows as { used: number }[]
    await client.query('delete from asset_change where deal = $1 and version >= $2', [deal, version])
    if (before) await client.query('delete from asset where deal = $1 and slot >= $2', [deal, before.used])
    else await dropPartition(store, deal)
    await client.query('delete from tape_version where deal = $1 and version >= $2', [deal, version])
    await client.query(`insert into tape_settled values ($1, $2, 'rejected')`, [deal, version])
  })
  // What is left of the trees by a kill at this point is never read: a tree is taken only with its version's root.
  await Tape.removeTrees(folder, deal, (each) => each >= version)
}

/** A plan's first file became its partition; without it the plan has none. */
async function dropPartition({ client }: TapeStore, deal: string): Promise<void> {
  const { rows } = await client.query(
    `select inhrelid::regclass::text as name from pg_inherits join pg_class on oid = inhrelid
      where inhparent = 'asset'::regclass and pg_get_expr(relpartbound, oid) = $1`,
    [`FOR VALUES IN (${literal(deal)})`],
  )
  for (const { name } of rows as { name: string }[]) await client.query(`drop table ${name}`)
}

/**
 * Deletes what a tape says of one asset: its terms and the salt of their commitment. What stays is the commitment, which
 * without the salt says nothing, and the amounts, so that the tree and the proofs of all others stay.
 * @throws BatchError UNKNOWN_ASSET; SEED_HELD while its batch is not effective, since the salt follows from the seed
 */
export async function forgetAsset(store: TapeStore, deal: string, assetId: string): Promise<void> {
  await store.alone(deal, () =>
    store.transaction(async () => {
      const { rows } = await store.client.query(
        `select slot, (select salt_seed is not null from tape_version v where v.deal = a.deal and v.used > a.slot
          order by version limit 1) as held from asset a where deal = $1 and asset_id = $2`,
        [deal, assetId],
      )
      const [found] = rows as { slot: number; held: boolean }[]
      if (!found) throw new BatchError('UNKNOWN_ASSET', { deal, asset: assetId })
      if (found.held) throw new BatchError('SEED_HELD', { deal, asset: assetId })
      await store.client.query(
        `update asset set ${PERSONAL.map((column) => `${column} = null`).join(', ')} where deal = $1 and slot = $2`,
        [deal, found.slot],
      )
    }),
  )
}

const PERSONAL = [...TERM_COLUMNS, 'salt']
