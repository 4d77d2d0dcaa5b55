import { eq } from 'drizzle-orm'
import { date, jsonb, pgSchema, text } from 'drizzle-orm/pg-core'
import {
  closed,
  decided,
  established,
  opinionLodged,
  proposed,
  ratingConfirmed,
  creditReturned,
  fundsVerified,
  investorsNamed,
  priceInstructed,
  statusChanged,
  termsConfirmed,
  withdrawn,
} from '#contracts/deal/events'
import type { CommittedEvent } from '#ledger-adapter/port'
import type { JsonObject } from '#proof/json'
import { handlersOf, made, moved, projection, provenance, type Transaction } from '../projection.ts'

/** Plans from proposal to close, their terms, and who signed what on the way. */
export const dealTables = (schema: string) => {
  const here = pgSchema(schema)
  return {
    deals: here.table('deals', {
      id: text('id').primaryKey(),
      state: text('state').notNull(),
      /** Which waterfall rules. */
      status: text('status').notNull(),
      termsHash: text('terms_hash').notNull(),
      terms: jsonb('terms').$type<JsonObject>().notNull(),
      parties: jsonb('parties').$type<JsonObject>().notNull(),
      ratings: jsonb('ratings').$type<readonly JsonObject[]>().notNull(),
      opinionHash: text('opinion_hash'),
      validUntil: date('valid_until', { mode: 'string' }),
      establishedOn: date('established_on', { mode: 'string' }),
      closedOn: date('closed_on', { mode: 'string' }),
      ...provenance(),
    }),
    dealSteps: here.table('deal_steps', {
      /** The event's cursor. */
      id: text('id').primaryKey(),
      deal: text('deal').notNull(),
      step: text('step').notNull(),
      participant: text('participant'),
      operator: text('operator'),
      details: jsonb('details').$type<JsonObject>().notNull(),
      ...provenance(),
    }),
  }
}
type Tables = ReturnType<typeof dealTables>
const when = handlersOf<Tables>()

/** What happened, as the event says it; the plan's own row is for its readers even where a step is public. */
async function step(
  tx: Transaction,
  { deals, dealSteps }: Tables,
  data: { deal: string; participant?: string; operator?: string },
  event: CommittedEvent,
  fields: Partial<typeof deals.$inferInsert>,
): Promise<void> {
  const { height, index, event: ordinal } = event.cursor
  const { deal, participant = null, operator = null } = data
  await tx.insert(dealSteps).values({
    id: `${height}.${index}.${ordinal}`,
    deal,
    step: event.event,
    participant,
    operator,
    details: event.event === 'Proposed' ? {} : event.data,
    ...made(event),
  })
  await tx
    .update(deals)
    .set({ ...fields, ...moved(event) })
    .where(eq(deals.id, deal))
}

export const deals = projection<Tables>({
  name: 'deals',
  version: 2,
  tables: dealTables,
  on: [
    when(proposed, async (tx, tables, data, event) => {
      const { deal, state, terms, termsHash, parties } = data
      await tx.insert(tables.deals).values({
        id: deal,
        state,
        status: terms.status,
        termsHash,
        terms: terms as unknown as JsonObject,
        parties,
        ratings: [],
        ...made(event),
      })
      await step(tx, tables, { deal }, event, {})
    }),
    when(termsConfirmed, (tx, tables, data, event) => step(tx, tables, data, event, { state: data.state })),
    when(ratingConfirmed, (tx, tables, data, event) =>
      step(tx, tables, data, event, { state: data.state, ratings: data.ratings }),
    ),
    when(opinionLodged, (tx, tables, data, event) => step(tx, tables, data, event, { opinionHash: data.contentHash })),
    when(decided, (tx, tables, data, event) =>
      step(tx, tables, data, event, { state: data.state, validUntil: data.validUntil }),
    ),
    when(withdrawn, (tx, tables, data, event) => step(tx, tables, data, event, { state: data.state })),
    when(established, (tx, tables, data, event) =>
      step(tx, tables, data, event, { state: data.state, establishedOn: data.establishedOn }),
    ),
    when(fundsVerified, (tx, tables, data, event) => step(tx, tables, data, event, { state: data.state })),
    when(investorsNamed, (tx, tables, data, event) => step(tx, tables, data, event, {})),
    when(creditReturned, (tx, tables, data, event) => step(tx, tables, data, event, {})),
    when(priceInstructed, (tx, tables, data, event) => step(tx, tables, data, event, {})),
    when(statusChanged, (tx, tables, data, event) => step(tx, tables, data, event, { status: data.to })),
    when(closed, (tx, tables, data, event) =>
      step(tx, tables, data, event, { state: data.state, closedOn: data.closedOn }),
    ),
  ],
})
