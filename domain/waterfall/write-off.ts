/** Taking amounts off balances without cash. */
import { minFen, type Fen } from '../money.ts'

/** Off several balances in order; what is left over is unallocated. */
export function takeOff(
  balances: readonly Fen[],
  amount: Fen,
): { readonly balances: Fen[]; readonly unallocated: Fen } {
  let left = amount > 0n ? amount : 0n
  const after = balances.map((balance) => {
    const taken = minFen(balance, left)
    left -= taken
    return balance - taken
  })
  return { balances: after, unallocated: left }
}
