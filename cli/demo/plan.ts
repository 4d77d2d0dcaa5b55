import { join } from 'node:path'
import { checkout } from '#engines/paths'
import type { DealTerms } from '#domain/deal/terms'
import { tapePlanTerms } from '#domain/deal/tape-plan'
import { addMonths, dateOf, endOfMonth, isoDate, partsOf, type IsoDate } from '#domain/date'
import {
  monthOf,
  monthlyTotals,
  NO_FLOWS,
  poolAt,
  poolBalance,
  replayLoan,
  type LoanFlows,
  type MonthlyTotal,
} from '#domain/tape/replay'
import { readTape } from '#node/tape/read-tape'
import { CommandFailure } from '../failure.ts'
import { CAST } from './consortium.ts'

export const DEFAULT_TAPE = join(checkout, 'testdata/tape/lc-2007-2010.csv.gz')

export interface Window {
  /** `2010-07`, the first month of issue. */
  readonly from: string
  /** `2010-12`, the last month of issue; its last day is the cut-off. */
  readonly to: string
}

/** What the demonstration is about: a pool from the tape, the months in which it brings something, and the terms. */
export interface Plan {
  readonly deal: string
  readonly window: Window
  readonly cutOff: IsoDate
  readonly loans: readonly LoanFlows[]
  readonly poolFen: bigint
  readonly terms: DealTerms
  /** What the pool brings by month, by the rule in the README of the tape. */
  readonly totals: ReadonlyMap<string, MonthlyTotal>
  /** Months from the first after the cut-off to the last that brings something. */
  readonly months: readonly string[]
}

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/

/** @throws CommandFailure naming the option; TapeError naming file, row and column */
export async function preparePlan(tapeFile: string, window: Window): Promise<Plan> {
  for (const [option, month] of Object.entries(window)) {
    if (!MONTH.test(month)) throw new CommandFailure(`--${option} must be a month such as 2010-07, not ${month}`, 2)
  }
  if (window.from > window.to) throw new CommandFailure(`--from ${window.from} is after --to ${window.to}`, 2)
  const cutOff = endOfMonth(isoDate(`${window.to}-01`))
  const inWindow = ({ issueDate }: { issueDate: IsoDate }): boolean =>
    monthOf(issueDate) >= window.from && monthOf(issueDate) <= window.to
  const loans = poolAt((await readTape(tapeFile, { keep: inWindow })).map(replayLoan), cutOff)
  if (loans.length === 0) {
    throw new CommandFailure(
      `no loan issued from ${window.from} to ${window.to} is outstanding at the end of ${window.to}`,
    )
  }
  const poolFen = poolBalance(loans, cutOff)
  const totals = monthlyTotals(loans, cutOff)
  const months = monthsOf(cutOff, [...totals.keys()].at(-1))
  return { deal: DEAL, window, cutOff, loans, poolFen, totals, months, terms: termsOf(poolFen, cutOff, months) }
}

const DEAL = 'tape-plan-1'
/** Payments are made on this day of the month after the collections. */
const PAY_DAY = 15

function monthsOf(cutOff: IsoDate, last: string | undefined): string[] {
  const months: string[] = []
  for (let month = addMonths(cutOff, 1); ; month = addMonths(month, 1)) {
    months.push(monthOf(month))
    if (last === undefined || monthOf(month) >= last) return months
  }
}

function termsOf(poolFen: bigint, cutOff: IsoDate, months: readonly string[]): DealTerms {
  const payDateOf = (month: string): IsoDate => {
    const { year, month: number } = partsOf(addMonths(isoDate(`${month}-01`), 1))
    return dateOf(year, number, PAY_DAY)
  }
  return tapePlanTerms({
    poolFen,
    cutOff,
    firstPayDate: payDateOf(months[0]!),
    // A year for what comes late; the plan ends when its pool has.
    statedMaturity: addMonths(payDateOf(months.at(-1)!), 12),
    names: { dealId: DEAL, zh: '朝阳消费分期资产支持专项计划', en: 'Chaoyang consumer instalments ABS plan' },
    parties: {
      originator: [CAST.servicer],
      servicer: [CAST.servicer],
      'plan-manager': [CAST.planManager],
      custodian: [CAST.custodian],
      'supervisory-bank': [CAST.supervisoryBank],
      'rating-agency': [CAST.ratingAgency],
      'law-firm': [CAST.lawFirm],
      auditor: [CAST.auditor],
      exchange: [CAST.exchange],
      depository: [CAST.depository],
    },
  })
}

/** What obligors and, at the end, the originator paid into the collection account for a period. */
export function arrivalsOf({ loans, totals, months }: Plan, period: string): bigint {
  const { principal, interest, lateFee, recovery } = totals.get(period) ?? NO_FLOWS
  const end = endOfMonth(isoDate(`${period}-01`))
  const cleanUp = period === months.at(-1) ? poolBalance(loans, end) : 0n
  return principal + interest + lateFee + recovery + cleanUp
}
