import { AssetError, type Assumption, type Installment } from '../assets/types.ts'
import { toMicro } from '../curve.ts'
import type { IsoDate } from '../date.ts'
import { addPeriods } from '../dates/pattern.ts'
import { minFen, mulDiv, type Fen } from '../money.ts'
import { cutSchedule, dropEmptyTail } from './combine.ts'
import { floorTimesDouble } from './doubles.ts'
import { recoveriesOf, recoveryRows } from './recovery.ts'
import { isStressed, periodStresses, stressBalance, survivalOf } from './speeds.ts'
import { emptyRow, type AssetSchedule, type FlowRow } from './types.ts'

/**
 * Flat instalment credit: principal floor(origin ÷ term) and a flat fee each period, both scaled by current ÷ scheduled
 * balance and, under stress, by survival; in stress the last period pays the whole balance, without it a rounding residue
 * stays.
 */
export function projectInstallment(
  asset: Installment,
  asOf: IsoDate,
  assumption: Assumption | undefined,
): AssetSchedule {
  const { originBalance, originTerm, remainingTerm, originDate, freq, currentBalance } = asset
  const paid = originTerm - remainingTerm
  if (paid < 0 || remainingTerm < 1) {
    throw new AssetError('BAD_TERM', { originTerm: String(originTerm), remainingTerm: String(remainingTerm) })
  }
  const principal = originBalance / BigInt(originTerm)
  const scheduledAfter = (payments: number): Fen => originBalance - principal * BigInt(payments)
  const scheduledNow = scheduledAfter(paid)
  const scale = (amount: Fen): Fen => (scheduledNow === 0n ? 0n : mulDiv(amount, currentBalance, scheduledNow, 'floor'))
  const rateMicro = toMicro(asset.feeRatePerPeriod)
  const feeRate = asset.feeRatePerPeriod
  const fullFee = mulDiv(originBalance, feeRate.numerator, feeRate.denominator, 'floor')
  const stressed = isStressed(assumption)
  const extra = stressed ? recoveryRows(assumption.recovery) : 0
  const dates = Array.from({ length: remainingTerm + extra + 1 }, (_, i) => addPeriods(originDate, freq, paid + i))
  const stresses = periodStresses(dates.slice(0, remainingTerm + 1), stressed ? assumption : undefined, paid)
  const rows: FlowRow[] = [emptyRow(dates[0]!, currentBalance, rateMicro)]
  let balance = currentBalance
  let survival = 1
  for (let period = 1; period <= remainingTerm; period += 1) {
    const number = paid + period
    const fee = asset.amortization.type === 'PO_FirstN' && number <= asset.amortization.periods ? 0n : fullFee
    const row = emptyRow(dates[period]!, 0n, rateMicro)
    if (!stressed) {
      balance = scale(scheduledAfter(number))
      rows.push({ ...row, balance, principal: scale(principal), interest: scale(fee) })
      continue
    }
    const stress = stresses[period - 1]!
    const { left, ...taken } = stressBalance(balance, stress)
    survival *= survivalOf(balance, stress)
    const surviving = (amount: Fen): Fen =>
      scheduledNow === 0n ? 0n : floorTimesDouble(amount * currentBalance, survival) / scheduledNow
    const due = period === remainingTerm ? left : minFen(left, surviving(principal))
    balance = left - due
    rows.push({ ...row, balance, principal: due, interest: surviving(fee), ...taken })
  }
  for (const date of dates.slice(remainingTerm + 1)) rows.push(emptyRow(date))
  if (!stressed) return cutSchedule(currentBalance, rows, asOf)
  const booked = recoveriesOf(
    rows.map((row) => row.default),
    assumption.recovery,
  )
  const full = rows.map((row, i) => ({ ...row, recovery: booked.recovery[i]!, loss: booked.loss[i]! }))
  return cutSchedule(currentBalance, dropEmptyTail(full), asOf)
}
