import { addMonths, endOfMonth, isoDate } from '../../domain/date.ts'
import { TERMS_SCHEMA, type DealTerms, type Step } from '../../domain/deal/terms.ts'
import { emptyRow, type FlowRow } from '../../domain/projection/types.ts'

export const CUT_OFF = isoDate('2025-12-31')
const words = (text: string) => ({ zh: text, en: text })

export interface DealShape {
  readonly poolFen: bigint
  readonly tranches: number
  readonly fees: number
  readonly periods: number
}

/** A sequential deal of so many tranches and fees: one step a fee, two a tranche. */
export function dealOf({ poolFen, tranches, fees, periods }: DealShape): DealTerms {
  const firstPay = addMonths(CUT_OFF, 1).slice(0, 8)
  const pay = isoDate(`${firstPay}20`)
  const names = Array.from({ length: tranches }, (_, i) => `T${i + 1}`)
  const feeNames = Array.from({ length: fees }, (_, i) => `F${i + 1}`)
  const share = poolFen / BigInt(tranches)
  const step = <S extends object>(id: string, rest: S) => ({ id, clause: id, text: words(id), ...rest })
  const calculate = true
  const steps: Step[] = [
    ...feeNames.map((fee) => step(`pay-${fee}`, { action: 'pay-fee' as const, from: 'plan', fees: [fee], calculate })),
    ...names.map((id) =>
      step(`int-${id}`, { action: 'pay-interest' as const, from: 'plan', tranches: [id], accrue: true }),
    ),
    ...names.map((id) => step(`prin-${id}`, { action: 'pay-principal' as const, from: 'plan', tranches: [id] })),
  ]
  return {
    schema: TERMS_SCHEMA,
    dealId: 'bench',
    name: words('bench'),
    currency: 'CNY',
    conventions: { profile: 'cn-plan' },
    parties: {},
    dates: {
      cutOff: CUT_OFF,
      closing: CUT_OFF,
      firstCollection: endOfMonth(addMonths(CUT_OFF, 1)),
      firstPay: addMonths(pay, 1),
      statedMaturity: addMonths(CUT_OFF, periods + 3),
      collectionDates: 'MonthEnd',
      payDates: { everyNMonth: 1, anchor: addMonths(pay, 1) },
    },
    status: 'amortising',
    pool: { initial: poolFen.toString() },
    accounts: [
      { id: 'collection', kind: 'collection', name: words('collection') },
      { id: 'plan', kind: 'plan', name: words('plan') },
    ],
    tranches: names.map((id, i) => ({
      id,
      name: words(id),
      class: i === tranches - 1 ? ('subordinated' as const) : ('senior' as const),
      original: (i === 0 ? poolFen - share * BigInt(tranches - 1) : share).toString(),
      principal: { type: 'sequential' as const },
      coupons: [{ type: 'fixed' as const, rate: `0.0${20 + i}`, dayCount: 'ACT_365F' }],
      accrueFrom: CUT_OFF,
    })),
    fees: feeNames.map((id) => ({
      id,
      payee: 'manager',
      type: 'annual' as const,
      rate: '0.0001',
      of: 'poolOpeningBalance',
      dayCount: 'ACT_365F',
      clause: id,
      text: words(id),
    })),
    collection: [
      {
        id: 'all',
        clause: 'all',
        text: words('all'),
        sources: ['principal', 'prepayment', 'interest', 'penalty', 'lateFee', 'recovery', 'repurchase', 'other'],
        to: [{ account: 'plan', share: '1' }],
      },
    ],
    waterfalls: { amortising: steps, 'clean-up': steps },
    triggers: [],
  }
}

/** Straight repayment over the periods with interest on what is open. */
export function straightRows(poolFen: bigint, periods: number): FlowRow[] {
  let open = poolFen
  return Array.from({ length: periods }, (_, i) => {
    const principal = i === periods - 1 ? open : poolFen / BigInt(periods)
    const interest = open / 150n
    open -= principal
    const date = endOfMonth(addMonths(CUT_OFF, i + 1))
    return { ...emptyRow(date, open, 80_000n), principal, interest }
  })
}
