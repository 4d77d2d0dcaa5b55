/**
 * What the interpreter reads of a conventions profile (domain/conventions.ts), with the deal's own choices laid over it.
 * One code path: nothing below this file asks for a profile by name.
 */
import { CONVENTIONS } from '../conventions.ts'
import type { ConventionsTerms } from '../deal/terms.ts'
import type { Rounding } from '../money.ts'

export interface Behaviour {
  /** Rounding of every amount. */
  readonly money: Rounding
  /** Interest is rounded at each accrual, or kept exact and rounded once when it falls due. */
  readonly interestRounded: 'each-accrual' | 'when-due'
  /** Decimals to which rates are floored; null: exact. */
  readonly rateDecimals: number | null
  readonly proRata: 'floor-residue-first' | 'largest-remainder'
  readonly interestOnUnpaid: boolean
  readonly bondResetLookup: 'exclusive' | 'inclusive'
  readonly statusTiming: 'before-triggers' | 'after-triggers'
  /** A curable trigger still in breach acts at every test, or once until it is cured. */
  readonly triggersAct: 'each-test' | 'once'
  /** Balance in default: of the assets whose status says so at the start, or carried on by the flows collected. */
  readonly defaultedBalance: 'by-status' | 'by-flows'
  /** Hedges, account interest and recurring fees run from their own start, also where the deal starts later. */
  readonly datedFrom: 'own-start' | 'deal-start'
  /** Base of annual fees: spells of constant base cut at the collection dates, or the accrual period on one base. */
  readonly annualFees: 'spells' | 'period'
  /** A run ends when pool and accounts are empty, or at the last payment. */
  readonly endOfRun: 'when-empty' | 'stated-or-paid'
}

export function behaviourOf(conventions: ConventionsTerms): Behaviour {
  const profile = CONVENTIONS[conventions.profile]
  const floors = profile.money === 'floor'
  return {
    // Amounts of a deal are whole fen in every profile; the unrounded one is for single contracts (actus).
    money: profile.money === 'none' ? 'half-even' : profile.money,
    interestRounded: floors ? 'each-accrual' : 'when-due',
    rateDecimals: profile.rateDecimals === 'exact' ? null : profile.rateDecimals,
    proRata: profile.proRata,
    interestOnUnpaid: conventions.interestOnUnpaid ?? profile.interestOnUnpaid === 'own-rate-once',
    bondResetLookup: profile.bondResetLookup,
    statusTiming: profile.statusTiming,
    triggersAct: floors ? 'each-test' : 'once',
    defaultedBalance: floors ? 'by-status' : 'by-flows',
    datedFrom: floors ? 'own-start' : 'deal-start',
    annualFees: floors ? 'spells' : 'period',
    endOfRun: profile.endOfRun,
  }
}
