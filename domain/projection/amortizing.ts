import {
  AssetError,
  isDefaulted,
  type AdjustRateMortgage,
  type Assumption,
  type Loan,
  type Mortgage,
  type Recovery,
} from '../assets/types.ts'
import type { CurveSet } from '../curve.ts'
import { addMonths, daysBetween, type IsoDate } from '../date.ts'
import { yearFraction } from '../day-count.ts'
import { addPeriods } from '../dates/pattern.ts'
import { minFen, mulDiv, type Fen } from '../money.ts'
import { combineFlows, cutSchedule, dropEmptyTail } from './combine.ts'
import { floorTimesDouble, levelPayment, periodSpeed } from './doubles.ts'
import { addReturned } from './flows.ts'
import { penaltyOf } from './penalty.ts'
import { armRatePath, assetRatePath, periodRateMicro, rateOn, startRateMicro, type RatePath } from './rates.ts'
import { floorShare, recoveredOf, recoveriesOf, recoveryRows } from './recovery.ts'
import { periodStresses, stressBalance, survivalOf, type PeriodStress } from './speeds.ts'
import { emptyRow, type AssetSchedule, type FlowRow } from './types.ts'

export type AmortizingAsset = Mortgage | AdjustRateMortgage | Loan

/** What one projection of an amortising asset needs, worked out once. */
interface Plan {
  readonly asset: AmortizingAsset
  /** Date of row 0, the remaining payment dates, then extra dates for lags. */
  readonly dates: readonly IsoDate[]
  readonly rates: RatePath
  readonly listed?: readonly Fen[]
}

/**
 * Projects a mortgage or loan by conventions C1–C7: each period default, prepayment, interest on what is left, principal
 * by the amortisation plan; recoveries with their lag; penalties on prepayments.
 */
export function projectAmortizing(
  asset: AmortizingAsset,
  asOf: IsoDate,
  assumption: Assumption | undefined,
  curves: CurveSet,
): AssetSchedule {
  if (isDefaulted(asset.status))
    return projectDefaulted(asset, asOf, assumption?.defaultedRecovery, asset.status.defaulted)
  if (assumption?.delinquency) return projectDelinquent(asset, asOf, assumption, assumption.delinquency, curves)
  const plan = planOf(asset, recoveryRows(assumption?.recovery), curves)
  const periods = asset.remainingTerm
  const stresses = periodStresses(plan.dates.slice(0, periods + 1), assumption, ageOf(asset))
  const rows = [emptyRow(plan.dates[0]!, asset.currentBalance, rateOn(plan.rates, plan.dates[0]!))]
  rows.push(...amortize(plan, asset.currentBalance, 1, periods, (_, period) => stresses[period - 1]!))
  for (const date of plan.dates.slice(periods + 1)) rows.push(emptyRow(date))
  return cutSchedule(asset.currentBalance, dropEmptyTail(withRecoveries(rows, assumption?.recovery)), asOf)
}

const ageOf = ({ originTerm, remainingTerm }: AmortizingAsset): number => originTerm - remainingTerm

function planOf(asset: AmortizingAsset, extraRows: number, curves: CurveSet): Plan {
  const age = ageOf(asset)
  if (age < 0 || asset.remainingTerm < 1) {
    const { originTerm, remainingTerm } = asset
    throw new AssetError('BAD_TERM', { originTerm: String(originTerm), remainingTerm: String(remainingTerm) })
  }
  const { dates, listed } = datesOf(asset, age, extraRows)
  const to = dates[asset.remainingTerm]!
  const rates =
    asset.assetType === 'AdjustRateMortgage'
      ? armRatePath(asset, to, curves)
      : assetRatePath(asset.originRate, asset.currentRate, { from: dates[0]!, to }, curves)
  return { asset, dates, rates, ...(listed && { listed }) }
}

function datesOf(asset: AmortizingAsset, age: number, extraRows: number): { dates: IsoDate[]; listed?: Fen[] } {
  const { originDate, amortization, remainingTerm } = asset
  const freq = asset.freq ?? 'Monthly'
  if (amortization.type === 'Schedule') {
    const remaining = amortization.principal.slice(-remainingTerm)
    const before = amortization.principal[amortization.principal.length - remainingTerm - 1]?.[0] ?? originDate
    if (remaining.length < remainingTerm || before === undefined) {
      throw new AssetError('BAD_AMORTIZATION', {
        listed: String(remaining.length),
        remainingTerm: String(remainingTerm),
      })
    }
    const last = remaining.at(-1)![0]
    const extra = Array.from({ length: extraRows }, (_, i) => addPeriods(last, freq, i + 1))
    return {
      dates: [before, ...remaining.map(([date]) => date), ...extra],
      listed: remaining.map(([, amount]) => amount),
    }
  }
  if (originDate === undefined) throw new AssetError('NO_ORIGIN_DATE', { assetType: asset.assetType })
  const count = remainingTerm + extraRows + 1
  return { dates: Array.from({ length: count }, (_, i) => addPeriods(originDate, freq, age + i)) }
}

/**
 * Rows of the plan from row `first` to row `last` (row numbers of `plan.dates`), starting with a balance.
 * @param stress of a row, by its number
 */
function amortize(
  plan: Plan,
  startBalance: Fen,
  first: number,
  last: number,
  stressAt: (row: number, period: number) => PeriodStress,
): FlowRow[] {
  const { asset, dates, rates } = plan
  const rows: FlowRow[] = []
  let balance = startBalance
  let survival = 1
  for (let row = first; row <= last; row += 1) {
    const stress = stressAt(row, row - first + 1)
    const stressed = stressBalance(balance, stress)
    survival *= survivalOf(balance, stress)
    const date = dates[row]!
    const rateMicro = rateOn(rates, date)
    const accrued = interestOf(asset, stressed.left, rateMicro, dates[row - 1]!, date)
    const paid = paymentOf(plan, { balance: stressed.left, accrued, rateMicro, row, left: last - row + 1, survival })
    balance = stressed.left - paid.principal
    rows.push({
      ...emptyRow(date, balance, rateMicro),
      principal: paid.principal,
      interest: paid.interest,
      prepayment: stressed.prepayment,
      default: stressed.default,
      prepayPenalty:
        asset.assetType === 'Mortgage' && asset.prepaymentPenalty
          ? penaltyOf(asset.prepaymentPenalty, ageOf(asset) + row, stressed.prepayment)
          : 0n,
    })
  }
  return rows
}

function interestOf(asset: AmortizingAsset, balance: Fen, rateMicro: bigint, from: IsoDate, to: IsoDate): Fen {
  if (asset.assetType !== 'Loan') {
    return mulDiv(balance, periodRateMicro(asset.freq, rateMicro), 1_000_000n, 'floor')
  }
  const { numerator, denominator } = yearFraction(asset.dayCount ?? 'ACT_365F', from, to)
  return mulDiv(balance, rateMicro * numerator, 1_000_000n * denominator, 'floor')
}

interface PeriodState {
  /** After default and prepayment. */
  readonly balance: Fen
  readonly accrued: Fen
  readonly rateMicro: bigint
  readonly row: number
  /** Periods left, this one included. */
  readonly left: number
  readonly survival: number
}

/** Principal and interest of a period by the amortisation plan (VOCABULARY.md, "Amortization"). */
function paymentOf(plan: Plan, state: PeriodState): { principal: Fen; interest: Fen } {
  const { amortization } = plan.asset
  const { balance, accrued, left } = state
  const age = ageOf(plan.asset) + state.row
  const level = (periods: number): Fen =>
    levelPayment(balance, periodRateMicro(plan.asset.freq ?? 'Monthly', state.rateMicro), periods) - accrued
  switch (amortization.type) {
    case 'Level':
      return { principal: level(left), interest: accrued }
    case 'Even':
      return { principal: left === 1 ? balance : balance / BigInt(left), interest: accrued }
    case 'I_P':
      return { principal: left === 1 ? balance : 0n, interest: accrued }
    case 'Balloon':
      return { principal: left === 1 ? balance : level(Math.max(1, amortization.term - age + 1)), interest: accrued }
    case 'NO_FirstN':
      if (age <= amortization.periods) return { principal: -accrued, interest: 0n }
      return { principal: level(left), interest: accrued }
    case 'IO_FirstN':
      return { principal: age <= amortization.periods ? 0n : level(left), interest: accrued }
    case 'Schedule': {
      const listed = plan.listed?.[state.row - 1] ?? 0n
      const scaled = state.survival === 1 ? listed : floorTimesDouble(listed, state.survival)
      return { principal: left === 1 ? balance : minFen(scaled, balance), interest: accrued }
    }
    case 'F_P':
    case 'PO_FirstN':
      throw new AssetError('BAD_AMORTIZATION', { type: amortization.type, expected: 'an Installment asset' })
    default:
      throw new AssetError('BAD_AMORTIZATION', { type: amortization satisfies never })
  }
}

function withRecoveries(rows: readonly FlowRow[], recovery: Recovery | undefined): FlowRow[] {
  const booked = recoveriesOf(
    rows.map((row) => row.default),
    recovery,
  )
  return rows.map((row, i) => ({ ...row, recovery: booked.recovery[i]!, loss: booked.loss[i]! }))
}

const NO_STRESS: PeriodStress = { defaultRate: 0, prepayRate: 0 }

/**
 * Under delinquency: a part of the balance stops paying each period; `lag` rows later a share of it is default, and the rest
 * performs again on a plan of its own. There is no row 0.
 */
function projectDelinquent(
  asset: AmortizingAsset,
  asOf: IsoDate,
  assumption: Assumption,
  { CDR, lag, defaultShare }: NonNullable<Assumption['delinquency']>,
  curves: CurveSet,
): AssetSchedule {
  const plan = planOf(asset, lag + recoveryRows(assumption.recovery), curves)
  const periods = asset.remainingTerm
  const { CDR: _cdr, defaultByAmount: _amount, defaultAtEndByRate: _atEnd, ...prepaying } = assumption
  const stresses = periodStresses(plan.dates.slice(0, periods + 1), prepaying, ageOf(asset))
  const delinquencyRate = (row: number): number => periodSpeed(CDR, daysBetween(plan.dates[row - 1]!, plan.dates[row]!))
  const base = amortize(plan, asset.currentBalance, 1, periods, (row) => ({
    defaultRate: delinquencyRate(row),
    prepayRate: stresses[row - 1]!.prepayRate,
  })).map((row) => ({ ...row, delinquent: row.default, default: 0n }))
  const rows: FlowRow[] = [...base, ...plan.dates.slice(periods + 1).map((date) => emptyRow(date))]
  const returned: FlowRow[][] = []
  const performing = {
    numerator: defaultShare.denominator - defaultShare.numerator,
    denominator: defaultShare.denominator,
  }
  for (const [i, { delinquent }] of base.entries()) {
    if (delinquent === 0n) continue
    rows[i + lag] = { ...rows[i + lag]!, default: rows[i + lag]!.default + floorShare(delinquent, defaultShare) }
    const back = floorShare(delinquent, performing)
    if (back > 0n) returned.push(amortize(plan, back, i + 1 + lag, plan.dates.length - 1, () => NO_STRESS))
  }
  const booked = addReturned(withRecoveries(rows, assumption.recovery), combineFlows(returned))
  return cutSchedule(asset.currentBalance, dropEmptyTail(booked), asOf)
}

/** An asset in default: zero rows, then its recovery by the assumption; nothing is outstanding any more. */
function projectDefaulted(
  asset: AmortizingAsset,
  asOf: IsoDate,
  recovery: Recovery | undefined,
  since: IsoDate | null,
): AssetSchedule {
  const nothing = { openingBalance: 0n, openingDate: asOf, rows: [emptyRow(asOf)] }
  if (!recovery || since === null) return nothing
  const timing = recovery.timing ?? [{ numerator: 1n, denominator: 1n }]
  const lag = recovery.lag ?? 0
  const total = recoveredOf(asset.currentBalance, recovery)
  const rateMicro = startRateMicro(asset.originRate, asset.currentRate)
  const rows = Array.from({ length: Math.max(lag, 1) - 1 + timing.length }, (_, i) => {
    const date = asset.freq ? addPeriods(since, asset.freq, i + 1) : addMonths(since, i + 1)
    const part = timing[i + 1 - Math.max(lag, 1)]
    return { ...emptyRow(date, 0n, rateMicro), recovery: part ? floorShare(total, part) : 0n }
  })
  return cutSchedule(0n, rows, asOf)
}
