import { eq } from 'drizzle-orm'
import { date, index, integer, jsonb, pgSchema, text } from 'drizzle-orm/pg-core'
import {
  collectionsConfirmed,
  collectionsReported,
  collectionsTransferred,
  distributionCalculated,
  instructionsApproved,
  instructionsRefused,
  periodReopened,
  periodSettled,
} from '#contracts/servicing/events'
import type { CommittedEvent } from '#ledger-adapter/port'
import type { JsonObject } from '#proof/json'
import { fen, handlersOf, made, moved, projection, provenance, type Transaction } from '../projection.ts'

/** Periods of a plan, every line of their waterfalls, and what each tranche stood at before and after. */
export const periodTables = (schema: string) => {
  const here = pgSchema(schema)
  return {
    periods: here.table('periods', {
      /** deal/period */
      id: text('id').primaryKey(),
      deal: text('deal').notNull(),
      period: text('period').notNull(),
      state: text('state').notNull(),
      revision: integer('revision').notNull(),
      collectedTo: date('collected_to', { mode: 'string' }).notNull(),
      payDate: date('pay_date', { mode: 'string' }).notNull(),
      collections: jsonb('collections').$type<JsonObject>().notNull(),
      totalFen: fen('total_fen').notNull(),
      defaultedFen: fen('defaulted_fen').notNull(),
      attempt: integer('attempt'),
      waterfall: text('waterfall'),
      cash: jsonb('cash').$type<JsonObject>(),
      fees: jsonb('fees').$type<readonly JsonObject[]>(),
      triggers: jsonb('triggers').$type<readonly JsonObject[]>(),
      poolVersion: integer('pool_version'),
      resultHash: text('result_hash'),
      instruction: text('instruction'),
      ...provenance(),
    }),
    waterfallLines: here.table(
      'waterfall_lines',
      {
        /** deal/period/line */
        id: text('id').primaryKey(),
        periodId: text('period_id').notNull(),
        deal: text('deal').notNull(),
        period: text('period').notNull(),
        line: integer('line').notNull(),
        run: integer('run').notNull(),
        step: text('step').notNull(),
        clause: text('clause').notNull(),
        action: text('action').notNull(),
        date: date('date', { mode: 'string' }).notNull(),
        from: text('from_account'),
        to: jsonb('to_target').$type<JsonObject>().notNull(),
        availableBefore: fen('available_before').notNull(),
        due: fen('due').notNull(),
        paid: fen('paid').notNull(),
        shortfall: fen('shortfall').notNull(),
        availableAfter: fen('available_after').notNull(),
        inputs: jsonb('inputs').$type<JsonObject>().notNull(),
        ...provenance(),
      },
      (table) => [index('waterfall_lines_by_period').on(table.periodId)],
    ),
    periodTranches: here.table('period_tranches', {
      /** deal/period/tranche */
      id: text('id').primaryKey(),
      periodId: text('period_id').notNull(),
      deal: text('deal').notNull(),
      period: text('period').notNull(),
      tranche: text('tranche').notNull(),
      openingFen: fen('opening_fen').notNull(),
      interestDueFen: fen('interest_due_fen').notNull(),
      interestFen: fen('interest_fen').notNull(),
      principalFen: fen('principal_fen').notNull(),
      residualFen: fen('residual_fen').notNull(),
      writtenDownFen: fen('written_down_fen').notNull(),
      closingFen: fen('closing_fen').notNull(),
      ...provenance(),
    }),
  }
}
type Tables = ReturnType<typeof periodTables>
const when = handlersOf<Tables>()
const idOf = ({ deal, period }: { deal: string; period: string }): string => `${deal}/${period}`

type Fields = Partial<ReturnType<typeof periodTables>['periods']['$inferInsert']>
const set = (tx: Transaction, { periods }: Tables, id: string, fields: Fields, event: CommittedEvent) =>
  tx
    .update(periods)
    .set({ ...fields, ...moved(event) })
    .where(eq(periods.id, id))

export const periods = projection<Tables>({
  name: 'periods',
  version: 1,
  tables: periodTables,
  on: [
    when(collectionsReported, (tx, { periods: table }, data, event) => {
      const { deal, period, state, revision, collectedTo, payDate, totalFen, defaultedFen } = data
      const collections = data.collections as JsonObject
      const figures = { collections, totalFen, defaultedFen }
      const row = { deal, period, state, revision, collectedTo, payDate, ...figures, ...made(event) }
      return tx
        .insert(table)
        .values({ id: idOf(data), ...row })
        .onConflictDoUpdate({ target: table.id, set: row })
    }),
    when(collectionsTransferred, (tx, tables, data, event) =>
      set(tx, tables, idOf(data), { state: data.state }, event),
    ),
    when(collectionsConfirmed, (tx, tables, data, event) => set(tx, tables, idOf(data), { state: data.state }, event)),
    when(distributionCalculated, async (tx, tables, data, event) => {
      const { deal, period, state, attempt, waterfall, cash, poolVersion, resultHash } = data
      const id = idOf(data)
      const { fees, triggers } = data
      const result = { attempt, waterfall, cash, fees, triggers, poolVersion, resultHash, instruction: null }
      await set(tx, tables, id, { state, ...result }, event)
      // A calculation that was refused or voided is replaced by the next.
      await tx.delete(tables.waterfallLines).where(eq(tables.waterfallLines.periodId, id))
      await tx.delete(tables.periodTranches).where(eq(tables.periodTranches.periodId, id))
      const of = { periodId: id, deal, period, ...made(event) }
      const lines = data.lines.map((line, i) => ({
        ...of,
        id: `${id}/${String(i).padStart(4, '0')}`,
        line: i,
        ...line,
      }))
      if (lines.length > 0) await tx.insert(tables.waterfallLines).values(lines)
      const tranches = data.tranches.map((tranche) => ({ ...of, id: `${id}/${tranche.tranche}`, ...tranche }))
      if (tranches.length > 0) await tx.insert(tables.periodTranches).values(tranches)
    }),
    when(instructionsApproved, (tx, tables, data, event) =>
      set(tx, tables, idOf(data), { state: data.state, instruction: data.instruction }, event),
    ),
    when(instructionsRefused, (tx, tables, data, event) => set(tx, tables, idOf(data), { state: data.state }, event)),
    when(periodReopened, (tx, tables, data, event) =>
      set(tx, tables, idOf(data), { state: data.state, instruction: null }, event),
    ),
    when(periodSettled, (tx, tables, data, event) => set(tx, tables, idOf(data), { state: data.state }, event)),
  ],
})
