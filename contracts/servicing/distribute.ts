import { fenString, parseFen, sumFen, type Fen } from '#domain/money'
import type { DealTerms } from '#domain/deal/terms'
import type { Source } from '#domain/deal/words'
import {
  decodeState,
  encodeState,
  openingState,
  step,
  toJson,
  WaterfallError,
  type DealState,
  type PeriodInput,
  type StepResult,
} from '#domain/waterfall/step'
import { hashJson } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import { accountOf, availableFen } from '../cash/accounts.ts'
import { accountIds } from '../deal/account-ids.ts'
import { arrivalAccount, keptAccounts } from '../deal/accounts.ts'
import { termsKey, type Deal } from '../deal/state.ts'
import type { Read } from '../kernel/state.ts'
import { refuseServicing } from './errors.ts'
import { MAX_LINES } from './events.ts'
import { legsOf } from './legs.ts'
import { periodDates } from './period.ts'
import { poolFigures } from './pool.ts'
import { engineKey, type Period, type TrancheFigures } from './state.ts'

/**
 * One period's distribution: inputs from the ledger alone, the engine's step, and the cash transfers it comes to.
 * Refuses BATCH_NOT_EFFECTIVE, DEFAULTED_DIFFERS, POOL_DOES_NOT_RECONCILE, POOL_NOT_ENDED, CALCULATION_FAILED (among
 * them: the cash on the ledger is not the engine's), DISTRIBUTION_TOO_LARGE.
 */
export function distribute(read: Read, deal: Deal, period: Period) {
  const terms = read(termsKey(deal.deal))!
  const engine = engineOf(read, deal.deal, terms)
  const pool = poolFigures(read, deal, period, engine)
  const input = periodInput(read, terms, period, pool.figures)
  const result = run(terms, engine, input)
  if (result.lines.length > MAX_LINES)
    refuseServicing('DISTRIBUTION_TOO_LARGE', { lines: result.lines.length, most: MAX_LINES })
  const legs = legsOf(deal.deal, terms, result)
  assertConserved(result, parseFen(period.totalFen), legs)
  const ended = result.statusAfter === 'ended'
  const figures = {
    poolVersion: pool.version,
    waterfall: result.waterfall,
    statusBefore: result.statusBefore,
    statusAfter: result.statusAfter,
    payDate: period.payDate,
    cash: {
      openingFen: fenString(result.cash.opening),
      inFen: fenString(result.cash.in),
      outFen: fenString(result.cash.out),
      closingFen: fenString(result.cash.closing),
    },
    lines: result.lines.map((line) => toJson(line) as never),
    legs: legs.map(({ leaves: _, amountFen, ...leg }) => ({ ...leg, amountFen: fenString(amountFen) })),
    tranches: result.tranches.map((tranche) => trancheFigures(tranche, ended)),
    fees: result.fees.map(({ id, due, paid, carried }) => ({
      fee: id,
      dueFen: fenString(due),
      paidFen: fenString(paid),
      carriedFen: fenString(carried),
    })),
    triggers: result.triggers.map((trigger) => toJson(trigger) as JsonObject),
    events: result.events.map((event) => toJson(event) as JsonObject),
    next: encodeState(result.state) as JsonObject,
  }
  return { ...figures, resultHash: hashJson(figures as unknown as Json) }
}

/** What the engine remembers of the plan: after the last settled period, or at the start. */
export function engineOf(read: Read, deal: string, terms: DealTerms): DealState {
  const stored = read(engineKey(deal))
  return stored ? decodeState(stored) : openingState(terms)
}

function periodInput(read: Read, terms: DealTerms, period: Period, pool: PeriodInput['pool']): PeriodInput {
  const { payDate, accrualFrom, accrualTo, collectedTo } = periodDates(terms, period.index)!
  const arrival = arrivalAccount(terms)
  const cashOpening: Record<string, Fen> = {}
  for (const { id } of keptAccounts(terms)) {
    const held = availableFen(accountOf(read, accountIds.plan(period.deal, id)))
    cashOpening[id] = id === arrival ? held - parseFen(period.totalFen) : held
  }
  const collections: Partial<Record<Source, Fen>> = {}
  for (const [source, fen] of Object.entries(period.collections)) collections[source as Source] = parseFen(fen)
  return {
    periodId: period.period,
    accrualFrom,
    accrualTo,
    payDate,
    collectedTo,
    collections,
    pool,
    cashOpening,
    final: period.final,
  }
}

function run(terms: DealTerms, engine: DealState, input: PeriodInput): StepResult {
  try {
    return step(terms, engine, input)
  } catch (error) {
    if (error instanceof WaterfallError) refuseServicing('CALCULATION_FAILED', { code: error.code, ...error.details })
    throw error
  }
}

/** What came in went out or stays, by the engine's sums and by the legs themselves; anything else is a defect. */
function assertConserved({ cash }: StepResult, collected: Fen, legs: ReturnType<typeof legsOf>): void {
  const out = sumFen(legs.filter(({ leaves }) => leaves).map(({ amountFen }) => amountFen))
  if (cash.in !== collected || out !== cash.out || cash.opening + cash.in !== cash.out + cash.closing) {
    throw new Error(
      `cash is not conserved: in ${cash.in} of ${collected}, out ${out} of ${cash.out}, left ${cash.closing}`,
    )
  }
}

/** What is still owed when the plan ends will never be paid: it is written down, over what the terms wrote off. */
function trancheFigures(tranche: StepResult['tranches'][number], ended: boolean): TrancheFigures {
  const left = ended ? tranche.closing : 0n
  return {
    tranche: tranche.id,
    openingFen: fenString(tranche.opening),
    interestDueFen: fenString(tranche.interestDue),
    interestFen: fenString(tranche.interestPaid),
    principalFen: fenString(tranche.principalPaid),
    residualFen: fenString(tranche.residualPaid),
    writtenDownFen: fenString(tranche.writtenOff + left),
    closingFen: fenString(tranche.closing - left),
  }
}
