import { addDays, type IsoDate } from '../date.ts'
import { businessDate, calculatesAtMovedDate, cycleDate, cycleDates, parseCycle, type Cycle } from './schedule.ts'
import { ActusError, EVENT_ORDER, type ActusDate, type ActusTerms, type EventType } from './terms.ts'

/** An event that is to happen: `date` is when, `calc` the date that its accrual counts to. */
export interface Planned {
  readonly type: EventType
  readonly date: ActusDate
  readonly calc: ActusDate
}

export const cycleOf = (text: string | undefined): Cycle | undefined =>
  text === undefined ? undefined : parseCycle(text)

const eomOf = ({ endOfMonthConvention }: ActusTerms): boolean => endOfMonthConvention === 'EOM'

/** First date of a schedule: its anchor, else one cycle after the initial exchange. */
function firstDate(terms: ActusTerms, anchor: ActusDate | undefined, cycle: Cycle | undefined): ActusDate | undefined {
  if (anchor !== undefined) return anchor
  return cycle && cycleDate(terms.initialExchangeDate, cycle, 1, eomOf(terms))
}

function datesOf(
  terms: ActusTerms,
  anchor: ActusDate | undefined,
  text: string | undefined,
  end: ActusDate,
): ActusDate[] {
  const cycle = cycleOf(text)
  const first = firstDate(terms, anchor, cycle)
  return first === undefined ? [] : cycleDates(first, cycle, end, eomOf(terms))
}

/** Principal redemption dates before an end; none for PAM. */
export const redemptionDates = (terms: ActusTerms, end: ActusDate): ActusDate[] =>
  terms.contractType === 'PAM'
    ? []
    : datesOf(terms, terms.cycleAnchorDateOfPrincipalRedemption, terms.cycleOfPrincipalRedemption, end)

/** All events of a contract that ends at a date, in the order in which they happen, whatever the status date. */
export function plannedEvents(terms: ActusTerms, end: ActusDate): Planned[] {
  const events: Planned[] = []
  const moved = calculatesAtMovedDate(terms)
  const add = (type: EventType, date: ActusDate): void => {
    const happens = businessDate(date, terms)
    events.push({ type, date: happens, calc: moved ? happens : date })
  }
  const unmoved = (type: EventType, date: ActusDate | undefined): void => {
    if (date !== undefined) events.push({ type, date, calc: date })
  }
  const started = (date: ActusDate): boolean => date >= terms.initialExchangeDate
  unmoved('IED', terms.initialExchangeDate)
  addInterest(terms, end, add)
  const redemptions = redemptionDates(terms, end).filter(started)
  for (const date of redemptions) add('PR', date)
  addResets(terms, end, add)
  addPaymentFixing(terms, redemptions[0], unmoved)
  if (terms.interestCalculationBase === 'NTL') {
    const { cycleAnchorDateOfInterestCalculationBase: anchor, cycleOfInterestCalculationBase: cycle } = terms
    for (const date of datesOf(terms, anchor, cycle, end).filter(started)) add('IPCB', date)
  }
  if (terms.scalingEffect !== undefined) {
    const { cycleAnchorDateOfScalingIndex: anchor, cycleOfScalingIndex: cycle } = terms
    for (const date of datesOf(terms, anchor, cycle, end).filter(started)) add('SC', date)
  }
  unmoved('PRD', terms.purchaseDate)
  unmoved('TD', terms.terminationDate)
  add('MD', end)
  return inOrder(events)
}

const rank = (type: EventType): number => EVENT_ORDER.indexOf(type)

export const inOrder = (events: readonly Planned[]): Planned[] =>
  [...events].sort((a, b) => (a.date === b.date ? rank(a.type) - rank(b.type) : a.date < b.date ? -1 : 1))

function addInterest(terms: ActusTerms, end: ActusDate, add: (type: EventType, date: ActusDate) => void): void {
  const { cycleAnchorDateOfInterestPayment: anchor, cycleOfInterestPayment: cycle, capitalizationEndDate } = terms
  const dates = datesOf(terms, anchor, cycle, end).filter((date) => date >= terms.initialExchangeDate)
  for (const date of dates) {
    if (capitalizationEndDate === undefined || date > capitalizationEndDate) add('IP', date)
    else if (date < capitalizationEndDate) add('IPCI', date)
  }
  if (capitalizationEndDate !== undefined && capitalizationEndDate < end) add('IPCI', capitalizationEndDate)
  add('IP', end)
}

function addResets(terms: ActusTerms, end: ActusDate, add: (type: EventType, date: ActusDate) => void): void {
  const { cycleAnchorDateOfRateReset: anchor, cycleOfRateReset: cycle, nextResetRate, statusDate } = terms
  if (anchor === undefined && cycle === undefined) return
  const dates = datesOf(terms, anchor, cycle, end).filter((date) => date >= terms.initialExchangeDate)
  const known = nextResetRate === undefined ? undefined : dates.find((date) => date >= statusDate)
  for (const date of dates) {
    add(date === known ? 'RRF' : 'RR', date)
    if (terms.contractType === 'ANN') add('PRF', date)
  }
}

/** An annuity without a payment fixes it one day before the first redemption after the initial exchange (A9). */
function addPaymentFixing(
  terms: ActusTerms,
  first: ActusDate | undefined,
  unmoved: (type: EventType, date: ActusDate) => void,
): void {
  if (terms.contractType !== 'ANN' || terms.nextPrincipalRedemptionPayment !== undefined) return
  if (first === undefined || first <= terms.initialExchangeDate) return
  unmoved('PRF', addDays(first.slice(0, 10) as IsoDate, -1))
}

/**
 * Last date of a contract where the terms say it (A10); undefined where the payments decide (NAM and ANN without maturity).
 * @throws ActusError `MISSING_TERM`
 */
export function statedEnd(terms: ActusTerms): ActusDate | undefined {
  if (terms.maturityDate !== undefined) return terms.maturityDate
  if (terms.contractType === 'ANN' && terms.amortizationDate !== undefined) return terms.amortizationDate
  if (terms.contractType === 'PAM') throw new ActusError('MISSING_TERM', { term: 'maturityDate' })
  if (terms.contractType !== 'LAM') return undefined
  const cycle = cycleOf(terms.cycleOfPrincipalRedemption)
  const first = firstDate(terms, terms.cycleAnchorDateOfPrincipalRedemption, cycle)
  const payment = terms.nextPrincipalRedemptionPayment
  if (!cycle || first === undefined || payment === undefined || payment <= 0) {
    throw new ActusError('MISSING_TERM', { term: 'maturityDate' })
  }
  return cycleDate(first, cycle, Math.ceil(terms.notionalPrincipal / payment) - 1, eomOf(terms))
}
