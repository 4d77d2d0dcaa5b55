/**
 * Deals A and B of DOMAIN.md §5 as deal-terms documents: consumer instalments with twelve months of revolving, and
 * factoring. testdata/deals holds them as JSON; levels of triggers are the market's middle ones.
 */
import { dealAFees, interest, payFees, principal, residual, step, tranche, words, yuanText } from './example-parts.ts'
import { TERMS_SCHEMA, type DealTerms, type Step, type TriggerTerms } from './terms.ts'

const SENIOR_FEES = ['manager', 'custody', 'servicer', 'rating', 'audit']
const CLOSING = '2026-07-01'
const STATED = '2029-07-02'

/** Fees rank first; within a year they are capped, what exceeds the cap waits until the senior tranches are served. */
const feeSteps = (clause: string): Step[] => [
  payFees('tax', `${clause}(1)`, '支付税费', 'Taxes', ['vat']),
  payFees('fees', `${clause}(2)`, '支付各方费用', 'Fees of the parties', SENIOR_FEES),
]
const depository = (clause: string): Step =>
  payFees('depository', clause, '支付登记结算机构服务费', 'Depository', ['depository'])

const purchase = (clause: string): Step =>
  step<'purchase'>('purchase', clause, '循环购买新增资产', 'Revolving purchase', {
    action: 'purchase',
    from: 'plan',
    price: { performing: '1', defaulted: '0' },
  })

const keepReserve = (clause: string): Step =>
  step<'transfer'>('reserve', clause, '补足储备账户', 'Top up the reserve', {
    action: 'transfer',
    from: 'plan',
    to: 'reserve',
    limit: 'reserveGap("reserve")',
  })
const releaseReserve = (clause: string): Step =>
  step<'transfer'>('release-reserve', clause, '储备账户资金转入计划账户', 'Release the reserve', {
    action: 'transfer',
    from: 'reserve',
    to: 'plan',
  })

const fromReserve = { support: [{ account: 'reserve' }] }

const waterfalls = (): DealTerms['waterfalls'] => ({
  revolving: [
    ...feeSteps('10.1'),
    interest('A', '10.1(3)', fromReserve),
    interest('B', '10.1(4)', fromReserve),
    keepReserve('10.1(5)'),
    purchase('10.1(6)'),
  ],
  amortising: [
    releaseReserve('10.2(0)'),
    ...feeSteps('10.2'),
    depository('10.2(3)'),
    interest('A', '10.2(4)'),
    interest('B', '10.2(5)'),
    principal('A', '10.2(6)'),
    principal('B', '10.2(7)'),
    principal('sub', '10.2(8)'),
    residual('sub', '10.2(9)'),
  ],
  // After acceleration purchases stop and B interest ranks after A principal.
  accelerated: [
    releaseReserve('10.3(0)'),
    ...feeSteps('10.3'),
    depository('10.3(3)'),
    interest('A', '10.3(4)'),
    principal('A', '10.3(5)'),
    interest('B', '10.3(6)'),
    principal('B', '10.3(7)'),
    principal('sub', '10.3(8)'),
    residual('sub', '10.3(9)'),
  ],
  defaulted: [
    releaseReserve('10.4(0)'),
    payFees('tax', '10.4(1)', '支付税费', 'Taxes', ['vat']),
    interest('A', '10.4(2)'),
    principal('A', '10.4(3)'),
    interest('B', '10.4(4)'),
    principal('B', '10.4(5)'),
    payFees('fees', '10.4(6)', '支付各方费用', 'Fees of the parties', SENIOR_FEES),
    principal('sub', '10.4(7)'),
    residual('sub', '10.4(8)'),
  ],
  'clean-up': [
    // Called at or below 10 % of the initial pool: the originator takes the rest of the pool at par.
    step<'sell-pool'>('call-price', '12.1', '清仓回购价款：资产池未偿本金', 'Call price: the outstanding principal', {
      action: 'sell-pool',
      to: 'plan',
      price: { performing: '1', defaulted: '0' },
      when: 'poolFactor <= 10%',
    }),
    releaseReserve('12.2(0)'),
    ...feeSteps('12.2'),
    depository('12.2(3)'),
    interest('A', '12.2(4)'),
    interest('B', '12.2(5)'),
    principal('A', '12.2(6)'),
    principal('B', '12.2(7)'),
    principal('sub', '12.2(8)'),
    residual('sub', '12.2(9)'),
  ],
})

const cumulativeDefault = (): TriggerTerms => ({
  id: 'cumulative-default',
  event: 'acceleration',
  clause: '11.2(1)',
  text: words('累计违约率在第1/2/3年达到2%/4%/6%', 'Cumulative default of 2/4/6% in year 1/2/3'),
  at: 'before-waterfall',
  statuses: ['revolving', 'amortising'],
  test: {
    numerator: 'cumulativeDefault',
    denominator: 'initialPoolBalance + cumulativePurchased',
    op: '>=',
    threshold: 'if(dealYear <= 1, 2%, if(dealYear <= 2, 4%, 6%))',
    shown: [{ name: 'initial', denominator: 'initialPoolBalance' }],
  },
  curable: false,
  then: { status: 'accelerated' },
})

const delinquency = (): TriggerTerms => ({
  id: 'delinquency',
  event: 'acceleration',
  clause: '11.2(2)',
  text: words('30天以上逾期率三期平均超过5%', 'Three-period average of 30+ delinquency above 5%'),
  at: 'before-waterfall',
  statuses: ['revolving', 'amortising'],
  test: {
    numerator: 'average(arrears("M2", "M3", "M4", "M5", "M6+"), 3)',
    denominator: 'poolBalance',
    op: '>',
    threshold: '5%',
  },
  curable: false,
  then: { status: 'accelerated' },
})

const endOfRevolving = (date: string): TriggerTerms => ({
  id: 'end-of-revolving',
  event: 'end-of-revolving',
  clause: '11.1',
  text: words(`循环期于${date}届满`, `The revolving period ends on ${date}`),
  at: 'after-waterfall',
  statuses: ['revolving'],
  test: { numerator: 'date', op: '>=', threshold: date },
  curable: false,
  then: { status: 'amortising' },
})

const seniorUnpaid = (): TriggerTerms => ({
  id: 'senior-interest-unpaid',
  event: 'event-of-default',
  clause: '11.3',
  text: words('优先A档利息未足额支付', 'Interest of class A is not paid in full'),
  at: 'after-waterfall',
  test: { numerator: 'interestDue("A")', op: '>', threshold: '0 fen' },
  curable: false,
  then: { status: 'defaulted' },
})

interface Shape {
  readonly dealId: string
  readonly zh: string
  readonly en: string
  readonly A: readonly [bigint, string]
  readonly B: readonly [bigint, string]
  readonly sub: bigint
  readonly payDates: readonly string[]
  readonly revolvingUntil: string
  readonly reserve: string
  readonly triggers: readonly TriggerTerms[]
}

function planTerms(shape: Shape): DealTerms {
  const [firstPay] = shape.payDates
  return {
    schema: TERMS_SCHEMA,
    dealId: shape.dealId,
    name: words(shape.zh, shape.en),
    currency: 'CNY',
    conventions: { profile: 'cn-plan', interestOnUnpaid: false, holders: { method: 'largest-remainder' } },
    parties: {},
    dates: {
      cutOff: '2026-06-30',
      closing: CLOSING,
      firstCollection: '2026-07-31',
      firstPay: firstPay!,
      statedMaturity: STATED,
      collectionDates: 'MonthEnd',
      payDates: { custom: [...shape.payDates] },
    },
    status: 'revolving',
    pool: { initial: yuanText(shape.A[0] + shape.B[0] + shape.sub) },
    accounts: [
      { id: 'plan', kind: 'plan', name: words('专项计划账户', 'Plan account') },
      { id: 'reserve', kind: 'reserve', name: words('储备账户', 'Reserve account'), target: shape.reserve },
    ],
    tranches: [
      tranche('A', 'senior', shape.A[0], shape.A[1], CLOSING),
      tranche('B', 'mezzanine', shape.B[0], shape.B[1], CLOSING),
      tranche('sub', 'subordinated', shape.sub, null, CLOSING),
    ],
    fees: dealAFees(firstPay!, shape.payDates.find((date) => date >= '2027-07-01') ?? '2027-10-01'),
    collection: [
      {
        id: 'all-cash',
        clause: '8.2',
        text: words('全部回收款划入专项计划账户', 'All collections go to the plan account'),
        sources: ['principal', 'prepayment', 'interest', 'penalty', 'lateFee', 'recovery', 'repurchase', 'other'],
        to: [{ account: 'plan', share: '1' }],
      },
    ],
    waterfalls: waterfalls(),
    triggers: [cumulativeDefault(), ...shape.triggers, endOfRevolving(shape.revolvingUntil), seniorUnpaid()],
    purchase: {
      clause: '7.1',
      text: words('按未偿本金平价循环购买', 'Purchases at par of the outstanding principal'),
      price: '1',
      until: shape.revolvingUntil,
    },
    call: {
      clause: '12.1',
      text: words('资产池余额不高于初始余额10%时清仓回购', 'Clean-up call at or below 10% of the initial pool'),
      if: 'poolFactor <= 10% and trancheBalance("A") == 0',
    },
  }
}

const months = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => {
    const month = from + i
    return `${2026 + Math.floor((month - 1) / 12)}-${String(((month - 1) % 12) + 1).padStart(2, '0')}-01`
  })

/** Deal A: 1.5 bn of consumer instalments, 12 months of revolving with quarterly interest, then monthly. */
export const dealA = (): DealTerms =>
  planTerms({
    dealId: 'deal-a',
    zh: '消费分期资产支持专项计划（A）',
    en: 'Consumer instalments (deal A)',
    A: [1_125_000_000n, '0.0510'],
    B: [195_000_000n, '0.0730'],
    sub: 180_000_000n,
    payDates: ['2026-10-01', '2027-01-01', '2027-04-01', '2027-07-01', ...months(20, 15)],
    revolvingUntil: '2027-07-01',
    reserve: 'trancheBalance("A", "B") * 0.5%',
    triggers: [delinquency()],
  })

/** Deal B: factoring; accelerated when the revolving balance stays under its threshold for 30 days. */
export const dealB = (): DealTerms =>
  planTerms({
    dealId: 'deal-b',
    zh: '供应链保理资产支持专项计划（B）',
    en: 'Factoring (deal B)',
    A: [1_080_000_000n, '0.046'],
    B: [419_250_000n, '0.055'],
    sub: 750_000n,
    payDates: ['2026-10-01', '2027-01-01', '2027-04-01', ...months(17, 8)],
    revolvingUntil: '2027-04-01',
    reserve: '0 fen',
    triggers: [
      {
        id: 'revolving-balance',
        event: 'acceleration',
        clause: '11.2(3)',
        text: words(
          '循环购买余额连续30日低于初始余额的85%',
          'Revolving balance under 85% of the initial for 30 days in a row',
        ),
        at: 'before-waterfall',
        statuses: ['revolving'],
        test: { numerator: 'poolBalance', denominator: 'initialPoolBalance', op: '<', threshold: '85%' },
        forDays: 30,
        curable: false,
        then: { status: 'accelerated' },
      },
    ],
  })
