/** The statements of a run in the shape of testdata/vectors/VOCABULARY.md, "What a run reports". */
import { microToNumber } from '../curve.ts'
import type { Value } from '../deal/formula/compile.ts'
import type { DealTerms } from '../deal/terms.ts'
import type { Fen } from '../money.ts'
import type { Rate } from '../rate.ts'
import type { DealEvent } from '../waterfall/period.ts'
import type { Movement } from '../waterfall/live-types.ts'
import type { Program } from '../waterfall/live.ts'
import type { RunResult } from '../waterfall/run.ts'
import { STATUS_WORD } from './deal-json.ts'
import { fenToJson, rateToJson } from './numbers.ts'

export interface TableJson {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}
const table = (columns: readonly string[], rows: readonly (readonly unknown[])[]): TableJson => ({ columns, rows })

const byId = <T, U>(
  list: readonly { readonly id: string }[],
  items: readonly T[],
  turn: (item: T, index: number) => U,
) => Object.fromEntries(list.map(({ id }, index) => [id, turn(items[index]!, index)]))

const moneyOf = (movement: Movement, key: string): number => fenToJson(movement.more![key] as Fen)
const rateOf = (movement: Movement, key: string): number => rateToJson(movement.more![key] as Rate)

const poolsJson = (program: Program, { pools }: RunResult) =>
  byId(program.pools, pools, (rows) =>
    table(
      ['date', 'balance', 'principal', 'interest', 'prepayment', 'default', 'recovery', 'loss', 'rate'],
      rows.map((row) => [
        row.date,
        ...[row.balance, row.principal, row.interest, row.prepayment, row.default, row.recovery, row.loss].map(
          fenToJson,
        ),
        microToNumber(row.rateMicro),
      ]),
    ),
  )

const BOND_COLUMNS = ['date', 'balance', 'interest', 'principal', 'rate', 'cash', 'dueInt', 'dueIntOverInt']
const bondsJson = (program: Program, { tranches, state }: RunResult) =>
  byId(program.tranches, tranches, (rows, index) => ({
    txns: table(
      BOND_COLUMNS,
      rows.map((row) => [
        row.date,
        ...[row.balance, row.interest, row.principal].map(fenToJson),
        rateToJson(row.rate),
        ...[row.cash, row.dueInterest, row.dueOnDue].map(fenToJson),
      ]),
    ),
    finalBalance: fenToJson(state.tranches[index]!.balance),
    finalDueInt: fenToJson(state.tranches[index]!.coupons.reduce((sum, { due }) => sum + due, 0n)),
  }))

function statements({ movements, state }: RunResult) {
  const of = (kind: Movement['of'], index: number): readonly Movement[] =>
    movements.filter((movement) => movement.of === kind && movement.index === index)
  return {
    accounts: byId(state.accounts, state.accounts, ({ balance }, index) => ({
      txns: table(
        ['date', 'balance', 'change'],
        of('account', index).map((row) => [row.date, fenToJson(row.balance), fenToJson(row.amount)]),
      ),
      finalBalance: fenToJson(balance),
    })),
    fees: byId(state.fees, state.fees, ({ due }, index) => ({
      txns: table(
        ['date', 'dueRemaining', 'paid'],
        of('fee', index)
          .filter(({ amount, balance }) => amount !== 0n || balance !== 0n)
          .map((row) => [row.date, fenToJson(row.balance), fenToJson(row.amount)]),
      ),
      finalDue: fenToJson(due),
    })),
    ledgers: byId(state.ledgers, state.ledgers, ({ balance }, index) => ({
      txns: table(
        ['date', 'balance', 'amount', 'direction'],
        of('ledger', index).map((row) => [
          row.date,
          fenToJson(row.balance),
          fenToJson(row.amount),
          row.more!['direction'] === 'debit' ? 'Debit' : 'Credit',
        ]),
      ),
      finalBalance: fenToJson(balance),
    })),
    swaps: byId(state.swaps, state.swaps, ({ net }, index) => ({
      accruals: table(
        ['date', 'notional', 'amount', 'payRate', 'receiveRate', 'net'],
        of('swapAccrual', index).map((row) => [
          row.date,
          moneyOf(row, 'notional'),
          fenToJson(row.amount),
          rateOf(row, 'payRate'),
          rateOf(row, 'receiveRate'),
          fenToJson(row.balance),
        ]),
      ),
      settlements: table(
        ['date', 'amount'],
        of('swapSettlement', index).map((row) => [row.date, fenToJson(row.amount)]),
      ),
      net: fenToJson(net),
    })),
    rateCaps: byId(state.caps, state.caps, (_, index) => ({
      accruals: table(
        ['date', 'amount'],
        of('capAccrual', index).map((row) => [row.date, fenToJson(row.amount)]),
      ),
      settlements: table(
        ['date', 'amount'],
        of('capSettlement', index).map((row) => [row.date, fenToJson(row.amount)]),
      ),
    })),
    liquidity: byId(state.facilities, state.facilities, (_, index) =>
      table(
        ['date', 'availableCredit', 'drawn', 'dueInt', 'duePremium', 'cash', 'kind'],
        of('facility', index).map((row) => [
          row.date,
          moneyOf(row, 'available'),
          fenToJson(row.balance),
          moneyOf(row, 'dueInterest'),
          moneyOf(row, 'duePremium'),
          fenToJson(row.amount),
          row.more!['kind'],
        ]),
      ),
    ),
  }
}

const WHY = {
  exhausted: 'exhausted',
  'stated-maturity': 'statedMaturity',
  'stop-date': 'stopDate',
  called: 'called',
  paid: 'exhausted',
} as const

/** Changes of status; what several triggers of one day do to it is one change. */
function statusChanges(events: RunResult['events']): DealEvent[] {
  const changes: DealEvent[] = []
  for (const event of events) {
    if (event.from === event.to || event.event === 'end-of-run') continue
    const last = changes.at(-1)
    const sameTest = last?.date === event.date && last.trigger !== null && event.trigger !== null
    if (!sameTest) changes.push(event)
    else if (last.from === event.to) changes.pop()
    else changes[changes.length - 1] = { ...event, from: last.from }
  }
  return changes
}

function eventsJson({ events, end }: RunResult) {
  const changes = statusChanges(events).map(({ date, from, to, trigger, event }) => ({
    event: 'StatusChange',
    date,
    from: STATUS_WORD[from],
    to: STATUS_WORD[to],
    why: event === 'closing' ? 'closing' : trigger === null ? 'call' : 'trigger',
  }))
  return [...changes, { event: 'EndRun', date: end.date, why: WHY[end.why] }]
}

/** Money is a number with two decimals, a ratio a number, a date its text. */
export const valueToJson = (type: 'money' | 'number' | 'date' | 'flag', value: Value): unknown =>
  type === 'money'
    ? rateToJson({ numerator: (value as Rate).numerator, denominator: (value as Rate).denominator * 100n })
    : type === 'number'
      ? rateToJson(value as Rate)
      : value

export function runToJson(terms: DealTerms, program: Program, result: RunResult) {
  const inspections = Object.fromEntries(
    program.inspections.map(({ id, formula }) => [
      id,
      table(
        ['date', 'value'],
        result.inspections
          .filter((row) => row.id === id)
          .map((row) => [row.date, valueToJson(formula.type, row.value)]),
      ),
    ]),
  )
  const changes = statusChanges(result.events)
  return {
    pools: poolsJson(program, result),
    bonds: bondsJson(program, result),
    ...statements(result),
    events: eventsJson(result),
    finalStatus: STATUS_WORD[changes.at(-1)?.to ?? terms.status],
    inspections,
  }
}
