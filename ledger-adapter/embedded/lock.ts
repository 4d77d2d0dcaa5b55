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
 * One sequencer per ledger: an advisory lock, and the one connection that both holds it and writes blocks. Since they
 * are one session, whoever takes the lock again after a broken connection knows that nothing sent on the old one can
 * still be committed. Behind it, the primary key of the block rows keeps two writers apart in any case.
 */
export class SequencerLock {
  readonly sql: postgres.Sql
  /** False once the session that held the lock is gone. */
  isHeld = false

  constructor(databaseUrl: string) {
    this.sql = postgres(databaseUrl, {
      max: 1,
      idle_timeout: 0,
      max_lifetime: null,
      connect_timeout: 5,
      backoff: () => 0.2,
      onclose: () => {
        this.isHeld = false
      },
      onnotice: () => undefined,
      // A session whose client vanished without a word must not keep the lock for hours.
      connection: {
        application_name: 'sluice-ledger-writer',
        tcp_keepalives_idle: 15,
        tcp_keepalives_interval: 5,
        tcp_keepalives_count: 3,
      },
    })
  }

  /** Takes the lock, or takes it again after the connection was lost. @throws LedgerLocked after `patienceMs` */
  async acquire(ledger: number, chainId: string, patienceMs: number): Promise<void> {
    for (let waited = 0; ; waited += RETRY_MS) {
      const [row] = await this.sql<{ held: boolean }[]>`
        SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
                       AND classid = ${LOCK_CLASS} AND objid = ${ledger} AND granted)
               OR pg_try_advisory_lock(${LOCK_CLASS}, ${ledger}) AS held`
      this.isHeld = row!.held
      if (this.isHeld) return
      if (waited >= patienceMs) throw new LedgerLocked(chainId)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  close(): Promise<void> {
    return this.sql.end({ timeout: 2 })
  }
}
