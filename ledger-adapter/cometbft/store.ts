import type { BuiltBlock } from '../application/build-block.ts'
import { textArray } from '../embedded/binary-array.ts'
import type { Database } from '../embedded/connection.ts'
import type { SequencerLock } from '../embedded/lock.ts'
import type { LedgerSessions } from '../embedded/sessions.ts'
import { LedgerStore } from '../embedded/store.ts'
import type { BlockHeader } from '#proof/block'
import type { JsonObject } from '#proof/json'
import type { HistoryRows, StoredGroup } from './block-history.ts'

const MIGRATION_LOCK = 7_405_303

/**
 * The rows of one node of the network: those of any ledger, and the height of consensus that it has reached. A block
 * with commands says its height itself, in its own transaction; one without changes nothing but this height. Groups of
 * the history (./block-history.ts) follow from the block log, and are here so that a start need not read all of it.
 */
export class ReplicaStore implements HistoryRows {
  private constructor(
    readonly rows: LedgerStore,
    private readonly database: Database,
    private readonly writer: SequencerLock,
  ) {}

  static async open(sessions: LedgerSessions, chainId: string, genesis: JsonObject) {
    const rows = await LedgerStore.open(sessions, chainId, genesis)
    const { database, lock } = sessions
    await database.query(`DO $$ BEGIN
      PERFORM pg_advisory_xact_lock(${MIGRATION_LOCK});
      CREATE TABLE IF NOT EXISTS sluice_ledger.consensus (ledger integer PRIMARY KEY, height bigint NOT NULL);
      CREATE TABLE IF NOT EXISTS sluice_ledger.history_group (
        ledger integer NOT NULL, number integer NOT NULL, last_height bigint NOT NULL, node bytea NOT NULL,
        PRIMARY KEY (ledger, number));
    END $$`)
    return new ReplicaStore(rows, database, lock)
  }

  get lockId(): number {
    return this.rows.lockId
  }

  append(block: BuiltBlock): Promise<void> {
    return this.rows.append(block, '')
  }

  lastBlock() {
    return this.rows.lastBlock()
  }

  async *headersAfter(height: number): AsyncIterable<readonly BlockHeader[]> {
    const text = 'SELECT header FROM sluice_ledger.block WHERE ledger = $1 AND height > $2 ORDER BY height'
    for await (const rows of this.database.rows<HeaderRow>(text, [this.lockId, height])) yield rows.map(headerOf)
  }

  async headersBetween(first: number, last: number): Promise<readonly BlockHeader[]> {
    const rows = await this.database.query<HeaderRow>(
      'SELECT header FROM sluice_ledger.block WHERE ledger = $1 AND height BETWEEN $2 AND $3 ORDER BY height',
      [this.lockId, first, last],
    )
    return rows.map(headerOf)
  }

  async *historyGroups(): AsyncIterable<readonly StoredGroup[]> {
    const text = `SELECT number, last_height, encode(node, 'hex') AS node FROM sluice_ledger.history_group
      WHERE ledger = $1 ORDER BY number`
    let next = 0
    for await (const rows of this.database.rows<GroupRow>(text, [this.lockId])) {
      const gap = rows.findIndex(({ number }, n) => number !== next + n)
      const groups = gap < 0 ? rows : rows.slice(0, gap)
      yield groups.map(({ last_height, node }) => ({ lastHeight: Number(last_height), node }))
      if (gap >= 0) return
      next += rows.length
    }
  }

  async putHistoryGroups(from: number, groups: readonly StoredGroup[]): Promise<void> {
    await this.database.query(
      `INSERT INTO sluice_ledger.history_group (ledger, number, last_height, node)
       SELECT $1::int, $2::int + t.n - 1, t.last_height::bigint, decode(t.node, 'hex')
       FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS t (last_height, node, n)
       ON CONFLICT DO NOTHING`,
      [this.lockId, from, textArray(groups.map(({ lastHeight }) => String(lastHeight))), textArray(groups.map(({ node }) => node))], // prettier-ignore
    )
  }

  async dropHistoryGroups(): Promise<void> {
    await this.database.query('DELETE FROM sluice_ledger.history_group WHERE ledger = $1', [this.lockId])
  }

  async putHeight(height: number): Promise<void> {
    await this.writer.query(
      `INSERT INTO sluice_ledger.consensus (ledger, height) VALUES ($1::int, $2::bigint)
       ON CONFLICT (ledger) DO UPDATE SET height = excluded.height`,
      [this.lockId, height],
    )
  }

  async height(): Promise<number> {
    const [row] = await this.database.query<{ height: string }>(
      'SELECT height FROM sluice_ledger.consensus WHERE ledger = $1',
      [this.lockId],
    )
    return Number(row?.height ?? 0)
  }
}

interface HeaderRow {
  header: string
}
interface GroupRow {
  number: number
  last_height: string
  node: string
}

const headerOf = ({ header }: HeaderRow): BlockHeader => JSON.parse(header) as BlockHeader
