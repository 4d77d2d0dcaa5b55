import { eq, inArray, sql } from 'drizzle-orm'
import { integer, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core'
import { cursorText, parseCursor, type Ledger } from '#ledger-adapter/port'
import { Loop } from '../loop.ts'
import type { Database } from '../projector/projection.ts'
import { createSchema, createTable } from '../projector/tables.ts'

/** Wakes workflows; what stands behind it is Temporal (workflows/temporal-port.ts). */
export interface SignalSender {
  /** May come twice or late. `gone`: the workflow is closed and needs no more hints. */
  hint(workflowId: string): Promise<void | 'gone'>
}

const node = pgSchema('node')
const waits = node.table(
  'relay_waits',
  { workflowId: text('workflow_id').notNull(), topic: text('topic').notNull() },
  (table) => [primaryKey({ columns: [table.topic, table.workflowId] })],
)
const progress = node.table('relay_progress', { id: integer('id').primaryKey(), cursor: text('cursor') })

const wakeKey = (topic: string, event?: string): string => (event === undefined ? topic : `${topic}#${event}`)

export interface RelayOptions {
  readonly ledger: Pick<Ledger, 'events' | 'onCommit'>
  readonly db: Database
  readonly signals: SignalSender
  readonly pageSize?: number
  readonly idleMs?: number
  readonly onError: (error: unknown) => void
}

/** Only one page is on its way at a time; so many workflows are woken at once. */
const AT_ONCE = 16

/**
 * Events → hints to the workflows that wait for their topics. The cursor moves after the hints are out: a kill between
 * repeats them, and a woken workflow re-reads the ledger anyway. A hint that is lost is covered by the workflow's own
 * slow poll, so a signal that fails stops the relay only until the next try.
 */
export class Relay {
  private readonly loop: Loop

  constructor(private readonly options: RelayOptions) {
    this.loop = new Loop({
      step: () => this.step(),
      onCommit: (listener) => options.ledger.onCommit(listener),
      idleMs: options.idleMs ?? 1_000,
      onError: options.onError,
    })
  }

  async start(): Promise<void> {
    const { db } = this.options
    await db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(7356002)`)
      for (const statement of [createSchema('node'), ...createTable(waits), ...createTable(progress)]) {
        await tx.execute(statement)
      }
      await tx.insert(progress).values({ id: 1, cursor: null }).onConflictDoNothing()
    })
    this.loop.start()
  }

  stop(): Promise<void> {
    return this.loop.stop()
  }

  /**
   * From now on the workflow is woken by events of these topics, or by those of one name in a topic: to wake one that
   * waits for something else costs both servers work. Told before it starts, so that none is missed.
   */
  async add(workflowId: string, wakes: readonly { topic: string; event?: string }[]): Promise<void> {
    if (wakes.length === 0) return
    const rows = wakes.map(({ topic, event }) => ({ workflowId, topic: wakeKey(topic, event) }))
    await this.options.db.insert(waits).values(rows).onConflictDoNothing()
  }

  private async step(): Promise<boolean> {
    const { ledger, db, pageSize = 500 } = this.options
    const [row] = await db.select().from(progress).where(eq(progress.id, 1))
    const after = row?.cursor ? parseCursor(row.cursor) : undefined
    const events = await ledger.events(after, { limit: pageSize })
    const last = events.at(-1)
    if (!last) return false
    const topics = new Set(
      events.flatMap(({ event, topics }) => topics.flatMap(({ topic }) => [wakeKey(topic), wakeKey(topic, event)])),
    )
    await this.wake([...topics])
    await db
      .update(progress)
      .set({ cursor: cursorText(last.cursor) })
      .where(eq(progress.id, 1))
    return events.length === pageSize
  }

  /** However many events of a page concern a workflow, it is woken once. */
  private async wake(topics: readonly string[]): Promise<void> {
    const { db, signals } = this.options
    const rows = await db
      .selectDistinct({ id: waits.workflowId })
      .from(waits)
      .where(inArray(waits.topic, [...topics]))
    for (let i = 0; i < rows.length; i += AT_ONCE) {
      const answers = await Promise.all(
        rows.slice(i, i + AT_ONCE).map(async ({ id }) => ({ id, answer: await signals.hint(id) })),
      )
      const gone = answers.filter(({ answer }) => answer === 'gone').map(({ id }) => id)
      if (gone.length > 0) await db.delete(waits).where(inArray(waits.workflowId, gone))
    }
  }
}
