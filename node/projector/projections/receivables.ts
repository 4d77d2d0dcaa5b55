import { eq } from 'drizzle-orm'
import { date, index, integer, jsonb, pgSchema, text } from 'drizzle-orm/pg-core'
import {
  batchOpened,
  receivableAccepted,
  receivableApproved,
  receivableDrafted,
  receivableRejected,
  receivableSplit,
  receivableWithdrawn,
  transferAccepted,
  transferExpired,
  transferProposed,
  transferWithdrawn,
} from '#contracts/receivable/events'
import type { CommittedEvent } from '#ledger-adapter/port'
import { fen, handlersOf, made, moved, projection, provenance, type Transaction } from '../projection.ts'

interface Proposal {
  readonly to: string
  readonly holding: string
  readonly until: string
}

/** Digital receivables, and the holdings of their intervals: the parent column is the lineage. */
export const receivableTables = (schema: string) => {
  const here = pgSchema(schema)
  return {
    receivableBatches: here.table('receivable_batches', {
      id: text('id').primaryKey(),
      issuer: text('issuer').notNull(),
      minimumSplitFen: fen('minimum_split_fen').notNull(),
      maximumTiers: integer('maximum_tiers'),
      ...provenance(),
    }),
    receivables: here.table('receivables', {
      id: text('id').primaryKey(),
      batch: text('batch').notNull(),
      issuer: text('issuer').notNull(),
      supplier: text('supplier').notNull(),
      faceFen: fen('face_fen').notNull(),
      issued: date('issued', { mode: 'string' }).notNull(),
      maturity: date('maturity', { mode: 'string' }).notNull(),
      state: text('state').notNull(),
      maker: text('maker').notNull(),
      checker: text('checker'),
      reason: text('reason'),
      ...provenance(),
    }),
    holdings: here.table(
      'holdings',
      {
        id: text('id').primaryKey(),
        receivable: text('receivable').notNull(),
        batch: text('batch').notNull(),
        issuer: text('issuer').notNull(),
        owner: text('owner').notNull(),
        /** The run of fen inside the receivable, both ends included. */
        from: fen('from_fen').notNull(),
        to: fen('to_fen').notNull(),
        maturity: date('maturity', { mode: 'string' }).notNull(),
        parent: text('parent'),
        tier: integer('tier').notNull(),
        state: text('state').notNull(),
        proposal: jsonb('proposal').$type<Proposal>(),
        ...provenance(),
      },
      (table) => [index('holdings_by_receivable').on(table.receivable), index('holdings_by_parent').on(table.parent)],
    ),
  }
}
type Tables = ReturnType<typeof receivableTables>
const when = handlersOf<Tables>()

const setReceivable = (tx: Transaction, { receivables }: Tables, id: string, fields: object, event: CommittedEvent) =>
  tx
    .update(receivables)
    .set({ ...fields, ...moved(event) })
    .where(eq(receivables.id, id))

const setHolding = (tx: Transaction, { holdings }: Tables, id: string, fields: object, event: CommittedEvent) =>
  tx
    .update(holdings)
    .set({ ...fields, ...moved(event) })
    .where(eq(holdings.id, id))

export const receivables = projection<Tables>({
  name: 'receivables',
  version: 1,
  tables: receivableTables,
  on: [
    when(batchOpened, (tx, { receivableBatches }, { batch, issuer, minimumSplitFen, maximumTiers }, event) =>
      tx.insert(receivableBatches).values({ id: batch, issuer, minimumSplitFen, maximumTiers, ...made(event) }),
    ),
    when(receivableDrafted, (tx, tables, data, event) => {
      const { receivable, batch, issuer, supplier, faceFen, issued, maturity, maker } = data
      const terms = { batch, issuer, supplier, faceFen, issued, maturity, maker }
      const row = { id: receivable, ...terms, state: 'draft', checker: null, reason: null, ...made(event) }
      return tx.insert(tables.receivables).values(row)
    }),
    when(receivableApproved, (tx, tables, { receivable, checker }, event) =>
      setReceivable(tx, tables, receivable, { state: 'approved', checker, ...made(event) }, event),
    ),
    when(receivableAccepted, async (tx, tables, { receivable, holding, ...rest }, event) => {
      await setReceivable(tx, tables, receivable, { state: 'accepted' }, event)
      const start = { parent: null, tier: 0, state: 'held', proposal: null }
      await tx.insert(tables.holdings).values({ id: holding, receivable, ...rest, ...start, ...made(event) })
    }),
    when(receivableRejected, (tx, tables, { receivable, reason }, event) =>
      setReceivable(tx, tables, receivable, { state: 'rejected', reason }, event),
    ),
    when(receivableWithdrawn, (tx, tables, { receivable, reason }, event) =>
      setReceivable(tx, tables, receivable, { state: 'withdrawn', reason }, event),
    ),
    when(receivableSplit, async (tx, tables, { holding, parts, ...shared }, event) => {
      await setHolding(tx, tables, holding, { state: 'split' }, event)
      const start = { parent: holding, state: 'held', proposal: null }
      await tx.insert(tables.holdings).values(parts.map((part) => ({ ...part, ...shared, ...start, ...made(event) })))
    }),
    // The recipient must see what it is offered, from here on.
    when(transferProposed, (tx, tables, { holding, recipient: to, newHolding, until }, event) =>
      setHolding(
        tx,
        tables,
        holding,
        { state: 'reserved', proposal: { to, holding: newHolding, until }, ...made(event) },
        event,
      ),
    ),
    when(transferAccepted, async (tx, tables, data, event) => {
      const { holding, newHolding, recipient, owner: _before, ...shared } = data
      await setHolding(tx, tables, holding, { state: 'transferred', proposal: null }, event)
      const start = { owner: recipient, parent: holding, state: 'held', proposal: null }
      await tx.insert(tables.holdings).values({ id: newHolding, ...shared, ...start, ...made(event) })
    }),
    when(transferWithdrawn, (tx, tables, { holding }, event) =>
      setHolding(tx, tables, holding, { state: 'held', proposal: null }, event),
    ),
    when(transferExpired, (tx, tables, { holding }, event) =>
      setHolding(tx, tables, holding, { state: 'held', proposal: null }, event),
    ),
  ],
})
