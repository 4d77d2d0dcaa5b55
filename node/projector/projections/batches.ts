import { eq } from 'drizzle-orm'
import { date, integer, jsonb, pgSchema, text } from 'drizzle-orm/pg-core'
import { batchAttested, batchProposed, batchRejected } from '#contracts/asset-registry/events'
import type { JsonObject } from '#proof/json'
import { handlersOf, made, moved, projection, provenance } from '../projection.ts'

/** Versions of each plan's assets: sums and root, who proposed and who vouched. */
export const batchTables = (schema: string) => ({
  assetBatches: pgSchema(schema).table('asset_batches', {
    /** deal/version */
    id: text('id').primaryKey(),
    deal: text('deal').notNull(),
    version: integer('version').notNull(),
    state: text('state').notNull(),
    asOf: date('as_of', { mode: 'string' }).notNull(),
    previous: text('previous'),
    root: jsonb('root').$type<JsonObject>().notNull(),
    changed: integer('changed').notNull(),
    contentHash: text('content_hash').notNull(),
    proposedBy: text('proposed_by').notNull(),
    attestedBy: text('attested_by'),
    reason: text('reason'),
    ...provenance(),
  }),
})
type Tables = ReturnType<typeof batchTables>
const when = handlersOf<Tables>()
const idOf = ({ deal, version }: { deal: string; version: number }): string => `${deal}/${version}`

export const batches = projection<Tables>({
  name: 'batches',
  version: 1,
  tables: batchTables,
  on: [
    when(batchProposed, (tx, { assetBatches }, data, event) => {
      const { deal, version, state, asOf, previous, root, changed, contentHash, participant: proposedBy } = data
      const row = { deal, version, state, asOf, previous, root, changed, contentHash, proposedBy, ...made(event) }
      return tx.insert(assetBatches).values({ id: idOf(data), ...row })
    }),
    when(batchAttested, (tx, { assetBatches }, data, event) =>
      tx
        .update(assetBatches)
        .set({ state: data.state, attestedBy: data.participant, ...moved(event) })
        .where(eq(assetBatches.id, idOf(data))),
    ),
    when(batchRejected, (tx, { assetBatches }, data, event) =>
      tx
        .update(assetBatches)
        .set({ state: data.state, reason: data.reason, ...moved(event) })
        .where(eq(assetBatches.id, idOf(data))),
    ),
  ],
})
