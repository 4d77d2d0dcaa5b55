/**
 * What the interpreter reads of a conventions profile, with the deal's own choices laid over it. One code path: nothing
 * below this file asks for a profile by name.
 */
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
  /** Base of annual fees: spells of constant base cut at the collection dates, or the accrual period on one base. */
  readonly annualFees: 'spells' | 'period'
  /** A run ends when pool and accounts are empty, or at the last payment. */
  readonly endOfRun: 'when-empty' | 'stated-or-paid'
}

const PROFILES: Readonly<Record<ConventionsTerms['profile'], Behaviour>> = {
  'cn-plan': {
    money: 'half-up',
    interestRounded: 'when-due',
    rateDecimals: null,
    proRata: 'largest-remainder',
    interestOnUnpaid: false,
    bondResetLookup: 'inclusive',
    statusTiming: 'after-triggers',
    annualFees: 'period',
    endOfRun: 'stated-or-paid',
  },
  hastructure: {
    money: 'floor',
    interestRounded: 'each-accrual',
    rateDecimals: 6,
    proRata: 'floor-residue-first',
    interestOnUnpaid: true,
    bondResetLookup: 'exclusive',
    statusTiming: 'before-triggers',
    annualFees: 'spells',
    endOfRun: 'when-empty',
  },
  actus: {
    money: 'half-even',
    interestRounded: 'when-due',
    rateDecimals: null,
    proRata: 'largest-remainder',
    interestOnUnpaid: false,
    bondResetLookup: 'inclusive',
    statusTiming: 'after-triggers',
    annualFees: 'period',
    endOfRun: 'stated-or-paid',
  },
}

export function behaviourOf(conventions: ConventionsTerms): Behaviour {
  const profile = PROFILES[conventions.profile]
  return conventions.interestOnUnpaid === undefined
    ? profile
    : { ...profile, interestOnUnpaid: conventions.interestOnUnpaid }
}
