import { yearFraction } from '../day-count.ts'
import { rateToNumber } from '../rate.ts'
import { plannedEvents, redemptionDates, statedEnd, type Planned } from './plan.ts'
import { countingDay } from './schedule.ts'
import {
  ACTUS_DAY_COUNT,
  ActusError,
  type ActusDate,
  type ActusTerms,
  type ContractEvent,
  type Observed,
} from './terms.ts'

interface State {
  /** |notional| and |accrued|: signs are put on when an event is shown. */
  readonly notional: number
  readonly rate: number
  readonly accrued: number
  readonly accruedTo: ActusDate
  /** Base of accrual where it is not the current notional. */
  readonly base: number
  /** Redemption (LAM) or total payment (NAM, ANN) of a PR date. */
  readonly payment: number
  readonly interestScale: number
  readonly notionalScale: number
  /** The contract is over: terminated or matured. */
  readonly over: boolean
}

interface Contract {
  readonly terms: ActusTerms
  readonly end: ActusDate
  readonly observed: Observed
}

/**
 * The events of an ACTUS contract in order, each with the state after it (A1–A11). Nothing is rounded.
 * @param to last date of the events that are wanted; absent: to the contract's end
 * @throws ActusError for terms that do not make a contract
 */
export function contractEvents(terms: ActusTerms, observed: Observed = {}, to?: ActusDate): ContractEvent[] {
  const contract = { terms, observed, end: statedEnd(terms) ?? redeemedBy(terms) }
  const events: ContractEvent[] = []
  for (const { planned, state, payoff } of happenings(contract)) {
    if (to !== undefined && planned.date > to) break
    if (terms.purchaseDate !== undefined && planned.date < terms.purchaseDate) continue
    const role = terms.contractRole === 'RPA' ? 1 : -1
    events.push({
      date: planned.date,
      type: planned.type,
      payoff: role * payoff,
      currency: terms.currency,
      notional: role * state.notional,
      rate: state.rate,
      accrued: role * state.accrued,
    })
  }
  return events
}

interface Happening {
  readonly planned: Planned
  readonly state: State
  /** Unsigned by role. */
  readonly payoff: number
  /** Of a PR: what would redeem the whole notional was paid. */
  readonly redeemsAll: boolean
}

/** One after the other, from the status date or the initial exchange on. */
function* happenings(contract: Contract): Generator<Happening> {
  const { terms } = contract
  const alreadyRunning = terms.initialExchangeDate < terms.statusDate
  let state = alreadyRunning ? runningState(contract) : undefined
  for (const planned of plannedEvents(terms, contract.end)) {
    if (planned.date < terms.statusDate) continue
    if (planned.type === 'IED') {
      state = atInitialExchange(contract)
      const payoff = -(terms.notionalPrincipal + (terms.premiumDiscountAtIED ?? 0))
      yield { planned, state, payoff, redeemsAll: false }
      continue
    }
    if (!state) continue
    const before = accrue(contract, state, planned.calc)
    const { after, payoff, redeemsAll } = apply(contract, planned, before)
    state = after
    yield { planned, state, payoff, redeemsAll }
    if (state.over) return
  }
}

const emptyState = (terms: ActusTerms, accruedTo: ActusDate): State => ({
  notional: terms.notionalPrincipal,
  rate: terms.nominalInterestRate,
  accrued: terms.accruedInterest ?? 0,
  accruedTo,
  base: terms.interestCalculationBaseAmount ?? terms.notionalPrincipal,
  payment: terms.nextPrincipalRedemptionPayment ?? 0,
  interestScale: terms.interestScalingMultiplier ?? 1,
  notionalScale: terms.notionalScalingMultiplier ?? 1,
  over: false,
})

/** A7: a contract that began before the status date starts there. */
const runningState = (contract: Contract): State =>
  withFirstPayment(contract, emptyState(contract.terms, contract.terms.statusDate), contract.terms.statusDate)

function atInitialExchange(contract: Contract): State {
  const { terms } = contract
  const { initialExchangeDate: exchange, cycleAnchorDateOfInterestPayment: anchor, accruedInterest } = terms
  const state = emptyState(terms, exchange)
  const early =
    accruedInterest === undefined && anchor !== undefined && anchor < exchange
      ? { accrued: state.base * state.rate * fraction(terms, anchor, exchange) }
      : {}
  return withFirstPayment(contract, { ...state, ...early }, exchange)
}

/** The payment known from the start: LAM's equal redemption; an annuity whose fixing has no event of its own (A9). */
function withFirstPayment(contract: Contract, state: State, from: ActusDate): State {
  const { terms, end } = contract
  if (terms.nextPrincipalRedemptionPayment !== undefined || terms.contractType === 'PAM') return state
  const dates = redemptionDates(terms, end)
  if (terms.contractType === 'LAM') return { ...state, payment: terms.notionalPrincipal / (dates.length + 1) }
  if (terms.contractType === 'NAM') throw new ActusError('MISSING_TERM', { term: 'nextPrincipalRedemptionPayment' })
  return { ...state, payment: annuityPayment(contract, state, from) }
}

const fraction = (terms: ActusTerms, from: ActusDate, to: ActusDate): number =>
  rateToNumber(yearFraction(ACTUS_DAY_COUNT[terms.dayCountConvention], countingDay(from), countingDay(to)))

const baseOf = ({ interestCalculationBase }: ActusTerms, state: State): number =>
  interestCalculationBase === undefined || interestCalculationBase === 'NT' ? state.notional : state.base

function accrue({ terms }: Contract, state: State, to: ActusDate): State {
  const interest = baseOf(terms, state) * state.rate * fraction(terms, state.accruedTo, to)
  return { ...state, accrued: state.accrued + interest, accruedTo: to }
}

interface Applied {
  readonly after: State
  readonly payoff: number
  readonly redeemsAll: boolean
}

const plain = (after: State, payoff = 0): Applied => ({ after, payoff, redeemsAll: false })

/** A6: what an event pays, and the state after it (A2). */
function apply(contract: Contract, { type, calc, date }: Planned, state: State): Applied {
  const { terms } = contract
  const { notional, accrued } = state
  switch (type) {
    case 'IP':
      return plain({ ...state, accrued: 0 }, accrued * state.interestScale)
    case 'IPCI':
      return plain({ ...state, notional: notional + accrued, accrued: 0 })
    case 'PR': {
      const wanted = terms.contractType === 'LAM' ? state.payment : state.payment - accrued
      const paid = Math.min(wanted, notional)
      const after = { ...state, notional: notional - paid }
      // A reference in doubles leaves a speck where the payment meets the notional.
      return {
        after,
        payoff: paid * state.notionalScale,
        redeemsAll: wanted >= notional - 1e-9 * terms.notionalPrincipal,
      }
    }
    case 'PRD':
      return plain(state, -((terms.priceAtPurchaseDate ?? 0) + accrued))
    case 'RR':
      return plain({ ...state, rate: resetRate(contract, calc) })
    case 'RRF':
      return plain({ ...state, rate: terms.nextResetRate ?? resetRate(contract, calc) })
    case 'PRF':
      return plain({ ...state, payment: annuityPayment(contract, state, date) })
    case 'TD':
      return plain({ ...state, notional: 0, accrued: 0, over: true }, (terms.priceAtTerminationDate ?? 0) + accrued)
    case 'IPCB':
      return plain({ ...state, base: notional })
    case 'SC':
      return plain(scaled(contract, state, calc))
    case 'MD':
      return plain({ ...state, notional: 0, accrued: 0, over: true }, notional * state.notionalScale)
    case 'IED':
      throw new ActusError('MISSING_TERM', { term: 'initialExchangeDate' })
    default:
      throw new TypeError(`no such event: ${String(type satisfies never)}`)
  }
}

/** The last observed value up to a date, 0 when there is none (A8). */
function observedAt({ observed }: Contract, code: string | undefined, date: ActusDate): number {
  const points = code !== undefined && Object.hasOwn(observed, code) ? observed[code] : undefined
  let value = 0
  for (const [at, point] of points ?? []) if (at <= date) value = point
  return value
}

function resetRate(contract: Contract, date: ActusDate): number {
  const { rateMultiplier = 1, rateSpread = 0, marketObjectCodeOfRateReset: code } = contract.terms
  return observedAt(contract, code, date) * rateMultiplier + rateSpread
}

function scaled(contract: Contract, state: State, date: ActusDate): State {
  const { terms } = contract
  const index = observedAt(contract, terms.marketObjectCodeOfScalingIndex, date)
  const multiplier = index / (terms.scalingIndexAtContractDealDate ?? 1)
  return {
    ...state,
    interestScale: multiplier,
    ...(terms.scalingEffect === 'INO' && { notionalScale: multiplier }),
  }
}

/** A9: the level payment that redeems all by the end, on the dates after `from`. */
function annuityPayment(contract: Contract, state: State, from: ActusDate): number {
  const { terms } = contract
  const end = terms.amortizationDate ?? contract.end
  const dates = [...redemptionDates(terms, end).filter((date) => date > from), end]
  const first = dates[0]!
  const atFirst = accrue(contract, state, first)
  let discount = 1
  let sum = 1
  for (let k = 1; k < dates.length; k += 1) {
    discount /= 1 + state.rate * fraction(terms, dates[k - 1]!, dates[k]!)
    sum += discount
  }
  return (state.notional + atFirst.accrued) / sum
}

/** A10: the redemption date at which the payments have redeemed all, as the terms stand: at the rate that they state. */
function redeemedBy(terms: ActusTerms): ActusDate {
  const year = Number(terms.initialExchangeDate.slice(0, 4))
  const far = `${Math.min(year + 150, 9990)}-12-31` as ActusDate
  // A termination before that date ends the contract, but does not move where the schedule would have ended.
  const { cycleAnchorDateOfRateReset: _anchor, cycleOfRateReset: _cycle, terminationDate: _end, ...unreset } = terms
  for (const { planned, redeemsAll } of happenings({ terms: unreset, observed: {}, end: far })) {
    if (planned.type === 'PR' && redeemsAll) return planned.date
  }
  throw new ActusError('NO_END', { payment: String(terms.nextPrincipalRedemptionPayment ?? 'none') })
}
