/** A deal with nothing in it but what a case brings, and the tables that cases bring. */
import type { Static } from 'typebox'
import { isoDate } from '../../date.ts'
import { TERMS_SCHEMA, type DealTerms } from '../../deal/terms.ts'
import type { Fen } from '../../money.ts'
import { Live } from '../../waterfall/live.ts'
import { openingState } from '../../waterfall/opening.ts'
import { programOf } from '../../waterfall/program.ts'
import type { StatementRow } from '../../waterfall/statement.ts'
import { fenFromJson } from '../numbers.ts'
import type { TableSchema } from '../schema/common.ts'

const EARLIEST = '0001-01-01'
const LATEST = '9999-12-31'
const words = { zh: 'vector', en: 'vector' }

export function bareTerms(parts: Partial<DealTerms>): DealTerms {
  return {
    schema: TERMS_SCHEMA,
    dealId: 'vector',
    name: words,
    currency: 'CNY',
    conventions: { profile: 'hastructure' },
    parties: {},
    dates: {
      cutOff: EARLIEST,
      firstCollection: EARLIEST,
      firstPay: EARLIEST,
      statedMaturity: LATEST,
      collectionDates: { custom: [] },
      payDates: { custom: [] },
    },
    status: 'amortising',
    pool: { initial: '0' },
    accounts: [],
    tranches: [],
    fees: [],
    collection: [],
    waterfalls: {},
    triggers: [],
    ...parts,
  }
}

const noIndex = { indexAt: () => ({ numerator: 0n, denominator: 1n }) }
export const liveOf = (terms: DealTerms): Live => new Live(programOf(terms), openingState(terms), noIndex)

export type TableJson = Static<typeof TableSchema>

/** Rows of a table as objects. @throws Error naming a column that is missing */
export function objects(table: TableJson, columns: readonly string[]): Record<string, unknown>[] {
  return table.rows.map((row) =>
    Object.fromEntries(
      columns.map((column) => {
        const index = table.columns.indexOf(column)
        if (index < 0) throw new Error(`the table has no column ${JSON.stringify(column)}`)
        return [column, row[index]]
      }),
    ),
  )
}

export const fen = (value: unknown): Fen => fenFromJson(value as number)

/** Accounts say what changed, bonds what principal was paid. */
export function statement(table: TableJson): StatementRow[] {
  const byChange = table.columns.includes('change')
  const column = byChange ? 'change' : 'principal'
  return objects(table, ['date', 'balance', column]).map((row) => ({
    date: isoDate(row['date'] as string),
    balance: fen(row['balance']),
    opening: byChange ? fen(row['balance']) - fen(row['change']) : fen(row['balance']) + fen(row['principal']),
  }))
}
