import { sumFen, type Fen } from './money.ts'

export class AllocationError extends Error {
  override readonly name = 'AllocationError'
  constructor(
    readonly code: 'NEGATIVE_AMOUNT' | 'NEGATIVE_WEIGHT' | 'NO_WEIGHT' | 'DUPLICATE_KEY' | 'NOT_CONSERVED',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

/** One who shares: its key decides ties, so it must be unique and known to everybody. */
export interface Weighted {
  readonly key: string
  readonly weight: bigint
}

/**
 * Shares an amount in proportion to weights by the largest-remainder (Hamilton) method: each gets the floor of its exact
 * share, and the fen left over go one each to the largest remainders; ties go to the smaller key in code-unit order.
 * Shares sum to the amount exactly. Those without weight get nothing and are left out of the answer, as are zero shares.
 * @throws AllocationError `NEGATIVE_AMOUNT`, `NEGATIVE_WEIGHT`, `NO_WEIGHT` (an amount but nobody to take it), `DUPLICATE_KEY`
 */
export function allocateLargestRemainder(amount: Fen, sharers: readonly Weighted[]): Map<string, Fen> {
  if (amount < 0n) throw new AllocationError('NEGATIVE_AMOUNT', { amount: amount.toString() })
  const keys = new Set<string>()
  for (const { key, weight } of sharers) {
    if (weight < 0n) throw new AllocationError('NEGATIVE_WEIGHT', { key })
    if (keys.has(key)) throw new AllocationError('DUPLICATE_KEY', { key })
    keys.add(key)
  }
  const total = sumFen(sharers.map(({ weight }) => weight))
  if (amount === 0n) return new Map()
  if (total === 0n) throw new AllocationError('NO_WEIGHT', { amount: amount.toString() })
  const shares = sharers.map(({ key, weight }) => ({
    key,
    share: (amount * weight) / total,
    remainder: (amount * weight) % total,
  }))
  const byRemainder = [...shares].sort((a, b) =>
    a.remainder === b.remainder ? compareKeys(a.key, b.key) : a.remainder > b.remainder ? -1 : 1,
  )
  let left = amount - sumFen(shares.map(({ share }) => share))
  for (const entry of byRemainder) {
    if (left === 0n) break
    entry.share += 1n
    left -= 1n
  }
  const allocated = sumFen(shares.map(({ share }) => share))
  if (allocated !== amount) {
    throw new AllocationError('NOT_CONSERVED', { amount: amount.toString(), allocated: allocated.toString() })
  }
  return new Map(shares.filter(({ share }) => share > 0n).map(({ key, share }) => [key, share]))
}

/** Code-unit order, the same on every machine (never the locale's). */
export const compareKeys = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
