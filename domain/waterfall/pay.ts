/** Payments: claims on an account, what may support it, and how cash that is not enough is shared. */
import { minFen, type Fen } from '../money.ts'
import type { Live } from './live.ts'
import type { Owed, StepMark } from './live-types.ts'
import type { Transfer } from './period.ts'
import { shareProRata, shareSequential } from './share.ts'

/** What a payee is owed; `index` is its place among the tranches or fees. */
export interface Claim extends Owed {
  readonly index: number
}

/** Applies what was paid to the payee's state. */
export type Settle = (live: Live, index: number, amount: Fen) => void

export interface PaySources {
  readonly account: number
  readonly support: readonly { readonly account?: number; readonly facility?: number }[]
  readonly limit: Fen | null
  readonly order: 'pro-rata' | 'sequential'
  readonly kind: Transfer['kind']
}

/** Pro rata shares by the profile's rule. */
export function sharesOf(live: Live, claims: readonly Claim[], cash: Fen): Fen[] {
  if (claims.length === 1) return shareSequential(claims, cash)
  const dues = claims.map(({ payee, due }) => ({ id: payee.id, due }))
  return shareProRata(dues, cash, live.program.behaviour.proRata)
}

/**
 * Pays claims from an account, then from its supports; writes one line per claim and source.
 * @returns what was paid in all
 */
export function pay(live: Live, step: StepMark, sources: PaySources, claims: readonly Claim[], settle: Settle): Fen {
  const { accounts } = live.state
  const main = accounts[sources.account]!
  const within = reach(live, sources)
  const shares = sources.order === 'sequential' ? shareSequential(claims, within) : sharesOf(live, claims, within)
  // Balances before the step, for statements: an action that pays several things is one movement.
  const before = live.recordMovements
    ? payers(sources).map((account) => [account, accounts[account]!.balance] as const)
    : []
  let total = 0n
  for (let i = 0; i < claims.length; i += 1) {
    const claim = claims[i]!
    const share = shares[i]!
    const fromMain = minFen(share, main.balance)
    live.payOut(step, sources.account, claim, fromMain, sources.kind)
    if (fromMain < share) paySupported(live, step, sources, { ...claim, due: claim.due - fromMain }, share - fromMain)
    if (share > 0n) settle(live, claim.index, share)
    total += share
  }
  for (const [account, opening] of before) live.moved(account, accounts[account]!.balance - opening)
  return total
}

/** Cash within reach: the account, its supports, not more than the limit. */
function reach(live: Live, { account, support, limit }: PaySources): Fen {
  const { accounts, facilities } = live.state
  let within = accounts[account]!.balance
  for (const source of support)
    within += source.account === undefined ? facilities[source.facility!]!.available : accounts[source.account]!.balance
  return limit === null ? within : minFen(within, limit > 0n ? limit : 0n)
}

const payers = ({ account, support }: PaySources): number[] => [
  ...new Set([account, ...support.flatMap((source) => source.account ?? [])]),
]

/** What the paying account lacked, from the supports in list order. */
function paySupported(live: Live, step: StepMark, sources: PaySources, owed: Claim, rest: Fen): void {
  let left = rest
  let due = owed.due
  for (const { account, facility } of sources.support) {
    if (left === 0n) return
    const held =
      account === undefined ? live.state.facilities[facility!]!.available : live.state.accounts[account]!.balance
    const taken = minFen(held, left)
    if (taken === 0n) continue
    if (account === undefined) draw(live, step, facility!, { ...owed, due }, taken)
    else live.payOut(step, account, { ...owed, due }, taken, sources.kind)
    left -= taken
    due -= taken
  }
}

/** A facility pays a claim directly, up to its available credit: no account moves. @returns what it paid */
export function draw(live: Live, step: StepMark, facility: number, owed: Owed, wanted: Fen): Fen {
  const state = live.state.facilities[facility]!
  const taken = minFen(state.available, wanted)
  if (taken === 0n) return 0n
  const before = state.available
  state.available -= taken
  state.drawn += taken
  live.cashIn += taken
  live.cashOut += taken
  const from = { kind: 'facility', id: state.id } as const
  live.transferred({ stepId: step.id, from, to: owed.payee, amount: taken, kind: 'facility' })
  live.write(step, owed, taken, state.id, before, state.available)
  live.facilityRow(facility, 'draw', -taken)
  return taken
}
