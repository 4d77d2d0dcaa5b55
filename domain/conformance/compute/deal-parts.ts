/** Parts of deals asked for on their own: each goes through the function that a running deal uses. */
import { Type } from 'typebox'
import { addDays, isoDate, type IsoDate } from '../../date.ts'
import type { Fen } from '../../money.ts'
import { accrueFacilityOver } from '../../waterfall/facility.ts'
import { payDate } from '../../waterfall/events.ts'
import { calculateFee } from '../../waterfall/fees.ts'
import { capAmount } from '../../waterfall/hedges.ts'
import { takeOff } from '../../waterfall/write-off.ts'
import { defineCompute } from '../compute.ts'
import { bondsTerms, feeTerms, STATUS_OF, STATUS_WORD, triggersTerms } from '../deal-json.ts'
import { formulaText } from '../formula-json.ts'
import { fenFromJson, fenToJson, rateFromJson } from '../numbers.ts'
import { valueToJson } from '../run-json.ts'
import { AssetStatusSchema } from '../schema/asset.ts'
import { closed, CurveSchema, DateText, Money, RateNumber, TableSchema } from '../schema/common.ts'
import { BondsSchema, FeeSchema, StatusWord, TriggersSchema } from '../schema/deal.ts'
import { FormulaSchema } from '../schema/formula.ts'
import { ACCOUNT_PART_COMPUTES } from './account-parts.ts'
import { bareTerms, fen, liveOf, objects } from './bare-deal.ts'

const feesDue = defineCompute(
  'feeDue',
  Type.Object(
    {
      fee: FeeSchema,
      items: Type.Array(Type.Object({ due: Money, lastAccrued: Type.Optional(DateText), at: DateText }, closed)),
    },
    closed,
  ),
  ({ fee, items: list }) => {
    const lives = list.map(({ due, lastAccrued, at }) => {
      const live = liveOf(bareTerms({ fees: [feeTerms('fee', fee)] }))
      const state = live.state.fees[0]!
      state.due = fenFromJson(due)
      // "dates in [lastAccrued, at] are counted": the day before is the last one that was.
      if (lastAccrued !== undefined) state.countedTo = dayBefore(lastAccrued)
      if (lastAccrued !== undefined && state.since !== null) state.since = lastAccrued
      live.at(at)
      calculateFee(live, 0)
      return live
    })
    return {
      due: lives.map((live) => fenToJson(live.state.fees[0]!.due)),
      remainingSchedule: lives.map((live) => (fee.type === 'flow' ? fee.schedule.slice(live.state.fees[0]!.used) : [])),
    }
  },
)

const rateCapAccruals = defineCompute(
  'rateCapAccrual',
  Type.Object(
    {
      notional: Money,
      strike: CurveSchema,
      start: DateText,
      end: DateText,
      indexRate: RateNumber,
      at: Type.Array(DateText),
    },
    closed,
  ),
  ({ notional, strike, start, end, indexRate, at }) => ({
    values: at.map((date) => {
      if (date < start || date > end) return 0
      const points = strike.map(([day, rate]) => [day, rateFromJson(rate)] as const)
      return fenToJson(capAmount({ strike: points }, rateFromJson(indexRate), fenFromJson(notional), start, date))
    }),
  }),
)

const liquidityAccruals = defineCompute(
  'liquidityAccrual',
  Type.Object(
    {
      drawnRate: RateNumber,
      unusedPremiumRate: RateNumber,
      items: Type.Array(
        Type.Object(
          {
            drawn: Money,
            credit: Money,
            dueInt: Money,
            duePremium: Money,
            from: DateText,
            to: DateText,
            history: TableSchema,
          },
          closed,
        ),
      ),
    },
    closed,
  ),
  ({ drawnRate, unusedPremiumRate, items: list }) => {
    const results = list.map(({ drawn, credit, dueInt, duePremium, from, to, history }) => {
      const rows = objects(history, ['date', 'credit', 'drawn'])
      const of = (column: 'credit' | 'drawn', now: number) =>
        rows.length === 0
          ? [{ date: from, balance: fenFromJson(now), opening: fenFromJson(now) }]
          : rows.map((row, index) => ({
              date: isoDate(row['date'] as string),
              balance: fen(row[column]),
              opening: fen(rows[Math.max(0, index - 1)]![column]),
            }))
      const accrued = accrueFacilityOver(
        { drawn: of('drawn', drawn), available: of('credit', credit), from, to },
        { drawnRate: rateFromJson(drawnRate), unusedRate: rateFromJson(unusedPremiumRate) },
      )
      return {
        accrued,
        due: { int: fenFromJson(dueInt) + accrued.int, premium: fenFromJson(duePremium) + accrued.premium },
      }
    })
    const json = ({ int, premium }: { int: Fen; premium: Fen }) => ({
      int: fenToJson(int),
      premium: fenToJson(premium),
    })
    return { accrued: results.map(({ accrued }) => json(accrued)), due: results.map(({ due }) => json(due)) }
  },
)

const writeOffs = defineCompute(
  'writeOff',
  Type.Object(
    {
      single: Type.Object({ balance: Money, writeOff: Type.Array(Money) }, closed),
      sequential: Type.Object({ balances: Type.Array(Money), writeOff: Type.Array(Money) }, closed),
    },
    closed,
  ),
  ({ single, sequential }) => {
    const many = sequential.writeOff.map((amount) => takeOff(sequential.balances.map(fenFromJson), fenFromJson(amount)))
    return {
      single: single.writeOff.map((amount) => {
        const { balances, unallocated } = takeOff([fenFromJson(single.balance)], fenFromJson(amount))
        return unallocated > 0n ? { error: 'insufficientBalance' } : fenToJson(balances[0]!)
      }),
      sequential: {
        balances: many.map(({ balances }) => balances.map(fenToJson)),
        unallocated: many.map(({ unallocated }) => fenToJson(unallocated)),
      },
    }
  },
)

/** A bond row of the vectors; interest and cash occur besides what the vocabulary's table names. */
const BondRowSchema = Type.Object({ balance: Money, principal: Money, factor: Type.Number() }, closed)

const consolidatedRows = defineCompute(
  'consolidateBondRows',
  Type.Object(
    { date: DateText, pairs: Type.Array(Type.Object({ earlier: BondRowSchema, later: BondRowSchema }, closed)) },
    closed,
  ),
  ({ date, pairs }) => ({
    values: pairs.map(({ earlier, later }) => ({
      date,
      balance: later.balance,
      principal: fenToJson(fenFromJson(earlier.principal) + fenFromJson(later.principal)),
      factor: later.factor,
    })),
  }),
)

const dealQueries = defineCompute(
  'dealQuery',
  Type.Object(
    {
      assets: Type.Array(Type.Object({ balance: Money, status: AssetStatusSchema }, closed)),
      bonds: BondsSchema,
      query: Type.Array(FormulaSchema),
    },
    closed,
  ),
  ({ assets, bonds, query }) => {
    const sum = (defaulted: boolean): Fen =>
      assets
        .filter(({ status }) => (typeof status === 'object') === defaulted)
        .reduce((total, { balance }) => total + fenFromJson(balance), 0n)
    const terms = bareTerms({
      ...bondsTerms(bonds),
      pool: { initial: sum(false).toString() },
      inspections: query.map((formula, index) => ({
        id: `${index}`,
        dates: { custom: [] },
        formula: formulaText(formula),
      })),
    })
    const live = liveOf(terms)
    live.state.pools[0]!.defaultedBalance = sum(true)
    return {
      values: live.program.inspections.map(({ formula }) => valueToJson(formula.type, formula.read(live))),
    }
  },
)

const triggerStatuses = defineCompute(
  'triggerStatus',
  Type.Object({ status: StatusWord, triggers: TriggersSchema, payDates: Type.Array(DateText) }, closed),
  ({ status, triggers, payDates }) => {
    const live = liveOf(bareTerms({ status: STATUS_OF[status]!, triggers: triggersTerms(triggers) }))
    for (const date of payDates) payDate(live, date, false)
    return { finalStatus: STATUS_WORD[live.state.status] }
  },
)

const dayBefore = (date: IsoDate): IsoDate => addDays(date, -1)

export const DEAL_PART_COMPUTES = [
  ...ACCOUNT_PART_COMPUTES,
  feesDue,
  rateCapAccruals,
  liquidityAccruals,
  writeOffs,
  consolidatedRows,
  dealQueries,
  triggerStatuses,
]
