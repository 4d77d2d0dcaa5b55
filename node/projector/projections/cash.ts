import { eq } from 'drizzle-orm'
import { date, index, integer, pgSchema, text } from 'drizzle-orm/pg-core'
import {
  accountOpened,
  cashCredited,
  transfersInstructed,
  transfersPosted,
  transfersVoided,
} from '#contracts/cash/events'
import type { CommittedEvent } from '#ledger-adapter/port'
import { fen, handlersOf, made, moved, projection, provenance, type Transaction } from '../projection.ts'

/** Accounts with their balances, and every transfer with the step that it settles. */
export const cashTables = (schema: string) => {
  const here = pgSchema(schema)
  return {
    accounts: here.table('accounts', {
      id: text('id').primaryKey(),
      kind: text('kind').notNull(),
      owner: text('owner').notNull(),
      bank: text('bank').notNull(),
      deal: text('deal'),
      postedFen: fen('posted_fen').notNull(),
      reservedFen: fen('reserved_fen').notNull(),
      ...provenance(),
    }),
    instructions: here.table('instructions', {
      id: text('id').primaryKey(),
      deal: text('deal'),
      bank: text('bank').notNull(),
      state: text('state').notNull(),
      date: date('date', { mode: 'string' }).notNull(),
      reference: text('reference'),
      valueDate: date('value_date', { mode: 'string' }),
      reason: text('reason'),
      ...provenance(),
    }),
    transfers: here.table(
      'transfers',
      {
        /** instruction/transfer: a transfer's id is unique within its instruction; bank:reference for a credit. */
        id: text('id').primaryKey(),
        transferId: text('transfer_id').notNull(),
        /** Null for a bank's credit from outside. */
        instruction: text('instruction'),
        leg: integer('leg').notNull(),
        step: text('step').notNull(),
        deal: text('deal'),
        from: text('from_account').notNull(),
        to: text('to_account').notNull(),
        amountFen: fen('amount_fen').notNull(),
        state: text('state').notNull(),
        date: date('date', { mode: 'string' }).notNull(),
        reference: text('reference'),
        ...provenance(),
      },
      (table) => [
        index('transfers_by_instruction').on(table.instruction),
        index('transfers_by_from').on(table.from),
        index('transfers_by_to').on(table.to),
      ],
    ),
  }
}
type Tables = ReturnType<typeof cashTables>
const when = handlersOf<Tables>()

interface Balance {
  readonly account: string
  readonly postedFen: string
  readonly reservedFen: string
}

async function setBalances(tx: Transaction, { accounts }: Tables, balances: readonly Balance[], event: CommittedEvent) {
  for (const { account, postedFen, reservedFen } of balances) {
    await tx
      .update(accounts)
      .set({ postedFen, reservedFen, ...moved(event) })
      .where(eq(accounts.id, account))
  }
}

export const cash = projection<Tables>({
  name: 'cash',
  version: 1,
  tables: cashTables,
  on: [
    when(accountOpened, (tx, { accounts }, { account, ...rest }, event) =>
      tx.insert(accounts).values({ id: account, ...rest, postedFen: '0', reservedFen: '0', ...made(event) }),
    ),
    when(transfersInstructed, async (tx, tables, { instruction, deal, bank, date, legs, balances }, event) => {
      const common = { deal, state: 'pending', date, reference: null, ...made(event) }
      await tx.insert(tables.instructions).values({ id: instruction, bank, valueDate: null, reason: null, ...common })
      const rows = legs.map((line, leg) => ({
        id: `${instruction}/${line.transferId}`,
        instruction,
        leg,
        ...line,
        ...common,
      }))
      if (rows.length > 0) await tx.insert(tables.transfers).values(rows)
      await setBalances(tx, tables, balances, event)
    }),
    when(transfersPosted, async (tx, tables, { instruction, reference, valueDate, balances }, event) => {
      const state = { state: 'posted', reference, ...moved(event) }
      await tx
        .update(tables.instructions)
        .set({ ...state, valueDate })
        .where(eq(tables.instructions.id, instruction))
      await tx
        .update(tables.transfers)
        .set({ ...state, date: valueDate })
        .where(eq(tables.transfers.instruction, instruction))
      await setBalances(tx, tables, balances, event)
    }),
    when(transfersVoided, async (tx, tables, { instruction, reason, balances }, event) => {
      const state = { state: 'voided', ...moved(event) }
      await tx
        .update(tables.instructions)
        .set({ ...state, reason })
        .where(eq(tables.instructions.id, instruction))
      await tx.update(tables.transfers).set(state).where(eq(tables.transfers.instruction, instruction))
      await setBalances(tx, tables, balances, event)
    }),
    when(
      cashCredited,
      async (tx, tables, { account, from, amountFen, valueDate, reference, deal, bank, balances }, event) => {
        await tx.insert(tables.transfers).values({
          id: `${bank}:${reference}`,
          transferId: reference,
          instruction: null,
          leg: 0,
          step: 'credit',
          deal,
          from,
          to: account,
          amountFen,
          state: 'posted',
          date: valueDate,
          reference,
          ...made(event),
        })
        await setBalances(tx, tables, balances, event)
      },
    ),
  ],
})
