import type { Sql } from 'postgres'
import { isoDate } from '#domain/date'
import { fenString, parseFen, sumFen } from '#domain/money'
import { hashJson } from '#proof/hash'
import type { BankGateway, StatementLine } from './port.ts'

/**
 * Banks that do not exist, for demonstrations and tests: obligors pay what the caller's book says they paid, and every
 * payment succeeds. Payments are kept in a table of their own, apart from the ledger, so that a custodian's statement
 * is not an echo of what the ledger says; references are functions of what was asked.
 */
export async function openSimulatedBanks(options: {
  sql: Sql
  /** What arrived from outside, e.g. the replay of a tape. */
  arrivals: (account: string, period: string) => Promise<readonly Omit<StatementLine, 'reference'>[]>
}): Promise<(bank: string) => BankGateway> {
  const { sql, arrivals } = options
  await sql`CREATE SCHEMA IF NOT EXISTS simulated_bank`
  await sql`
    CREATE TABLE IF NOT EXISTS simulated_bank.payment (
      instruction text, account text, reference text NOT NULL, value_date text NOT NULL, amount_fen text NOT NULL,
      PRIMARY KEY (instruction, account))`
  return (bank) => ({
    async incoming({ account, period }) {
      const lines = await arrivals(account, period)
      return lines.map((line, index) => ({ ...line, reference: referenceOf(bank, 'in', account, period, `${index}`) }))
    },
    async arrived({ account, instruction }) {
      const [row] = await sql<PaymentRow[]>`
        SELECT reference, value_date, amount_fen FROM simulated_bank.payment
        WHERE instruction = ${instruction} AND account = ${account}`
      return row && lineOf(row)
    },
    async pay({ instruction, valueDate, legs }) {
      const reference = referenceOf(bank, 'out', instruction)
      const received = new Map<string, bigint>()
      for (const { to, amountFen } of legs) received.set(to, (received.get(to) ?? 0n) + amountFen)
      const rows = [...received].map(([account, fen]) => ({
        instruction,
        account,
        reference,
        value_date: valueDate,
        amount_fen: fenString(fen),
      }))
      await sql`INSERT INTO simulated_bank.payment ${sql(rows)} ON CONFLICT DO NOTHING`
      const [first] = await sql<PaymentRow[]>`
        SELECT reference, value_date, amount_fen FROM simulated_bank.payment WHERE instruction = ${instruction} LIMIT 1`
      // The date is the one of the first time it was asked for; the amount is all that left.
      return { ...lineOf(first!), amountFen: sumFen(legs.map((leg) => leg.amountFen)) }
    },
  })
}

interface PaymentRow {
  readonly reference: string
  readonly value_date: string
  readonly amount_fen: string
}

const lineOf = (row: PaymentRow): StatementLine => ({
  reference: row.reference,
  valueDate: isoDate(row.value_date),
  amountFen: parseFen(row.amount_fen),
})

const referenceOf = (bank: string, ...parts: string[]): string => `${bank}:${hashJson(parts).slice(0, 24)}`
