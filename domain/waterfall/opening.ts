/** The state of a deal before its first period. */
import { ZERO, type Rate } from '../rate.ts'
import type { DealTerms } from '../deal/terms.ts'
import { fenOf } from '../deal/formula/compile.ts'
import { Live, type Program } from './live.ts'
import { type Environment } from './live-types.ts'
import { programOf } from './program.ts'
import type { DealState } from './state.ts'

/** The state with which a deal starts. Indices are those of the terms' lists. */
export function openingState(
  terms: DealTerms,
  pools?: readonly { balance?: bigint; weightedRate?: Rate; defaulted?: bigint }[],
): DealState {
  const program = programOf(terms)
  const state = blank(program)
  pools?.forEach(({ balance, weightedRate, defaulted }, index) => {
    const pool = state.pools[index]
    if (pool && balance !== undefined) [pool.opening, pool.balance] = [balance, balance]
    if (pool && weightedRate) pool.weightedRate = weightedRate
    if (pool && defaulted !== undefined) pool.defaultedBalance = defaulted
  })
  return openFees(program, state)
}

function blank(program: Program): DealState {
  const { terms } = program
  return {
    version: 1,
    dealId: terms.dealId,
    status: terms.status,
    periods: 0,
    asOf: program.start,
    pools: program.pools.map(({ id, initial }) => ({
      id,
      initial,
      opening: initial,
      balance: initial,
      weightedRate: ZERO,
      defaultedBalance: 0n,
      cumulativeDefault: 0n,
      cumulativeRecovery: 0n,
      cumulativeLoss: 0n,
      cumulativePurchased: 0n,
      collected: {},
      arrears: {},
    })),
    accounts: program.accounts.map(({ id, opening, interest }) => ({
      id,
      balance: opening,
      accruedTo: interest?.accruedTo ?? null,
      since: interest?.accruedTo ?? null,
      weighted: 0n,
    })),
    tranches: program.tranches.map(({ id, opening, coupons, accrueFrom }) => ({
      id,
      balance: opening,
      coupons: coupons.map(({ initial }) => ({
        rate: initial,
        accruedTo: accrueFrom,
        due: 0n,
        dueOnDue: 0n,
        pending: ZERO,
      })),
    })),
    fees: program.fees.map(({ id, start, terms: { type } }) => ({
      id,
      due: 0n,
      calculated: false,
      since: type === 'annual' ? start : null,
      base: 0n,
      weighted: 0n,
      countedTo: null,
      used: 0,
    })),
    ledgers: (terms.ledgers ?? []).map(({ id, opening }) => ({ id, balance: BigInt(opening ?? '0') })),
    facilities: program.facilities.map(({ id, credit, start }) => ({
      id,
      available: credit,
      drawn: 0n,
      dueInterest: 0n,
      duePremium: 0n,
      accruedTo: start,
    })),
    swaps: program.swaps.map(({ id, start }) => ({ id, net: 0n, accruedTo: start })),
    caps: program.caps.map(({ id, start }) => ({ id, due: 0n, accruedTo: start })),
    triggers: program.triggers.map(({ terms: { id } }) => ({
      id,
      fired: false,
      firedOn: null,
      breachedSince: null,
      testsInBreach: 0,
      testsInCure: 0,
    })),
    series: {},
    indexRates: {},
    ratings: {},
    reported: {},
  }
}

const noIndex: Environment = { indexAt: () => ZERO }

/** Annual fees start their first spell on the base as it stands at the start. */
function openFees(program: Program, state: DealState): DealState {
  const live = new Live(program, state, noIndex)
  program.fees.forEach((fee, index) => {
    if (fee.terms.type === 'annual' && fee.of) state.fees[index]!.base = fenOf(fee.of, live, program.behaviour.money)
  })
  return state
}
