import { and, eq } from 'drizzle-orm'
import { index, integer, jsonb, pgSchema, text } from 'drizzle-orm/pg-core'
import {
  holderPaymentInstructed,
  holdingAllotted,
  offered,
  paymentConfirmed,
  subscribed,
  subscriptionWithdrawn,
  tranchePaid,
  allotted,
  holdingsRegistered,
} from '#contracts/securities/events'
import { fen, handlersOf, made, moved, projection, provenance } from '../projection.ts'

/** Tranches, who subscribed and holds, and what each holder gets for each period: one row per holder, seen by it. */
export const securitiesTables = (schema: string) => {
  const here = pgSchema(schema)
  return {
    tranches: here.table('tranches', {
      /** deal/tranche */
      id: text('id').primaryKey(),
      deal: text('deal').notNull(),
      tranche: text('tranche').notNull(),
      state: text('state').notNull(),
      originalFen: fen('original_fen').notNull(),
      balanceFen: fen('balance_fen').notNull(),
      writtenDownFen: fen('written_down_fen').notNull(),
      unitFen: fen('unit_fen'),
      ...provenance(),
    }),
    subscriptions: here.table('subscriptions', {
      /** deal/tranche/investor */
      id: text('id').primaryKey(),
      deal: text('deal').notNull(),
      tranche: text('tranche').notNull(),
      investor: text('investor').notNull(),
      units: text('units').notNull(),
      amountFen: fen('amount_fen').notNull(),
      state: text('state').notNull(),
      ...provenance(),
    }),
    positions: here.table('security_positions', {
      /** deal/tranche/holder */
      id: text('id').primaryKey(),
      deal: text('deal').notNull(),
      tranche: text('tranche').notNull(),
      holder: text('holder').notNull(),
      faceFen: fen('face_fen').notNull(),
      ...provenance(),
    }),
    payments: here.table(
      'holder_payments',
      {
        /** deal/period/holder */
        id: text('id').primaryKey(),
        deal: text('deal').notNull(),
        period: text('period').notNull(),
        holder: text('holder').notNull(),
        lines: jsonb('lines').$type<readonly unknown[]>().notNull(),
        totalFen: fen('total_fen').notNull(),
        attempt: integer('attempt').notNull(),
        instruction: text('instruction').notNull(),
        ...provenance(),
      },
      (table) => [index('holder_payments_by_deal').on(table.deal)],
    ),
  }
}
type Tables = ReturnType<typeof securitiesTables>
const when = handlersOf<Tables>()
const idOf = (...parts: readonly string[]): string => parts.join('/')

export const securities = projection<Tables>({
  name: 'securities',
  version: 1,
  tables: securitiesTables,
  on: [
    when(offered, async (tx, { tranches }, { deal, tranches: offers }, event) => {
      for (const { tranche, originalFen, unitFen } of offers) {
        const balances = { originalFen, balanceFen: originalFen, writtenDownFen: '0', unitFen }
        const row = { id: idOf(deal, tranche), deal, tranche, state: 'offered', ...balances, ...made(event) }
        await tx.insert(tranches).values(row)
      }
    }),
    when(subscribed, (tx, { subscriptions }, { units, ...data }, event) => {
      const row = { ...data, units: String(units), ...made(event) }
      const id = idOf(data.deal, data.tranche, data.investor)
      // One that was withdrawn may be made again under the same business key.
      return tx
        .insert(subscriptions)
        .values({ id, ...row })
        .onConflictDoUpdate({ target: subscriptions.id, set: row })
    }),
    when(subscriptionWithdrawn, (tx, { subscriptions }, { deal, tranche, investor, state }, event) =>
      tx
        .update(subscriptions)
        .set({ state, ...moved(event) })
        .where(eq(subscriptions.id, idOf(deal, tranche, investor))),
    ),
    when(paymentConfirmed, (tx, { subscriptions }, { deal, tranche, investor, state }, event) =>
      tx
        .update(subscriptions)
        .set({ state, ...moved(event) })
        .where(eq(subscriptions.id, idOf(deal, tranche, investor))),
    ),
    when(allotted, (tx, { tranches }, { deal, tranche, state }, event) =>
      tx
        .update(tranches)
        .set({ state, ...moved(event) })
        .where(eq(tranches.id, idOf(deal, tranche))),
    ),
    when(holdingAllotted, async (tx, tables, { deal, tranche, holder, faceFen, subscription }, event) => {
      const row = { deal, tranche, holder, faceFen, ...made(event) }
      await tx.insert(tables.positions).values({ id: idOf(deal, tranche, holder), ...row })
      if (subscription === null) return
      await tx
        .update(tables.subscriptions)
        .set({ state: subscription, ...moved(event) })
        .where(eq(tables.subscriptions.id, idOf(deal, tranche, holder)))
    }),
    when(holdingsRegistered, (tx, { tranches }, { deal, tranche, state }, event) =>
      tx
        .update(tranches)
        .set({ state, ...moved(event) })
        .where(eq(tranches.id, idOf(deal, tranche))),
    ),
    when(tranchePaid, (tx, { tranches }, { deal, tranche, state, balanceFen, writtenDownFen }, event) =>
      tx
        .update(tranches)
        .set({ state, balanceFen, writtenDownFen, ...moved(event) })
        .where(and(eq(tranches.deal, deal), eq(tranches.tranche, tranche))),
    ),
    when(holderPaymentInstructed, (tx, { payments }, data, event) => {
      const row = { ...data, ...made(event) }
      return tx
        .insert(payments)
        .values({ id: idOf(data.deal, data.period, data.holder), ...row })
        .onConflictDoUpdate({ target: payments.id, set: row })
    }),
  ],
})
