/** Small makers for the worked deals: words in both languages, fees, steps. */
import type { DealTerms, FeeTerms, Step } from './terms.ts'

export const words = (zh: string, en: string) => ({ zh, en })
export const yuanText = (yuan: bigint): string => (yuan * 100n).toString()

type FeeOf<T extends FeeTerms['type']> = Extract<FeeTerms, { type: T }>
export const fee = <T extends FeeTerms['type']>(
  id: string,
  clause: string,
  zh: string,
  en: string,
  rest: Omit<FeeOf<T>, 'id' | 'clause' | 'text'>,
): FeeTerms => ({ id, clause, text: words(zh, en), ...rest }) as unknown as FeeTerms

type SimpleStep = Exclude<Step, { action: 'if' }>
type StepOf<A extends SimpleStep['action']> = Extract<SimpleStep, { action: A }>
export const step = <A extends SimpleStep['action']>(
  id: string,
  clause: string,
  zh: string,
  en: string,
  rest: { action: A } & Omit<StepOf<A>, 'id' | 'clause' | 'text' | 'action'>,
): Step => ({ id, clause, text: words(zh, en), ...rest }) as unknown as Step

export const payFees = (id: string, clause: string, zh: string, en: string, fees: string[], more: object = {}): Step =>
  step<'pay-fee'>(id, clause, zh, en, { action: 'pay-fee', from: 'plan', fees, calculate: true, ...more })

export const interest = (tranche: string, clause: string, more: object = {}): Step =>
  step<'pay-interest'>(`${tranche}-interest`, clause, `支付${tranche}档利息`, `Interest of ${tranche}`, {
    action: 'pay-interest',
    from: 'plan',
    tranches: [tranche],
    accrue: true,
    ...more,
  })

export const principal = (tranche: string, clause: string): Step =>
  step<'pay-principal'>(`${tranche}-principal`, clause, `偿付${tranche}档本金`, `Principal of ${tranche}`, {
    action: 'pay-principal',
    from: 'plan',
    tranches: [tranche],
  })

export const residual = (tranche: string, clause: string): Step =>
  step<'pay-residual'>('residual', clause, '剩余资金归次级档', 'What is left to the subordinated tranche', {
    action: 'pay-residual',
    from: 'plan',
    tranche,
  })

export const tranche = (
  id: string,
  rank: DealTerms['tranches'][number]['class'],
  yuan: bigint,
  rate: string | null,
  accrueFrom: string,
): DealTerms['tranches'][number] => ({
  id,
  name: words(`${id}档`, `Class ${id}`),
  class: rank,
  original: yuanText(yuan),
  unitFen: '10000',
  principal: { type: rate === null ? 'equity' : 'sequential' },
  coupons: rate === null ? [] : [{ type: 'fixed', rate, dayCount: 'ACT_365F' }],
  ...(rate === null ? {} : { accrueFrom }),
})

const annual = (id: string, payee: string, rate: string, clause: string, zh: string, en: string): FeeTerms =>
  fee<'annual'>(id, clause, zh, en, { type: 'annual', payee, rate, of: 'poolOpeningBalance', dayCount: 'ACT_365F' })

/** Fees of deal A (DOMAIN.md §5): rating and audit on the first pay date and once a year. */
export const dealAFees = (firstPay: string, secondYear: string): FeeTerms[] => [
  fee<'percentage'>('vat', '9.1', '增值税及附加：利息收入×3.26%', 'VAT and surcharges: 3.26% of interest income', {
    type: 'percentage',
    payee: 'plan-manager',
    rate: '0.0326',
    of: 'collected("interest", "lateFee")',
  }),
  annual('manager', 'plan-manager', '0.0008', '9.2', '管理费0.08%/年', 'Management fee 0.08% p.a.'),
  annual('custody', 'custodian', '0.0003', '9.3', '托管费0.03%/年', 'Custody fee 0.03% p.a.'),
  annual('servicer', 'servicer', '0.0010', '9.4', '服务费0.10%/年', 'Servicing fee 0.10% p.a.'),
  fee<'schedule'>('rating', '9.5', '跟踪评级费每年8万元', 'Rating surveillance 80,000 yuan a year', {
    type: 'schedule',
    payee: 'rating-agency',
    entries: [
      [firstPay, yuanText(80_000n)],
      [secondYear, yuanText(80_000n)],
    ],
  }),
  fee<'schedule'>('audit', '9.6', '审计费每年4万元', 'Audit 40,000 yuan a year', {
    type: 'schedule',
    payee: 'auditor',
    entries: [
      [firstPay, yuanText(40_000n)],
      [secondYear, yuanText(40_000n)],
    ],
  }),
  fee<'formula'>(
    'depository',
    '9.7',
    '登记结算机构服务费：兑付兑息金额×0.005%',
    'Depository: 0.005% of amounts paid to holders',
    {
      type: 'formula',
      payee: 'depository',
      due: 'cash("plan") * 0.00005 / 1.00005',
    },
  ),
]
