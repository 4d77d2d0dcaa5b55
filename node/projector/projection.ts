import { numeric, text, type PgTable } from 'drizzle-orm/pg-core'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Static, TSchema } from 'typebox'
import type { EventType } from '#contracts/kernel/event'
import type { CommittedEvent } from '#ledger-adapter/port'

export type Database = PostgresJsDatabase
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/** What one event becomes, in the transaction that moves the cursor. Nothing is computed that the event does not say. */
export type Handler<T> = (tx: Transaction, tables: T, event: CommittedEvent) => Promise<void>

/** A read model: its tables and what each event does to them. An event without handler does not concern it. */
export interface Projection<T extends Record<string, PgTable> = Record<string, PgTable>> {
  readonly name: string
  /** Raised whenever tables or handlers change: the new version is built beside the old one, then swapped. */
  readonly version: number
  readonly tables: (schema: string) => T
  /** Each event once. */
  readonly on: readonly (readonly [name: string, handler: Handler<T>])[]
  /** For every event, whatever it is. */
  readonly each?: Handler<T>
}

export const projection = <T extends Record<string, PgTable>>(definition: Projection<T>): Projection<T> => definition

/** `height.index` and the event's text cursor, as read models keep them to say where a row comes from. */
export const positionOf = ({ cursor }: CommittedEvent): string => `${cursor.height}.${cursor.index}`

/** `const when = handlersOf<Tables>()`, then `when(accountOpened, async (tx, tables, data, event) => …)`. */
export const handlersOf =
  <T>() =>
  <S extends TSchema>(
    type: EventType<S>,
    run: (tx: Transaction, tables: T, data: Static<S>, event: CommittedEvent) => Promise<unknown>,
  ): readonly [string, Handler<T>] => [
    `${type.contract}.${type.event}`,
    async (tx, tables, event) => {
      await run(tx, tables, event.data as Static<S>, event)
    },
  ]

/** Fen, as text in JSON and sorted as a number. */
export const fen = (name: string) => numeric(name, { precision: 30, scale: 0 })

/** Who may read the row (topics of the event that made it), and what last moved it. */
export const provenance = () => ({
  topics: text('topics').array().notNull(),
  position: text('position').notNull(),
  commandId: text('command_id').notNull(),
})

export const made = (event: CommittedEvent) => ({
  topics: event.topics.map(({ topic }) => topic),
  ...moved(event),
})

/** For a row that an earlier event made: its readers stay the same. */
export const moved = (event: CommittedEvent) => ({ position: positionOf(event), commandId: event.commandId })
