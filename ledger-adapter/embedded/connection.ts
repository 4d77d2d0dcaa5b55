import pg from 'pg'
import Cursor from 'pg-cursor'

/** No answer: whether the server did what it was asked is not known unless nothing was sent. */
export class StoreUnreachable extends Error {
  override readonly name = 'StoreUnreachable'
  readonly code = 'STORE_UNREACHABLE'
  constructor(cause: unknown) {
    super(`the store does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** An error of the connection or of the server, as opposed to a defect of ours. */
export const isStoreError = (error: unknown): error is pg.DatabaseError | StoreUnreachable =>
  error instanceof pg.DatabaseError || error instanceof StoreUnreachable

/**
 * The server answered that it did not commit. Anything else (a broken wire, a server going down or out of connections)
 * leaves it unknown. Told by SQLSTATE, since the severity's word is translated.
 */
export const isDefiniteFailure = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && !/^(08|57P|40003|25P03|53300|XX|F0)/.test(error.code ?? '08')

/** Another process wrote the row that ours would have been. */
export const isConflict = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === '23505'

/** Class 22: a text with a NUL or half a surrogate. Only reads carry a caller's values to the store unchecked. */
export const isBadValue = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && (error.code ?? '').startsWith('22')

/** More ask at once than is healthy. */
export class StoreBusy extends Error {
  override readonly name = 'StoreBusy'
  constructor(readonly waiting: number) {
    super(`${waiting} questions wait for the store`)
  }
}

/** What the client library says of a lost connection has no type of its own: all but the server's words and our defects. */
export const asStoreError = (error: unknown): unknown =>
  error instanceof pg.DatabaseError ||
  error instanceof StoreUnreachable ||
  error instanceof TypeError ||
  error instanceof RangeError
    ? error
    : new StoreUnreachable(error)

const CONNECT_TIMEOUT_MS = 5_000

/** How many sessions, and how many questions may wait for one. */
export interface PoolSize {
  readonly sessions: number
  readonly waiting: number
}
/** Of whoever asks from outside: beyond it they are told that the store is busy. */
const FOR_READERS: PoolSize = { sessions: 6, waiting: 2_000 }
/**
 * Of the execution of commands, whose questions are bounded by the queue of commands: readers must not hold it up, and
 * being busy is no answer to it.
 */
export const FOR_EXECUTION: PoolSize = { sessions: 2, waiting: Infinity }
const CURSOR_ROWS = 5_000

/** Settings of every session; `timeoutMs` bounds each statement on both ends of the wire. */
export const sessionConfig = (databaseUrl: string, name: string, timeoutMs: number): pg.ClientConfig => ({
  connectionString: databaseUrl,
  application_name: name,
  keepAlive: true,
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  // The server gives up first, so that a statement which is merely slow has a definite end.
  statement_timeout: timeoutMs,
  query_timeout: timeoutMs + 1_000,
})

const names = new Map<string, string>()

/** The same text is prepared once in a session. Texts are constants of this folder, so there are few. */
export function prepared(text: string, values: readonly unknown[]): pg.QueryConfig {
  const name = names.get(text) ?? `sluice_${names.size}`
  names.set(text, name)
  return { name, text, values: [...values] }
}

/** Whoever may be asked: the pool, or one session with a snapshot. */
export interface Asking {
  query<T>(text: string, values?: readonly unknown[]): Promise<T[]>
}

/**
 * Sessions for reading. Every answer is waited for a bounded time; a session that failed in any way is closed and the
 * next question opens another, so nothing is left of a server that died.
 */
export class Database implements Asking {
  private readonly pool: pg.Pool

  /** @param timeoutMs how long one answer may take */
  constructor(
    databaseUrl: string,
    readonly timeoutMs: number,
    private readonly size: PoolSize = FOR_READERS,
  ) {
    const config = sessionConfig(databaseUrl, 'sluice-ledger', timeoutMs)
    this.pool = new pg.Pool({ ...config, max: size.sessions, idleTimeoutMillis: 60_000 })
    // An idle session that breaks is told here and nowhere else; without a listener it would end the process.
    this.pool.on('error', () => undefined)
  }

  async query<T>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    if (this.pool.waitingCount >= this.size.waiting) throw new StoreBusy(this.pool.waitingCount)
    try {
      return (await this.pool.query(prepared(text, values))).rows as T[]
    } catch (error) {
      throw asStoreError(error)
    }
  }

  /** One session for as long as `use` lasts. */
  async session<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined
    let failure: unknown
    // A session broken between two statements says so by an event; the next statement fails then.
    const onError = (error: unknown) => void (failure ??= error)
    try {
      client = await this.pool.connect()
      client.on('error', onError)
      return await use(client)
    } catch (error) {
      failure ??= error
      throw asStoreError(error)
    } finally {
      client?.removeListener('error', onError)
      client?.release(failure !== undefined)
    }
  }

  /** All rows in batches, read as they are wanted; each batch is waited for like any other answer. */
  async *rows<T>(text: string, values: readonly unknown[] = []): AsyncIterable<readonly T[]> {
    let client: pg.PoolClient | undefined
    let isDone = false
    const onError = () => undefined // the reading under way fails by itself
    try {
      client = await this.pool.connect()
      client.on('error', onError)
      const cursor = client.query(new Cursor<T>(text, [...values]))
      for (;;) {
        const batch = await bounded(cursor.read(CURSOR_ROWS), this.timeoutMs)
        if (batch.length > 0) yield batch
        if (batch.length < CURSOR_ROWS) break
      }
      await bounded(cursor.close(), this.timeoutMs)
      isDone = true
    } catch (error) {
      throw asStoreError(error)
    } finally {
      client?.removeListener('error', onError)
      // A reader that stopped half way leaves its cursor behind: the session is closed with it.
      client?.release(!isDone)
    }
  }

  async close(): Promise<void> {
    await bounded(this.pool.end(), CONNECT_TIMEOUT_MS).catch(() => undefined) // what hangs is cut by its own timeouts
  }
}

/** Waits so long and no longer. @throws StoreUnreachable */
export async function bounded<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreUnreachable(`nothing within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
    answer.catch(() => undefined)
  }
}
