import { Database, FOR_EXECUTION } from './connection.ts'
import { SequencerLock } from './lock.ts'

/** The sessions of one ledger's process with its database, apart by who must not wait for whom. */
export class LedgerSessions {
  /** For readers: bounded, and busy when too many ask. */
  readonly database: Database
  /** For what executing a command needs of the state. */
  readonly executor: Database
  /** Holds the ledger, and writes its blocks. */
  readonly lock: SequencerLock

  /** @param timeoutMs how long one answer may take before its session is given up */
  constructor(databaseUrl: string, timeoutMs: number) {
    this.database = new Database(databaseUrl, timeoutMs)
    this.executor = new Database(databaseUrl, timeoutMs, FOR_EXECUTION)
    this.lock = new SequencerLock(databaseUrl, timeoutMs)
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.lock.close(), this.executor.close(), this.database.close()])
  }
}
