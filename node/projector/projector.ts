import { and, eq, ne } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { cursorText, type CommittedEvent, type Ledger } from '#ledger-adapter/port'
import { Loop } from '../loop.ts'
import type { Database, Projection, Transaction } from './projection.ts'
import { lockProgress, progressOf, projections, setUp, type Progress } from './state.ts'
import { createSchema, createTable, dropSchema, schemaOf, swapViews } from './tables.ts'

export interface ProjectorOptions {
  readonly ledger: Pick<Ledger, 'events' | 'head' | 'onCommit'>
  readonly db: Database
  readonly projections: readonly Projection[]
  readonly pageSize?: number
  /** A lost hint of the ledger delays by this at most. */
  readonly idleMs?: number
  /** How long a projection that has caught up lets commits gather; the first after a quiet time is taken in at once. */
  readonly restMs?: number
  /** A projection that fails stops where it is and tries again; the node must be able to say so. */
  readonly onError: (projection: string, error: unknown) => void
}

type Tables = Record<string, PgTable>

/**
 * Feeds read models from the ledger's log, each projection at its own pace. The cursor lies in Postgres, in the same
 * transaction as the rows, and its row is locked while a page is taken in: after a kill it goes on where it was, and a
 * second projector of the same version finds the cursor moved and takes nothing in twice.
 */
export class Projector {
  private readonly loops: Loop[]
  private readonly tables: ReadonlyMap<Projection, Tables>

  constructor(private readonly options: ProjectorOptions) {
    const { ledger, idleMs = 1_000, restMs = 100, onError } = options
    this.tables = new Map(options.projections.map((each) => [each, each.tables(schemaOf(each.name, each.version))]))
    this.loops = options.projections.map(
      (projection) =>
        new Loop({
          step: () => this.step(projection),
          onCommit: (listener) => ledger.onCommit(listener),
          idleMs,
          restMs,
          onError: (error) => onError(projection.name, error),
        }),
    )
  }

  async start(): Promise<void> {
    const { db, projections: all } = this.options
    await setUp(db)
    for (const projection of all) await this.prepare(projection)
    for (const loop of this.loops) loop.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()))
  }

  /** Tables of this version, beside those of another; the first version ever is read while it is being built. */
  private async prepare(projection: Projection): Promise<void> {
    const { name, version } = projection
    await this.options.db.transaction(async (tx) => {
      const [claimed] = await tx
        .insert(projections)
        .values({ name, version, cursor: null, height: -1, isLive: false })
        .onConflictDoNothing()
        .returning()
      if (!claimed) return
      const tables = tablesOf(projection)
      await tx.execute(createSchema(schemaOf(name, version)))
      for (const statement of tables.flatMap(createTable)) await tx.execute(statement)
      const others = await tx
        .select()
        .from(projections)
        .where(and(eq(projections.name, name), ne(projections.version, version)))
      if (others.length === 0) await goLive(tx, projection)
    })
  }

  /** True when there may be more at once. */
  private async step(projection: Projection): Promise<boolean> {
    const { ledger, db, pageSize = 500 } = this.options
    const before = await progressOf(db, projection.name, projection.version)
    if (!before) throw new Error(`another version of ${projection.name} took over`)
    // The head is read first: whatever is not in the page by then lies above it.
    const { height } = await ledger.head()
    const events = await ledger.events(before.cursor, { limit: pageSize })
    const isLast = events.length < pageSize
    const reached = isLast ? height : events.at(-1)!.cursor.height - 1
    if (events.length === 0 && reached <= before.height && before.isLive) return false
    await db.transaction((tx) => this.takeIn(tx, projection, { before, events, reached, isLast }))
    return !isLast
  }

  private async takeIn(
    tx: Transaction,
    projection: Projection,
    page: { before: Progress; events: readonly CommittedEvent[]; reached: number; isLast: boolean },
  ): Promise<void> {
    const { name, version } = projection
    const { before, events, reached, isLast } = page
    const now = await lockProgress(tx, name, version)
    if (!now) throw new Error(`another version of ${name} took over`)
    if (textOf(now) !== textOf(before)) return // another projector took this page in; look again
    const tables = this.tables.get(projection)!
    const handlers = new Map(projection.on)
    for (const event of events) {
      await projection.each?.(tx, tables, event)
      await handlers.get(`${event.contract}.${event.event}`)?.(tx, tables, event)
    }
    const last = events.at(-1)?.cursor ?? now.cursor
    await tx
      .update(projections)
      .set({ cursor: last ? cursorText(last) : null, height: Math.max(reached, now.height) })
      .where(and(eq(projections.name, name), eq(projections.version, version)))
    if (isLast && !now.isLive) await goLive(tx, projection)
  }
}

const textOf = ({ cursor }: Progress): string => (cursor ? cursorText(cursor) : '')
const tablesOf = (projection: Projection): PgTable[] =>
  Object.values(projection.tables(schemaOf(projection.name, projection.version)))

/** Readers see this version from now on, and what the others built is gone, all in one transaction. */
async function goLive(tx: Transaction, projection: Projection): Promise<void> {
  const { name, version } = projection
  for (const statement of swapViews(tablesOf(projection))) await tx.execute(statement)
  const others = and(eq(projections.name, name), ne(projections.version, version))
  for (const other of await tx.delete(projections).where(others).returning()) {
    await tx.execute(dropSchema(schemaOf(name, other.version)))
  }
  await tx
    .update(projections)
    .set({ isLive: true })
    .where(and(eq(projections.name, name), eq(projections.version, version)))
}
