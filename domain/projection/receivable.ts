import { AssetError, isDefaulted, type Assumption, type Receivable, type Speed } from '../assets/types.ts'
import { stepAt } from '../curve.ts'
import { addDays, daysBetween, type IsoDate } from '../date.ts'
import { minFen, mulDiv, type Fen } from '../money.ts'
import { rateToNumber } from '../rate.ts'
import { combineFlows, cutSchedule } from './combine.ts'
import { floorTimesDouble, periodSpeed } from './doubles.ts'
import { floorShare, lossOf, recoveredOf } from './recovery.ts'
import { emptyRow, type AssetSchedule, type FlowRow } from './types.ts'

/** Fee due at the due date (VOCABULARY.md, "ReceivableFee"). */
export function receivableFee({ fee, advance, faceValue, originDate, dueDate }: Receivable): Fen {
  if (!fee) return 0n
  const days = daysBetween(originDate, dueDate)
  switch (fee.type) {
    case 'fixed':
      return fee.amount
    case 'advance':
      return mulDiv(advance, fee.rate.numerator * BigInt(days), fee.rate.denominator * 365n, 'floor')
    case 'factor': {
      const periods = BigInt(Math.ceil(days / fee.everyDays))
      return periods * mulDiv(faceValue, fee.rate.numerator, fee.rate.denominator, 'floor')
    }
    default:
      return fee satisfies never
  }
}

const firstPeriod = (speed: Speed | undefined): number =>
  speed === undefined ? 0 : typeof speed === 'number' ? speed : (speed.vector[0] ?? 0)

/** One payment of face less fee; a default takes its part of face and fee, recoveries come days after the due date. */
export function projectReceivable(asset: Receivable, asOf: IsoDate, assumption: Assumption | undefined): AssetSchedule {
  const { faceValue, originDate, dueDate } = asset
  if (isDefaulted(asset.status)) {
    const row = { ...emptyRow(asOf), feePaid: 0n, default: faceValue, loss: faceValue }
    return { openingBalance: faceValue, openingDate: asOf, rows: [row] }
  }
  const { defaultRate, defaultAmount } = defaultOf(asset, assumption)
  const fee = floorTimesDouble(receivableFee(asset), 1 - defaultRate)
  const principal = faceValue - defaultAmount - fee
  const due: FlowRow = {
    ...emptyRow(dueDate),
    principal: principal > 0n ? principal : 0n,
    feePaid: principal > 0n ? fee : faceValue - defaultAmount,
    default: defaultAmount,
    loss: assumption?.recovery ? 0n : defaultAmount,
  }
  const rows: FlowRow[] = [{ ...emptyRow(originDate, faceValue), feePaid: 0n }, due]
  const recovery = assumption?.recovery
  if (recovery && defaultAmount > 0n) {
    const total = recoveredOf(defaultAmount, recovery)
    if (!recovery.byDays) throw new AssetError('BAD_RECOVERY', { assetType: 'Receivable', expected: 'byDays' })
    const later = recovery.byDays.map(([days, share], i, all) => ({
      ...emptyRow(addDays(dueDate, days)),
      feePaid: 0n,
      recovery: floorShare(total, share),
      loss: i === all.length - 1 ? lossOf(defaultAmount, recovery) : 0n,
    }))
    return cutSchedule(faceValue, mergeSameDay([...rows, ...later]), asOf)
  }
  return cutSchedule(faceValue, rows, asOf)
}

function defaultOf(
  { faceValue, originDate, dueDate }: Receivable,
  assumption: Assumption | undefined,
): { defaultRate: number; defaultAmount: Fen } {
  const days = daysBetween(originDate, dueDate)
  const planned = assumption?.defaultByAmount
  if (planned) {
    const share = planned.split[0]
    const amount = share ? minFen(faceValue, floorShare(planned.total, share)) : 0n
    return { defaultRate: faceValue === 0n ? 0 : Number(amount) / Number(faceValue), defaultAmount: amount }
  }
  const annual = assumption?.defaultAtEndByRate?.lastCDR ?? firstPeriod(assumption?.CDR)
  const factor = assumption?.defaultStress ? rateToNumber(stepAt(assumption.defaultStress, dueDate, 'inclusive')) : 1
  const defaultRate = Math.min(1, periodSpeed(annual, days) * factor)
  return { defaultRate, defaultAmount: floorTimesDouble(faceValue, defaultRate) }
}

/** A recovery on the due date itself joins that row. */
function mergeSameDay(rows: readonly FlowRow[]): FlowRow[] {
  const merged: FlowRow[] = []
  for (const row of rows) {
    const last = merged.at(-1)
    if (last?.date === row.date) merged[merged.length - 1] = combineFlows([[last], [{ ...row, balance: 0n }]])[0]!
    else merged.push(row)
  }
  return merged
}
