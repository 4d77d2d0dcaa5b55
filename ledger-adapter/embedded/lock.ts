import postgres from 'postgres'

const LOCK_CLASS = 7_405_302
const RETRY_MS = 100

/** Another live process sequences this ledger. */
export class LedgerLocked extends Error {
  override readonly name = 'LedgerLocked'
  constructor(readonly chainId: string) {
    super(`another process sequences the ledger ${chainId} in this database`)
  }
}

/**
 * One sequencer per ledger. The lock lives as long as its connection and gives an early, clear error; what makes two
 * writers harmless even when a connection is lost is the primary key of the block rows.
 */
export class SequencerLock {
  private readonly sql: postgres.Sql

  constructor(databaseUrl: string) {
    this.sql = postgres(databaseUrl, {
      max: 1,
      idle_timeout: 0,
      max_lifetime: null,
      connect_timeout: 5,
      onnotice: () => undefined,
      connection: { application_name: 'sluice-ledger-lock' },
    })
  }

  /** Takes the lock, or takes it again after the connection was lost. @throws LedgerLocked after `patienceMs` */
  async acquire(ledger: number, chainId: string, patienceMs: number): Promise<void> {
    for (let waited = 0; ; waited += RETRY_MS) {
      const [row] = await this.sql<{ held: boolean }[]>`
        SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
                       AND classid = ${LOCK_CLASS} AND objid = ${ledger} AND granted)
               OR pg_try_advisory_lock(${LOCK_CLASS}, ${ledger}) AS held`
      if (row!.held) return
      if (waited >= patienceMs) throw new LedgerLocked(chainId)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  close(): Promise<void> {
    return this.sql.end({ timeout: 2 })
  }
}
