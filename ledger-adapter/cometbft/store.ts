import type { BuiltBlock } from '../application/build-block.ts'
import type { Database } from '../embedded/connection.ts'
import type { SequencerLock } from '../embedded/lock.ts'
import type { LedgerSessions } from '../embedded/sessions.ts'
import { LedgerStore } from '../embedded/store.ts'
import type { BlockHeader } from '#proof/block'
import type { JsonObject } from '#proof/json'

const MIGRATION_LOCK = 7_405_303

/**
 * The rows of one node of the network: those of any ledger, and the height of consensus that it has reached. A block
 * with commands says its height itself, in its own transaction; one without changes nothing but this height.
 */
export class ReplicaStore {
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

  /** Headers of the blocks with commands after this height, in order. */
  async headersAfter(height: number): Promise<BlockHeader[]> {
    const headers: BlockHeader[] = []
    const text = 'SELECT header FROM sluice_ledger.block WHERE ledger = $1 AND height > $2 ORDER BY height'
    for await (const rows of this.database.rows<{ header: string }>(text, [this.lockId, height])) {
      for (const { header } of rows) headers.push(JSON.parse(header) as BlockHeader)
    }
    return headers
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
