import { addMonths, dateOf, partsOf, type IsoDate } from '../date.ts'
import { maxFen, minFen, mulDiv, type Fen } from '../money.ts'
import type { LoanRecord } from './loan.ts'

export interface LoanPayment {
  /** The first day of a month. */
  readonly date: IsoDate
  readonly principal: Fen
  readonly interest: Fen
  readonly lateFee: Fen
}

/** A loan's outcome spread over months by the rule of testdata/tape/README.md. */
export interface LoanFlows {
  readonly loan: LoanRecord
  /** In month order; months in which nothing was paid are kept, so payment k falls k months after issue. */
  readonly payments: readonly LoanPayment[]
  /** The principal that was open when the loan defaulted (may be zero). */
  readonly default?: { readonly date: IsoDate; readonly balance: Fen }
  /** Six months after the default; absent when nothing came. */
  readonly recovery?: { readonly date: IsoDate; readonly amount: Fen }
  /** Open after the last payment and not defaulted: performing at the snapshot. */
  readonly stillOpen: Fen
}

const MONTHS_TO_DEFAULT = 5
const MONTHS_TO_RECOVERY = 6

/** Whole calendar months between two dates' months; days do not count. */
const monthsBetween = (from: IsoDate, to: IsoDate): number => {
  const a = partsOf(from)
  const b = partsOf(to)
  return b.year * 12 + b.month - (a.year * 12 + a.month)
}

const firstOfMonth = (date: IsoDate): IsoDate => dateOf(partsOf(date).year, partsOf(date).month, 1)

export const defaulted = ({ status }: Pick<LoanRecord, 'status'>): boolean =>
  status.endsWith('Charged Off') || status.endsWith('Default')

/**
 * Spreads what a loan paid in total over the months from issue to its last payment (rules 1–5 of the tape's README).
 * Interest of a month is balance × rate ÷ 12 rounded half-up; the last month takes what is left, so that the totals of
 * the tape are met to the fen.
 */
export function replayLoan(loan: LoanRecord): LoanFlows {
  const issue = firstOfMonth(loan.issueDate)
  const { payments, principalPaid } = paymentsOf(loan, issue)
  const open = loan.fundedFen - principalPaid
  if (!defaulted(loan)) return { loan, payments, stillOpen: open }
  const date = addMonths(issue, payments.length + MONTHS_TO_DEFAULT)
  return {
    loan,
    payments,
    default: { date, balance: open },
    ...(loan.recoveriesFen > 0n && {
      recovery: { date: addMonths(date, MONTHS_TO_RECOVERY), amount: loan.recoveriesFen },
    }),
    stillOpen: 0n,
  }
}

function paymentsOf(loan: LoanRecord, issue: IsoDate): { payments: LoanPayment[]; principalPaid: Fen } {
  const payments: LoanPayment[] = []
  if (loan.lastPaymentDate === undefined) return { payments, principalPaid: 0n }
  const principalTotal = minFen(loan.principalReceivedFen, loan.fundedFen)
  const interestTotal = loan.interestReceivedFen + (loan.principalReceivedFen - principalTotal)
  const paidSomething = principalTotal + interestTotal + loan.lateFeeReceivedFen > 0n
  const months = Math.max(monthsBetween(issue, loan.lastPaymentDate), paidSomething ? 1 : 0)
  const { numerator, denominator } = loan.rateAnnual
  let principalLeft = principalTotal
  let interestLeft = interestTotal
  for (let month = 1; month < months; month += 1) {
    const balance = loan.fundedFen - (principalTotal - principalLeft)
    const accrued = mulDiv(balance, numerator, denominator * 12n, 'half-up')
    const interest = minFen(interestLeft, accrued)
    const principal = minFen(principalLeft, maxFen(0n, loan.instalmentFen - accrued))
    payments.push({ date: addMonths(issue, month), principal, interest, lateFee: 0n })
    principalLeft -= principal
    interestLeft -= interest
  }
  if (months > 0) {
    payments.push({
      date: addMonths(issue, months),
      principal: principalLeft,
      interest: interestLeft,
      lateFee: loan.lateFeeReceivedFen,
    })
  }
  return { payments, principalPaid: principalTotal }
}

/** Principal open at the end of a date: after its payments, and zero once the loan has defaulted. */
export function balanceAt(flows: LoanFlows, date: IsoDate): Fen {
  if (flows.default && flows.default.date <= date) return 0n
  let balance = flows.loan.fundedFen
  for (const payment of flows.payments) {
    if (payment.date > date) break
    balance -= payment.principal
  }
  return balance
}

/**
 * The pool at a cut-off: the loans issued on or before it with principal open after their payments up to and including
 * it, and not defaulted by then.
 */
export const poolAt = (loans: readonly LoanFlows[], cutoff: IsoDate): LoanFlows[] =>
  loans.filter((flows) => flows.loan.issueDate <= cutoff && balanceAt(flows, cutoff) > 0n)

export const poolBalance = (pool: readonly LoanFlows[], date: IsoDate): Fen =>
  pool.reduce((total, flows) => total + balanceAt(flows, date), 0n)

export interface MonthlyTotal {
  readonly principal: Fen
  readonly interest: Fen
  readonly lateFee: Fen
  readonly defaulted: Fen
  readonly recovery: Fen
}

export const NO_FLOWS: MonthlyTotal = { principal: 0n, interest: 0n, lateFee: 0n, defaulted: 0n, recovery: 0n }

const added = (a: MonthlyTotal, b: Partial<MonthlyTotal>): MonthlyTotal => ({
  principal: a.principal + (b.principal ?? 0n),
  interest: a.interest + (b.interest ?? 0n),
  lateFee: a.lateFee + (b.lateFee ?? 0n),
  defaulted: a.defaulted + (b.defaulted ?? 0n),
  recovery: a.recovery + (b.recovery ?? 0n),
})

/** The calendar month of a date: `2011-01`. */
export const monthOf = (date: IsoDate): string => date.slice(0, 7)

/**
 * What a pool brings month by month after a date (the plan is entitled to what is paid after the cut-off), keyed by
 * month in order; months without any flow are left out.
 */
export function monthlyTotals(pool: readonly LoanFlows[], after: IsoDate): Map<string, MonthlyTotal> {
  const totals = new Map<string, MonthlyTotal>()
  const add = (date: IsoDate, flow: Partial<MonthlyTotal>): void => {
    if (date <= after) return
    const month = monthOf(date)
    totals.set(month, added(totals.get(month) ?? NO_FLOWS, flow))
  }
  for (const flows of pool) {
    for (const { date, principal, interest, lateFee } of flows.payments) add(date, { principal, interest, lateFee })
    if (flows.default) add(flows.default.date, { defaulted: flows.default.balance })
    if (flows.recovery) add(flows.recovery.date, { recovery: flows.recovery.amount })
  }
  return new Map([...totals].sort(([a], [b]) => (a < b ? -1 : 1)))
}

export const sumTotals = (totals: Iterable<MonthlyTotal>): MonthlyTotal => {
  let sum = NO_FLOWS
  for (const total of totals) sum = added(sum, total)
  return sum
}
