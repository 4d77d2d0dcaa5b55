import { Type, type Static } from 'typebox'
import { toMicro } from '../../curve.ts'
import { isoDate } from '../../date.ts'
import { mulDiv } from '../../money.ts'
import { combineFlows } from '../../projection/combine.ts'
import { aggregateByDates, clawInterest, cumulate, projectSchedule, totalsOf } from '../../projection/flows.ts'
import { emptyRow, type FlowRow } from '../../projection/types.ts'
import { assumptionFromJson } from '../asset-json.ts'
import { defineCompute } from '../compute.ts'
import { FLOW_COLUMNS, flowTable } from '../flows-json.ts'
import { fenFromJson, fenToJson, rateFromJson } from '../numbers.ts'
import { AssumptionSchema } from '../schema/asset.ts'
import {
  closed,
  DateText,
  FrameSchema,
  Money,
  PatternSchema,
  RateNumber,
  RowSchema,
  TableSchema,
} from '../schema/common.ts'
import { scheduleToJson } from './assets.ts'

type Column = (typeof FLOW_COLUMNS)[number]

export class RowError extends Error {
  override readonly name = 'RowError'
}

/** Rows of a case by their column names. @throws RowError for a column that no flow has, or a cell of the wrong kind */
export function rowsFromJson(columns: readonly string[], rows: readonly (readonly unknown[])[]): FlowRow[] {
  const unknown = columns.find((name) => !(FLOW_COLUMNS as readonly string[]).includes(name))
  if (unknown !== undefined) throw new RowError(`/input/columns unknown word ${JSON.stringify(unknown)}`)
  return rows.map((cells, r) => {
    const row: Record<string, unknown> = { ...emptyRow(isoDate('0001-01-01')) }
    if (cells.length !== columns.length)
      throw new RowError(`row ${r} has ${cells.length} cells, ${columns.length} expected`)
    for (const [c, name] of (columns as readonly Column[]).entries()) {
      const cell = cells[c]
      if (name === 'date') row['date'] = isoDate(String(cell))
      else if (typeof cell !== 'number')
        throw new RowError(`row ${r}, ${name}: ${JSON.stringify(cell)} is not a number`)
      else if (name === 'rate') row['rateMicro'] = toMicro(rateFromJson(cell))
      else row[name] = name === 'units' ? cell : fenFromJson(cell)
    }
    return row as unknown as FlowRow
  })
}

const rowsFromTable = ({ columns, rows }: Static<typeof TableSchema>): FlowRow[] => rowsFromJson(columns, rows)

function rowsToJson(columns: readonly string[], rows: readonly FlowRow[]): unknown[][] {
  const table = flowTable(rows)
  const at = columns.map((name) => (table.columns as string[]).indexOf(name))
  return table.rows.map((row) => at.map((c) => row[c]))
}

const combine = defineCompute(
  'combineFlows',
  Type.Object(
    {
      columns: Type.Array(Type.String()),
      pairs: Type.Array(Type.Object({ a: Type.Array(RowSchema), b: Type.Array(RowSchema) }, closed)),
    },
    closed,
  ),
  ({ columns, pairs }) => ({
    combined: pairs.map(({ a, b }) =>
      rowsToJson(columns, combineFlows([rowsFromJson(columns, a), rowsFromJson(columns, b)])),
    ),
  }),
)

const mergePools = defineCompute(
  'mergePools',
  Type.Object(
    {
      columns: Type.Array(Type.String()),
      pairs: Type.Array(Type.Object({ a: FrameSchema, b: FrameSchema }, closed)),
    },
    closed,
  ),
  ({ columns, pairs }) => ({
    merged: pairs.map(({ a, b }) => {
      const rows = combineFlows([rowsFromJson(columns, a.rows), rowsFromJson(columns, b.rows)])
      const [first, second] = b.opening.date < a.opening.date ? [b, a] : [a, b]
      const sameDay = first.opening.date === second.opening.date
      const opening = fenFromJson(first.opening.balance) + (sameDay ? fenFromJson(second.opening.balance) : 0n)
      return {
        opening: { balance: fenToJson(opening), date: first.opening.date },
        rows: rowsToJson(columns, rows),
        cumPrincipal: cumulate(rows).map(({ principal }) => fenToJson(principal)),
      }
    }),
  }),
)

const CUMULATIVE = ['principal', 'prepayment', 'delinquent', 'default', 'recovery', 'loss'] as const

const cumulativeTable = (rows: readonly FlowRow[]) => ({
  columns: [...CUMULATIVE],
  rows: cumulate(rows).map((sum) => CUMULATIVE.map((name) => fenToJson(sum[name]))),
})

const cumulativeStats = defineCompute(
  'cumulativeStats',
  Type.Object({ columns: Type.Array(Type.String()), rows: Type.Array(RowSchema), cutoff: DateText }, closed),
  (input) => {
    const rows = rowsFromJson(input.columns, input.rows)
    const kept = rows.filter(({ date }) => date >= input.cutoff)
    return {
      cumulativeAll: cumulativeTable(rows),
      cumulativeAfterCutoff: cumulativeTable(kept),
      sumsAfterCutoff: Object.fromEntries(Object.entries(totalsOf(kept)).map(([name, fen]) => [name, fenToJson(fen)])),
    }
  },
)

const claw = defineCompute(
  'clawInterest',
  Type.Object({ interests: Type.Array(Money), claw: Type.Array(Money) }, closed),
  ({ interests, claw: amounts }) => ({
    values: amounts.map((amount) => clawInterest(interests.map(fenFromJson), fenFromJson(amount)).map(fenToJson)),
  }),
)

const aggregate = defineCompute(
  'aggregateByDates',
  Type.Object(
    {
      columns: Type.Array(Type.String()),
      rows: Type.Array(RowSchema),
      items: Type.Array(Type.Object({ cutoffs: Type.Array(DateText) }, closed)),
    },
    closed,
  ),
  ({ columns, rows, items }) => ({
    values: items.map(({ cutoffs }) => rowsToJson(columns, aggregateByDates(rowsFromJson(columns, rows), cutoffs))),
  }),
)

const haircut = defineCompute(
  'haircut',
  Type.Object(
    { row: Type.Record(Type.String(), Money), items: Type.Array(Type.Record(Type.String(), RateNumber)) },
    closed,
  ),
  ({ row, items }) => ({
    values: items.map((shares) =>
      Object.fromEntries(
        Object.entries(shares).map(([field, share]) => {
          const amount = Object.hasOwn(row, field) ? row[field] : undefined
          if (amount === undefined) throw new RowError(`the row has no field ${JSON.stringify(field)}`)
          const { numerator, denominator } = rateFromJson(share)
          return [field, fenToJson(mulDiv(fenFromJson(amount), denominator - numerator, denominator, 'floor'))]
        }),
      ),
    ),
  }),
)

const schedule = defineCompute(
  'projectSchedule',
  Type.Object(
    {
      flows: TableSchema,
      asOf: DateText,
      extendPattern: PatternSchema,
      items: Type.Array(Type.Object({ assumption: AssumptionSchema }, closed)),
    },
    closed,
  ),
  ({ flows, asOf, extendPattern, items }) => ({
    results: items.map(({ assumption }) =>
      scheduleToJson(projectSchedule(rowsFromTable(flows), asOf, assumptionFromJson(assumption), extendPattern)),
    ),
  }),
)

export const FLOW_COMPUTES = [combine, mergePools, cumulativeStats, claw, aggregate, haircut, schedule]
