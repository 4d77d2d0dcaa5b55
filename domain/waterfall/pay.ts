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
    const whole = live.program.perUnit ? wholePerUnit(live, claim, share) : share
    const residue = sources.kind === 'principal' ? 0n : share - whole
    payClaim(live, step, sources, residue === 0n ? claim : { ...claim, due: claim.due - residue }, whole)
    const settled = whole + residue
    if (settled > 0n) settle(live, claim.index, settled)
    if (residue > 0n) payResidue(live, step, sources, claim.index, residue)
    total += settled
  }
  for (const [account, opening] of before) live.moved(account, accounts[account]!.balance - opening)
  return total
}

/** From the account, then from the supports. */
function payClaim(live: Live, step: StepMark, sources: PaySources, claim: Claim, share: Fen): void {
  const fromMain = minFen(share, live.state.accounts[sources.account]!.balance)
  live.payOut(step, sources.account, claim, fromMain, sources.kind)
  if (fromMain < share) paySupported(live, step, sources, { ...claim, due: claim.due - fromMain }, share - fromMain)
}

/**
 * Where the terms count per unit (DOMAIN.md §2): what a unit gets is cut to their decimals of a yuan. Of interest and the
 * residual the rest goes to the residue account; of principal only whole amounts a unit are paid, the rest stays due.
 */
function wholePerUnit(live: Live, { payee, index }: Claim, share: Fen): Fen {
  const { perUnit, tranches } = live.program
  const units = payee.kind === 'tranche' ? tranches[index]!.units : null
  if (units === null) return share
  const scale = 10n ** BigInt(perUnit!.decimals)
  // share ÷ units in yuan, cut to the decimals; times the units, cut to the fen.
  return (((share * scale) / (units * 100n)) * units * 100n) / scale
}

/** What no unit gets: out of the tranche's due, but no payment to its holders. */
function payResidue(live: Live, step: StepMark, sources: PaySources, tranche: number, residue: Fen): void {
  const index = live.program.perUnit!.residue
  const { payee } = live.program.accounts[index]!
  payClaim(live, step, sources, { index, payee, due: residue, inputs: {} }, residue)
  live.moved(index, residue)
  const record = live.tranches[tranche]!
  record[sources.kind === 'interest' ? 'interest' : 'residual'] -= residue
  if (sources.kind === 'interest') record.interestResidue += residue
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
