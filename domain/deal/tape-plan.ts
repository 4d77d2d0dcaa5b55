/**
 * The plan on the real tape (DOMAIN.md §5): A 80 % at 5.10 %, B 12 % at 7.30 %, the rest subordinated; fees of deal A;
 * monthly, interest first, then principal in sequence; what is left when A and B are paid goes to the subordinated
 * tranche.
 */
import { addMonths, endOfMonth, type IsoDate } from '../date.ts'
import type { Fen } from '../money.ts'
import { TERMS_SCHEMA, type DealTerms, type Step } from './terms.ts'

/** Units of the tranches: 100 yuan face. */
export const UNIT_FEN = 10_000n

export interface TapePlanInput {
  readonly poolFen: Fen
  readonly cutOff: IsoDate
  /** Day on which the plan is established; interest runs from it. Default: the cut-off. */
  readonly closing?: IsoDate
  readonly firstPayDate: IsoDate
  readonly statedMaturity: IsoDate
  readonly names: { readonly dealId: string; readonly zh: string; readonly en: string }
  /** Participants by role. */
  readonly parties?: DealTerms['parties']
}

const wholeUnits = (fen: Fen): Fen => (fen / UNIT_FEN) * UNIT_FEN

/** A and B in whole units of 10,000 fen rounded down, sub the rest: together exactly the pool. */
export function tapePlanSizes(poolFen: Fen): { readonly A: Fen; readonly B: Fen; readonly sub: Fen } {
  const A = wholeUnits((poolFen * 80n) / 100n)
  const B = wholeUnits((poolFen * 12n) / 100n)
  return { A, B, sub: poolFen - A - B }
}

const words = (zh: string, en: string) => ({ zh, en })
const yuan = (amount: bigint): string => (amount * 100n).toString()

const annual = (
  id: string,
  payee: string,
  rate: string,
  clause: string,
  zh: string,
  en: string,
): DealTerms['fees'][number] => ({
  id,
  payee,
  type: 'annual',
  rate,
  of: 'poolOpeningBalance',
  dayCount: 'ACT_365F',
  clause,
  text: words(zh, en),
})

function fees(input: TapePlanInput): DealTerms['fees'] {
  // Rating and audit fees: at the first payment and then once a year; explicit dates, so that nothing has to be inferred.
  const yearly = (amount: string): [string, string][] => {
    const entries: [string, string][] = []
    for (let date = input.firstPayDate, year = 0; date <= input.statedMaturity; year += 1) {
      entries.push([date, amount])
      date = addMonths(input.firstPayDate, 12 * (year + 1))
    }
    return entries
  }
  return [
    {
      id: 'vat',
      payee: 'plan-manager',
      type: 'percentage',
      // 3 % / 1.03 × 1.12 (surcharges), DOMAIN.md §2.
      rate: '0.0326',
      of: 'collected("interest", "lateFee")',
      clause: '9.1',
      text: words('增值税及附加：利息收入的3.26%', 'VAT and surcharges: 3.26% of interest income'),
    },
    annual(
      'manager',
      'plan-manager',
      '0.0008',
      '9.2',
      '管理费：资产池期初余额×0.08%/年',
      'Management fee: 0.08% p.a. of the opening pool',
    ),
    annual(
      'custody',
      'custodian',
      '0.0003',
      '9.3',
      '托管费：资产池期初余额×0.03%/年',
      'Custody fee: 0.03% p.a. of the opening pool',
    ),
    annual(
      'servicer',
      'servicer',
      '0.0010',
      '9.4',
      '服务费：资产池期初余额×0.10%/年',
      'Servicing fee: 0.10% p.a. of the opening pool',
    ),
    {
      id: 'rating',
      payee: 'rating-agency',
      type: 'schedule',
      entries: yearly(yuan(80_000n)),
      clause: '9.5',
      text: words('跟踪评级费：每年8万元', 'Rating surveillance: 80,000 yuan a year'),
    },
    {
      id: 'audit',
      payee: 'auditor',
      type: 'schedule',
      entries: yearly(yuan(40_000n)),
      clause: '9.6',
      text: words('审计费：每年4万元', 'Audit: 40,000 yuan a year'),
    },
    {
      id: 'depository',
      payee: 'depository',
      type: 'formula',
      // All that is left after the other fees is paid out; 0.005 % of the payouts is what makes both add up to it.
      due: 'cash("plan") * 0.00005 / 1.00005',
      clause: '9.7',
      text: words('登记结算机构服务费：兑付兑息金额×0.005%', 'Depository: 0.005% of amounts paid to holders'),
    },
  ]
}

const step = <S extends object>(id: string, clause: string, zh: string, en: string, rest: S) => ({
  id,
  clause,
  text: words(zh, en),
  ...rest,
})

const feeSteps = (): Step[] => [
  step('tax', '10.1(1)', '支付税费', 'Taxes', {
    action: 'pay-fee',
    from: 'plan',
    fees: ['vat'],
    calculate: true,
  } as const),
  step(
    'fees',
    '10.1(2)',
    '支付管理、托管、服务、评级、审计费',
    'Fees of manager, custodian, servicer, rating agency, auditor',
    {
      action: 'pay-fee',
      from: 'plan',
      fees: ['manager', 'custody', 'servicer', 'rating', 'audit'],
      calculate: true,
    } as const,
  ),
  step('depository', '10.1(3)', '支付登记结算机构服务费', 'Depository', {
    action: 'pay-fee',
    from: 'plan',
    fees: ['depository'],
    calculate: true,
  } as const),
]

const interest = (tranche: string, clause: string): Step =>
  step(`${tranche}-interest`, clause, `支付${tranche}档利息`, `Interest of ${tranche}`, {
    action: 'pay-interest',
    from: 'plan',
    tranches: [tranche],
    accrue: true,
  } as const)

const principal = (tranche: string, clause: string): Step =>
  step(`${tranche}-principal`, clause, `偿付${tranche}档本金`, `Principal of ${tranche}`, {
    action: 'pay-principal',
    from: 'plan',
    tranches: [tranche],
  } as const)

const sequence = (): Step[] => [
  ...feeSteps(),
  interest('A', '10.1(4)'),
  interest('B', '10.1(5)'),
  principal('A', '10.1(6)'),
  principal('B', '10.1(7)'),
  principal('sub', '10.1(8)'),
  step('residual', '10.1(9)', '剩余资金归次级档', 'What is left to the subordinated tranche', {
    action: 'pay-residual',
    from: 'plan',
    tranche: 'sub',
  } as const),
]

/** The full deal-terms document of the plan. */
export function tapePlanTerms(input: TapePlanInput): DealTerms {
  const sizes = tapePlanSizes(input.poolFen)
  const closing = input.closing ?? input.cutOff
  const coupon = (rate: string) => [{ type: 'fixed' as const, rate, dayCount: 'ACT_365F' }]
  return {
    schema: TERMS_SCHEMA,
    dealId: input.names.dealId,
    name: words(input.names.zh, input.names.en),
    currency: 'CNY',
    conventions: { profile: 'cn-plan' },
    parties: input.parties ?? {},
    dates: {
      cutOff: input.cutOff,
      closing,
      firstCollection: endOfMonth(addMonths(input.firstPayDate, -1)),
      firstPay: input.firstPayDate,
      statedMaturity: input.statedMaturity,
      collectionDates: 'MonthEnd',
      payDates: { everyNMonth: 1, anchor: input.firstPayDate },
    },
    status: 'amortising',
    pool: { initial: input.poolFen.toString() },
    accounts: [
      { id: 'collection', kind: 'collection', name: words('归集账户', 'Collection account') },
      { id: 'plan', kind: 'plan', name: words('专项计划账户', 'Plan account') },
    ],
    tranches: [
      {
        id: 'A',
        name: words('优先A档', 'Senior A'),
        class: 'senior',
        original: sizes.A.toString(),
        unitFen: UNIT_FEN.toString(),
        principal: { type: 'sequential' },
        coupons: coupon('0.0510'),
        accrueFrom: closing,
      },
      {
        id: 'B',
        name: words('优先B档', 'Mezzanine B'),
        class: 'mezzanine',
        original: sizes.B.toString(),
        unitFen: UNIT_FEN.toString(),
        principal: { type: 'sequential' },
        coupons: coupon('0.0730'),
        accrueFrom: closing,
      },
      {
        id: 'sub',
        name: words('次级档', 'Subordinated'),
        class: 'subordinated',
        original: sizes.sub.toString(),
        principal: { type: 'equity' },
        coupons: [],
      },
    ],
    fees: fees(input),
    collection: [
      {
        id: 'all-cash',
        clause: '8.2',
        text: words('全部回收款于转付日划入专项计划账户', 'All collections go to the plan account on the transfer day'),
        sources: ['principal', 'prepayment', 'interest', 'penalty', 'lateFee', 'recovery', 'repurchase', 'other'],
        to: [{ account: 'plan', share: '1' }],
      },
    ],
    waterfalls: { amortising: sequence(), 'clean-up': sequence() },
    triggers: [
      {
        id: 'cumulative-default',
        event: 'acceleration',
        clause: '11.2',
        text: words('累计违约率达到15%：加速清偿', 'Cumulative default at 15%: acceleration'),
        at: 'before-waterfall',
        statuses: ['amortising'],
        test: {
          numerator: 'cumulativeDefault',
          denominator: 'initialPoolBalance',
          op: '>=',
          threshold: '0.15',
          shown: [{ name: 'initial + purchased', denominator: 'initialPoolBalance + cumulativePurchased' }],
        },
        curable: false,
        // The order of payments is sequential already: the event is recorded, the status stays.
        then: {},
      },
    ],
  }
}
