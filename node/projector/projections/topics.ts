import { integer, pgSchema, text } from 'drizzle-orm/pg-core'
import { projection } from '../projection.ts'
import { cursorText } from '#ledger-adapter/port'

/** Every topic there is, with its last event: what a feed asks about when a subscriber wants all heads. */
export const topicTables = (schema: string) => ({
  topics: pgSchema(schema).table('topics', {
    id: text('id').primaryKey(),
    sequence: integer('sequence').notNull(),
    hash: text('hash').notNull(),
    cursor: text('cursor').notNull(),
  }),
})
type Tables = ReturnType<typeof topicTables>

export const topics = projection<Tables>({
  name: 'topics',
  version: 1,
  tables: topicTables,
  on: [],
  async each(tx, tables, { topics: entries, cursor }) {
    for (const { topic, sequence, hash } of entries) {
      const row = { sequence, hash, cursor: cursorText(cursor) }
      await tx
        .insert(tables.topics)
        .values({ id: topic, ...row })
        .onConflictDoUpdate({ target: tables.topics.id, set: row })
    }
  },
})
