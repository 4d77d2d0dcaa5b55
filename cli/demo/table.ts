import { yuanFromFen } from '#domain/money'
import type { PeriodRow, TrancheRow } from '#reports/plan/plan-periods'

const COLUMNS: readonly { readonly title: string; readonly width: number }[] = [
  { title: 'paid', width: 10 },
  { title: 'principal', width: 13 },
  { title: 'interest+late', width: 13 },
  { title: 'recoveries', width: 11 },
  { title: 'fees', width: 11 },
  { title: 'A interest', width: 11 },
  { title: 'A principal', width: 13 },
  { title: 'B interest', width: 11 },
  { title: 'B principal', width: 13 },
  { title: 'sub', width: 13 },
  { title: 'factors A B sub', width: 20 },
]

const line = (cells: readonly string[]): string => COLUMNS.map(({ width }, i) => cells[i]!.padStart(width)).join(' ')

export const tableHead = (): string => line(COLUMNS.map(({ title }) => title))

/** One period of the plan on the tape, in yuan. What the originator bought back is shown with the principal. */
export function tableRow({ payDate, collected, repurchaseFen, feesFen, tranches }: PeriodRow): string {
  const of = (id: string): TrancheRow | undefined => tranches.find(({ tranche }) => tranche === id)
  const [A, B, sub] = [of('A'), of('B'), of('sub')]
  const amounts = [
    collected.principal + repurchaseFen,
    collected.interest + collected.lateFee,
    collected.recovery,
    feesFen,
    A?.interestFen ?? 0n,
    A?.principalFen ?? 0n,
    B?.interestFen ?? 0n,
    B?.principalFen ?? 0n,
    sub ? sub.interestFen + sub.principalFen + sub.residualFen : 0n,
  ]
  return line([payDate, ...amounts.map(yuanFromFen), [A, B, sub].map(factor).join(' ')])
}

/** Closing over original balance, four decimals, cut. */
function factor(tranche: TrancheRow | undefined): string {
  if (!tranche || tranche.originalFen === 0n) return '-'
  const tenThousandths = (tranche.closingFen * 10_000n) / tranche.originalFen
  return `${tenThousandths / 10_000n}.${String(tenThousandths % 10_000n).padStart(4, '0')}`
}
