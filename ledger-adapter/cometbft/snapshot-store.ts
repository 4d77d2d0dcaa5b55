import { headerHash } from '#proof/block'
import { canonicalJson } from '#proof/canonical'
import type { Json } from '#proof/json'
import { textArray } from '../embedded/binary-array.ts'
import type { Database } from '../embedded/connection.ts'
import type { SequencerLock } from '../embedded/lock.ts'
import { chunkHash, chunksOf, rowsOf, type SnapshotMetadata, type StateRow } from './snapshot-format.ts'

const MIGRATION_LOCK = 7_405_304
const ROWS_AT_ONCE = 5_000
/** The one before the latest may still be on its way to somebody. */
const KEPT = 2

/** A state taken from a snapshot, whose history up to that block came later or is to come. */
export interface RestoredRow {
  /** Of the last block with commands that the snapshot knew. */
  readonly block: number
  readonly headerHash: string
  readonly isFilled: boolean
}

/** Rows of snapshots: those offered to others, the one being taken, and what was restored. */
export class SnapshotStore {
  private constructor(
    private readonly database: Database,
    private readonly writer: SequencerLock,
    private readonly ledger: number,
    private readonly chainId: string,
  ) {}

  static async open(database: Database, writer: SequencerLock, ledger: number, chainId: string) {
    await database.query(`DO $$ BEGIN
      PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK});
      CREATE TABLE IF NOT EXISTS sluice_ledger.snapshot (
        ledger integer NOT NULL, height bigint NOT NULL, metadata text NOT NULL, PRIMARY KEY (ledger, height));
      CREATE TABLE IF NOT EXISTS sluice_ledger.snapshot_chunk (
        ledger integer NOT NULL, height bigint NOT NULL, index integer NOT NULL, bytes bytea NOT NULL,
        PRIMARY KEY (ledger, height, index));
      CREATE TABLE IF NOT EXISTS sluice_ledger.snapshot_incoming (
        ledger integer NOT NULL, index integer NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (ledger, index));
      CREATE TABLE IF NOT EXISTS sluice_ledger.restored (
        ledger integer PRIMARY KEY, block bigint NOT NULL, header_hash text NOT NULL, filled boolean NOT NULL);
    END $$`)
    return new SnapshotStore(database, writer, ledger, chainId)
  }

  /** The snapshots at hand, the latest first. */
  async list(): Promise<readonly SnapshotMetadata[]> {
    const rows = await this.database.query<{ metadata: string }>(
      'SELECT metadata FROM sluice_ledger.snapshot WHERE ledger = $1 ORDER BY height DESC',
      [this.ledger],
    )
    return rows.map(({ metadata }) => JSON.parse(metadata) as SnapshotMetadata)
  }

  async chunk(height: number, index: number): Promise<Uint8Array | undefined> {
    const [row] = await this.database.query<{ bytes: Buffer }>(
      'SELECT bytes FROM sluice_ledger.snapshot_chunk WHERE ledger = $1 AND height = $2 AND index = $3',
      [this.ledger, height, index],
    )
    return row?.bytes
  }

  /**
   * Writes the committed state down in chunks, as it stands at one moment, while blocks go on. Of a snapshot cut short
   * nothing is offered, and the next call clears it away.
   * @param firstHeight of consensus: a state that no block of it has changed is nothing to be taken from others
   * @returns its height; undefined when there is no such state, or the snapshot is there already
   */
  async make(firstHeight: number, chunkBytes?: number): Promise<number | undefined> {
    const { database, ledger } = this
    await database.query(
      `DELETE FROM sluice_ledger.snapshot_chunk c WHERE ledger = $1 AND NOT EXISTS
         (SELECT FROM sluice_ledger.snapshot s WHERE s.ledger = c.ledger AND s.height = c.height)`,
      [ledger],
    )
    return database.session(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      const head = await client.query<{ header: string; block: string; height: string; exists: boolean }>(
        `SELECT b.header, b.height AS block, h.height, EXISTS (SELECT FROM sluice_ledger.snapshot s WHERE s.ledger = $1 AND s.height = h.height)
         FROM (SELECT height, header FROM sluice_ledger.block WHERE ledger = $1 ORDER BY height DESC LIMIT 1) b,
         LATERAL (SELECT greatest(b.height, (SELECT c.height FROM sluice_ledger.consensus c WHERE c.ledger = $1)) AS height) h`,
        [ledger],
      )
      const { header, block, height, exists } = head.rows[0]!
      if (Number(block) < firstHeight || exists) {
        await client.query('COMMIT')
        return undefined
      }
      await client.query(
        `DECLARE state_rows NO SCROLL CURSOR FOR
         SELECT key, value FROM sluice_ledger.state WHERE ledger = ${ledger} ORDER BY key COLLATE "C"`,
      )
      const rows = async function* (): AsyncIterable<readonly StateRow[]> {
        for (;;) {
          const batch = await client.query<{ key: string; value: string }>(`FETCH ${ROWS_AT_ONCE} FROM state_rows`)
          if (batch.rows.length === 0) return
          yield batch.rows.map(({ key, value }) => [key, value] as const)
        }
      }
      const chunks: string[] = []
      for await (const bytes of chunksOf(rows(), chunkBytes)) {
        await database.query('INSERT INTO sluice_ledger.snapshot_chunk VALUES ($1, $2, $3, $4)', [ledger, height, chunks.length, Buffer.from(bytes)]) // prettier-ignore
        chunks.push(chunkHash(bytes))
      }
      await client.query('COMMIT')
      const metadata = { chainId: this.chainId, height: Number(height), header: JSON.parse(header) as Json, chunks }
      await database.query('INSERT INTO sluice_ledger.snapshot VALUES ($1, $2, $3)', [ledger, height, canonicalJson(metadata)]) // prettier-ignore
      await this.keepLatest()
      return Number(height)
    })
  }

  private async keepLatest(): Promise<void> {
    await this.database.query(
      `DELETE FROM sluice_ledger.snapshot WHERE ledger = $1 AND height NOT IN
         (SELECT height FROM sluice_ledger.snapshot WHERE ledger = $1 ORDER BY height DESC LIMIT ${KEPT})`,
      [this.ledger],
    )
  }

  async clearIncoming(): Promise<void> {
    await this.writer.query('DELETE FROM sluice_ledger.snapshot_incoming WHERE ledger = $1::int', [this.ledger])
  }

  async putIncoming(index: number, chunk: Uint8Array): Promise<void> {
    await this.writer.query(
      `INSERT INTO sluice_ledger.snapshot_incoming VALUES ($1::int, $2::int, $3::bytea)
       ON CONFLICT (ledger, index) DO UPDATE SET bytes = excluded.bytes`,
      [this.ledger, index, Buffer.from(chunk)],
    )
  }

  /** The rows of the chunks taken, a chunk at a time. @throws SnapshotMalformed */
  async *incoming(chunks: number): AsyncIterable<readonly StateRow[]> {
    let after: string | undefined
    for (let index = 0; index < chunks; index += 1) {
      const [row] = await this.database.query<{ bytes: Buffer }>(
        'SELECT bytes FROM sluice_ledger.snapshot_incoming WHERE ledger = $1 AND index = $2',
        [this.ledger, index],
      )
      if (!row) throw new Error(`chunk ${index} of the snapshot is not here`)
      const rows = rowsOf(row.bytes, after)
      after = rows.at(-1)?.[0]
      yield rows
    }
  }

  /** Puts the state taken in the place of the present one, in one transaction; its history is to come. */
  async install({ header, height, chunks }: Pick<SnapshotMetadata, 'header' | 'height' | 'chunks'>): Promise<void> {
    const { writer, ledger } = this
    await writer.query('BEGIN')
    try {
      const restored = await this.restored()
      if (restored) await this.forgetBlock(restored.block)
      await writer.query('DELETE FROM sluice_ledger.state WHERE ledger = $1::int', [ledger])
      for await (const rows of this.incoming(chunks.length)) {
        await writer.query(
          `INSERT INTO sluice_ledger.state (ledger, key, value)
           SELECT $1::int, * FROM unnest($2::text[], $3::text[])`,
          [ledger, textArray(rows.map(([key]) => key)), textArray(rows.map(([, text]) => text))],
        )
      }
      const hash = headerHash(header)
      await writer.query(
        `INSERT INTO sluice_ledger.block (ledger, height, header_hash, header, signature, change_keys, change_values)
         VALUES ($1::int, $2::bigint, $3, $4, '', '{}', '{}')`,
        [ledger, header.height, hash, canonicalJson(header as unknown as Json)],
      )
      await writer.query(
        `INSERT INTO sluice_ledger.consensus (ledger, height) VALUES ($1::int, $2::bigint)
         ON CONFLICT (ledger) DO UPDATE SET height = excluded.height`,
        [ledger, height],
      )
      await writer.query(
        `INSERT INTO sluice_ledger.restored (ledger, block, header_hash, filled) VALUES ($1::int, $2::bigint, $3, false)
         ON CONFLICT (ledger) DO UPDATE SET block = excluded.block, header_hash = excluded.header_hash, filled = false`,
        [ledger, header.height, hash],
      )
      await writer.query('DELETE FROM sluice_ledger.snapshot_incoming WHERE ledger = $1::int', [ledger])
      await writer.query('COMMIT')
    } catch (error) {
      await writer.query('ROLLBACK').catch(() => undefined) // a session that is gone has rolled back
      throw error
    }
  }

  /** All that is here of a block: a header that was restored, and its contents where they were filled in. */
  private async forgetBlock(height: number): Promise<void> {
    for (const table of ['block', 'command', 'event', 'feed_block']) {
      const text = `DELETE FROM sluice_ledger.${table} WHERE ledger = $1::int AND height = $2::bigint`
      await this.writer.query(text, [this.ledger, height])
    }
  }

  async restored(): Promise<RestoredRow | undefined> {
    const [row] = await this.database.query<{ block: string; header_hash: string; filled: boolean }>(
      'SELECT block, header_hash, filled FROM sluice_ledger.restored WHERE ledger = $1',
      [this.ledger],
    )
    return row && { block: Number(row.block), headerHash: row.header_hash, isFilled: row.filled }
  }

  /** The last block below this height whose whole history is here. */
  async filledBelow(height: number): Promise<number> {
    const [row] = await this.database.query<{ height: string }>(
      'SELECT max(height) AS height FROM sluice_ledger.block WHERE ledger = $1 AND height < $2',
      [this.ledger, height],
    )
    return Number(row!.height)
  }

  /** When a state was restored anew meanwhile, its last block has no contents yet, and nothing is said of it. */
  async putFilled({ block, headerHash }: RestoredRow): Promise<void> {
    await this.writer.query(
      `UPDATE sluice_ledger.restored r SET filled = true
       WHERE ledger = $1::int AND block = $2::bigint AND header_hash = $3 AND EXISTS (
         SELECT FROM sluice_ledger.block b
         WHERE b.ledger = r.ledger AND b.height = r.block AND cardinality(b.change_keys) > 0)`,
      [this.ledger, block, headerHash],
    )
  }
}
