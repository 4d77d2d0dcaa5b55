/** Flow rows as tables of the vectors. */
import { microToNumber } from '../curve.ts'
import type { FlowRow } from '../projection/types.ts'
import { fenToJson } from './numbers.ts'

export const FLOW_COLUMNS = [
  'date',
  'balance',
  'principal',
  'interest',
  'prepayment',
  'delinquent',
  'default',
  'recovery',
  'loss',
  'rate',
  'prepayPenalty',
  'feePaid',
  'rental',
  'newDepreciation',
  'cumDepreciation',
  'units',
  'cash',
] as const

const cell = (row: FlowRow, column: (typeof FLOW_COLUMNS)[number]): string | number => {
  switch (column) {
    case 'date':
      return row.date
    case 'rate':
      return microToNumber(row.rateMicro)
    case 'units':
      return row.units ?? 0
    default:
      return fenToJson(row[column] ?? 0n)
  }
}

export const flowTable = (rows: readonly FlowRow[]) => ({
  columns: [...FLOW_COLUMNS],
  rows: rows.map((row) => FLOW_COLUMNS.map((column) => cell(row, column))),
})

/** Every row by its number, as objects: `rowsAt` of the vectors. */
export const rowsByNumber = (rows: readonly FlowRow[]): Record<string, Record<string, string | number>> =>
  Object.fromEntries(
    rows.map((row, i) => [String(i), Object.fromEntries(FLOW_COLUMNS.map((column) => [column, cell(row, column)]))]),
  )
