import pg from 'pg'
import { asStoreError, bounded, prepared, sessionConfig, StoreUnreachable, type Asking } from './connection.ts'

const LOCK_CLASS = 7_405_302
const RETRY_MS = 100

/** Another live process sequences this ledger. */
export class LedgerLocked extends Error {
  override readonly name = 'LedgerLocked'
  constructor(readonly chainId: string) {
    super(`another process sequences the ledger ${chainId} in this database`)
  }
}

// Acknowledged means durable, whatever the server's own settings are. And a session whose client vanished without a word
// must not keep the lock for hours.
const SETTINGS =
  '-c synchronous_commit=on -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3'

/**
 * One sequencer per ledger: an advisory lock, and the one session that both holds it and writes blocks. Since they are
 * one, whoever takes the lock again after a broken connection knows that nothing sent on the old one can still be
 * committed. Behind it, the primary key of the block rows keeps two writers apart in any case.
 */
export class SequencerLock implements Asking {
  /** False once the session that held the lock is gone. */
  isHeld = false
  private session: pg.Client | undefined
  private connecting: Promise<pg.Client> | undefined

  /** @param timeoutMs how long one answer may take before its session is given up */
  constructor(
    private readonly databaseUrl: string,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Asks on the session that took the lock, never on a later one: what is written here is written under the lock. A
   * session that fails is given up, and its end frees the lock.
   */
  async query<T>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    if (!this.session) throw new StoreUnreachable('the session that held the lock is gone')
    return this.ask(this.session, text, values)
  }

  private async ask<T>(client: pg.Client, text: string, values: readonly unknown[]): Promise<T[]> {
    try {
      return (await client.query(prepared(text, values))).rows as T[]
    } catch (error) {
      // A refusal of the statement leaves the session as it was.
      const isAlive = error instanceof pg.DatabaseError && error.severity === 'ERROR'
      if (!isAlive) this.drop(client)
      throw asStoreError(error)
    }
  }

  private connected(): Promise<pg.Client> {
    if (this.session) return Promise.resolve(this.session)
    // Two at once would be two sessions, and the lock held by the one nobody knows.
    this.connecting ??= this.connect().finally(() => (this.connecting = undefined))
    return this.connecting
  }

  private async connect(): Promise<pg.Client> {
    const config = sessionConfig(this.databaseUrl, 'sluice-ledger-writer', this.timeoutMs)
    const client = new pg.Client({ ...config, options: SETTINGS })
    client.on('error', () => this.drop(client))
    client.on('end', () => this.drop(client))
    try {
      await client.connect()
    } catch (error) {
      this.drop(client)
      throw asStoreError(error)
    }
    this.session = client
    return client
  }

  private drop(client: pg.Client): void {
    if (this.session === client) {
      this.session = undefined
      this.isHeld = false
    }
    client.end().catch(() => undefined) // asked in vain of a session that is gone
  }

  /** Takes the lock, or takes it again after the connection was lost. @throws LedgerLocked after `patienceMs` */
  async acquire(ledger: number, chainId: string, patienceMs: number): Promise<void> {
    for (let waited = 0; ; waited += RETRY_MS) {
      const [row] = await this.ask<{ held: boolean }>(
        await this.connected(),
        `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
                        AND classid = $1::int::oid AND objid = $2::int::oid AND granted)
                OR pg_try_advisory_lock($1::int, $2::int) AS held`,
        [LOCK_CLASS, ledger],
      )
      this.isHeld = row!.held
      if (this.isHeld) return
      if (waited >= patienceMs) throw new LedgerLocked(chainId)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  async close(): Promise<void> {
    const { session } = this
    this.session = undefined
    this.isHeld = false
    if (session) await bounded(session.end(), this.timeoutMs).catch(() => undefined)
  }
}
