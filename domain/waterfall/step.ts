/**
 * One period of a deal: what the contract calls. Pure, whole fen and exact fractions only. A whole life (run.ts) applies
 * the same events through the same functions.
 */
import type { DealTerms } from '../deal/terms.ts'
import { SOURCES } from '../deal/words.ts'
import type { Fen } from '../money.ts'
import { applyDated, collect, datedEvents, endDeal, payDate, type PoolRow } from './events.ts'
import { Live } from './live.ts'
import { WaterfallError, type Environment } from './live-types.ts'
import type { PeriodInput, StepResult } from './period.ts'
import { programOf } from './program.ts'
import { openingOf, takeResult } from './result.ts'
import { cloneState, type DealState } from './state.ts'

export { decodeState, encodeState, toJson } from './codec.ts'
export { openingState } from './opening.ts'
export { WaterfallError } from './live-types.ts'
export { TermsError } from './program.ts'
export type * from './period.ts'
export type { DealState } from './state.ts'

/**
 * Runs one period: the dated events since the last period (resets, step-ups, hedges, account interest, recurring fees),
 * the collections, the triggers and the waterfall of the status. The state given is not changed.
 * @throws WaterfallError `OTHER_DEAL`, `ENDED`, `PERIOD_ORDER` (dates that do not follow the last period's),
 *   `CASH_DIFFERS` (the ledger's cash is not the state's), `UNKNOWN_ACCOUNT`, `NEGATIVE` (an amount below zero),
 *   `UNKNOWN_INDEX` (a fixing that the period does not bring), `NOT_CONSERVED`
 * @throws TermsError when the terms do not make sense
 */
export function step(terms: DealTerms, state: DealState, period: PeriodInput): StepResult {
  const program = programOf(terms)
  checkPeriod(terms, state, period)
  const live = new Live(program, cloneState(state), environmentOf(period))
  const next = live.state
  Object.assign(next.indexRates, period.indexRates)
  Object.assign(next.ratings, period.ratings)
  Object.assign(next.reported, period.reported)
  const opening = openingOf(live)
  const collectedTo = period.collectedTo ?? period.payDate
  const last = period.accrualTo > period.payDate ? period.accrualTo : period.payDate
  const dated = datedEvents(program, state.asOf, last)
  for (const event of dated) if (event.date <= collectedTo) applyDated(live, event)
  collect(live, collectedTo, [rowOf(period)])
  for (const event of dated) if (event.date > collectedTo) applyDated(live, event)
  const waterfall = payDate(live, period.payDate, period.final === true, {
    from: period.accrualFrom,
    to: period.accrualTo,
  })
  live.assertConserved('period')
  if (period.final === true || live.called) endDeal(live)
  return takeResult(live, opening, { id: period.periodId, waterfall }, false)
}

const environmentOf = (period: PeriodInput): Environment => ({
  indexAt: (name) => {
    const { indexRates = {} } = period
    const rate = Object.hasOwn(indexRates, name) ? indexRates[name] : undefined
    if (!rate) throw new WaterfallError('UNKNOWN_INDEX', { index: name, period: period.periodId })
    return rate
  },
})

function checkPeriod(terms: DealTerms, state: DealState, period: PeriodInput): void {
  const refuse = (code: WaterfallError['code'], details: Record<string, string>): never => {
    throw new WaterfallError(code, { period: period.periodId, ...details })
  }
  if (state.dealId !== terms.dealId) refuse('OTHER_DEAL', { state: state.dealId, terms: terms.dealId })
  if (state.status === 'ended') refuse('ENDED', { asOf: state.asOf })
  if (period.accrualTo < period.accrualFrom)
    refuse('PERIOD_ORDER', { accrualFrom: period.accrualFrom, accrualTo: period.accrualTo })
  if (period.payDate <= state.asOf && state.periods > 0)
    refuse('PERIOD_ORDER', { payDate: period.payDate, lastEvent: state.asOf })
  if ((period.collectedTo ?? period.payDate) > period.payDate)
    refuse('PERIOD_ORDER', { collectedTo: period.collectedTo ?? '', payDate: period.payDate })
  for (const [source, amount] of Object.entries(period.collections))
    if (amount !== undefined && amount < 0n) refuse('NEGATIVE', { [`collections/${source}`]: amount.toString() })
  const { opening, closing, defaulted, loss = 0n, purchased = 0n } = period.pool
  for (const [name, amount] of Object.entries({ opening, closing, defaulted, loss, purchased }))
    if (amount < 0n) refuse('NEGATIVE', { [`pool/${name}`]: amount.toString() })
  for (const [account, amount] of Object.entries(period.cashOpening ?? {})) {
    const held = state.accounts.find(({ id }) => id === account)
    if (!held) refuse('UNKNOWN_ACCOUNT', { account })
    else if (held.balance !== amount)
      refuse('CASH_DIFFERS', { account, state: held.balance.toString(), ledger: amount.toString() })
  }
}

function rowOf({ collections, pool }: PeriodInput): PoolRow {
  return {
    cash: collections,
    opening: pool.opening,
    closing: pool.closing,
    defaulted: pool.defaulted,
    loss: pool.loss ?? 0n,
    ...(pool.weightedRate ? { weightedRate: pool.weightedRate } : {}),
    ...(pool.purchased === undefined ? {} : { purchased: pool.purchased }),
    ...(pool.arrears ? { arrears: pool.arrears } : {}),
  }
}

/** Total cash of a period's collections. */
export const collectedCash = (period: PeriodInput): Fen =>
  SOURCES.reduce((sum, source) => sum + (period.collections[source] ?? 0n), 0n)
