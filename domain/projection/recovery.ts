import { AssetError, type Recovery } from '../assets/types.ts'
import { mulDiv, type Fen } from '../money.ts'
import { ONE, type Rate } from '../rate.ts'

const share = (amount: Fen, { numerator, denominator }: Rate): Fen => mulDiv(amount, numerator, denominator, 'floor')

const rest = ({ numerator, denominator }: Rate): Rate => ({ numerator: denominator - numerator, denominator })

/** C6: recovery = floor(default × rate). */
export const recoveredOf = (amount: Fen, recovery: Recovery): Fen => share(amount, recovery.rate)
/** C6: loss = floor(default × (1 − rate)): floored by itself, so a fen may be neither. */
export const lossOf = (amount: Fen, recovery: Recovery): Fen => share(amount, rest(recovery.rate))

/**
 * Rows by which a schedule must be extended so that every recovery has a row.
 * @throws AssetError `BAD_RECOVERY` unless exactly one of lag and timing is given
 */
export function recoveryRows(recovery: Recovery | undefined): number {
  if (!recovery) return 0
  if (recovery.lag !== undefined && recovery.timing === undefined) return recovery.lag
  if (recovery.timing !== undefined && recovery.lag === undefined) return Math.max(0, recovery.timing.length - 1)
  throw new AssetError('BAD_RECOVERY', { expected: 'either lag or timing' })
}

/** Recovery and loss per row of the defaults per row; absent assumption: loss = default in the same row. */
export function recoveriesOf(
  defaults: readonly Fen[],
  recovery: Recovery | undefined,
): { recovery: Fen[]; loss: Fen[] } {
  const recovered = defaults.map(() => 0n)
  const loss = defaults.map(() => 0n)
  if (!recovery) return { recovery: recovered, loss: [...defaults] }
  const rows = recoveryRows(recovery)
  const shares = recovery.timing ?? [...Array.from({ length: rows }, () => ({ numerator: 0n, denominator: 1n })), ONE]
  for (const [row, amount] of defaults.entries()) {
    if (amount === 0n) continue
    const total = recoveredOf(amount, recovery)
    for (const [i, part] of shares.entries()) {
      if (row + i < recovered.length) recovered[row + i]! += share(total, part)
    }
    if (row + shares.length - 1 < loss.length) loss[row + shares.length - 1]! += lossOf(amount, recovery)
  }
  return { recovery: recovered, loss }
}

export { share as floorShare }
