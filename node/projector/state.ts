import { and, eq, sql } from 'drizzle-orm'
import { boolean, integer, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core'
import { parseCursor, type EventCursor, type Position } from '#ledger-adapter/port'
import type { Database, Transaction } from './projection.ts'
import { createSchema, createTable, READ_SCHEMA } from './tables.ts'

const node = pgSchema('node')

/** How far each version of each projection is, and which of them is read. */
export const projections = node.table(
  'projections',
  {
    name: text('name').notNull(),
    version: integer('version').notNull(),
    /** `height.index.event` of the last event taken in; null before the first. */
    cursor: text('cursor'),
    /** Every event of this height and below is in, also when the last of them lies before it. */
    height: integer('height').notNull(),
    isLive: boolean('is_live').notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.version] })],
)

/** Two nodes starting at once must not create the same things at once. */
const SETUP_LOCK = 7_356_001n

export async function setUp(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${SETUP_LOCK.toString()}::bigint)`)
    for (const statement of [createSchema('node'), createSchema(READ_SCHEMA), ...createTable(projections)]) {
      await tx.execute(statement)
    }
  })
}

export interface Progress {
  readonly cursor: EventCursor | undefined
  readonly height: number
  readonly isLive: boolean
}

const at = (name: string, version: number) => and(eq(projections.name, name), eq(projections.version, version))

export async function progressOf(
  db: Database | Transaction,
  name: string,
  version: number,
): Promise<Progress | undefined> {
  const [row] = await db.select().from(projections).where(at(name, version))
  return row && { ...row, cursor: row.cursor === null ? undefined : parseCursor(row.cursor) }
}

/** The same, holding the row until the transaction ends: whoever else projects this version waits here. */
export async function lockProgress(tx: Transaction, name: string, version: number): Promise<Progress | undefined> {
  const [row] = await tx.select().from(projections).where(at(name, version)).for('update')
  return row && { ...row, cursor: row.cursor === null ? undefined : parseCursor(row.cursor) }
}

export async function liveHeight(db: Database, names: readonly string[]): Promise<number> {
  const rows = await db.select().from(projections).where(eq(projections.isLive, true))
  return Math.min(...names.map((name) => rows.find((row) => row.name === name)?.height ?? -1))
}

export const isReached = ({ height }: Position, reachedHeight: number): boolean => height <= reachedHeight
