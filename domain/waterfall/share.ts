/** How cash that is not enough for all is shared among amounts due. */
import { allocateLargestRemainder } from '../allocation.ts'
import { minFen, sumFen, type Fen } from '../money.ts'
import type { Behaviour } from './behaviour.ts'

export interface Due {
  readonly id: string
  readonly due: Fen
}

/** In list order, each up to its due. */
export function shareSequential(dues: readonly Pick<Due, 'due'>[], cash: Fen): Fen[] {
  let left = cash
  return dues.map(({ due }) => {
    const paid = minFen(due, left)
    left -= paid
    return paid
  })
}

/**
 * In proportion to the amounts due, never more than the total due. `floor-residue-first`: floors, the residue to the
 * first (C10); `largest-remainder`: ties by id.
 */
export function shareProRata(dues: readonly Due[], cash: Fen, mode: Behaviour['proRata']): Fen[] {
  const total = sumFen(dues.map(({ due }) => due))
  if (cash >= total) return dues.map(({ due }) => due)
  if (total === 0n || cash <= 0n) return dues.map(() => 0n)
  if (dues.length === 1) return [cash]
  if (mode === 'largest-remainder') {
    const shares = allocateLargestRemainder(
      cash,
      dues.map(({ id, due }) => ({ key: id, weight: due })),
    )
    return dues.map(({ id }) => shares.get(id) ?? 0n)
  }
  const shares = dues.map(({ due }) => (cash * due) / total)
  shares[0] = shares[0]! + cash - sumFen(shares)
  return shares
}
