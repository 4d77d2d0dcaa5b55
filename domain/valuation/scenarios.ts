/**
 * A deal under many assumptions: a stress grid in one call, the default speed at which a tranche breaks, and what one
 * assumption is worth. Pools are estimated (projection/estimate), waterfalls are exact.
 */
import type { IsoDate } from '../date.ts'
import type { DealTerms } from '../deal/terms.ts'
import type { Fen } from '../money.ts'
import { estimateRows } from '../projection/estimate-rows.ts'
import { flatScenario, stress, total, type ScheduledSums, type Scenario } from '../projection/estimate.ts'
import { interestOwed } from '../waterfall/accrual.ts'
import { run, type RunResult } from '../waterfall/run.ts'
import type { Cash } from './present-value.ts'
import { SolveError } from './solve.ts'
import { weightedAverageLife } from './wal.ts'
import { irr } from './yield.ts'

/** A deal with one pool, ready for scenarios: the pool is walked once, whatever the number of them. */
export interface ScenarioDeal {
  readonly terms: DealTerms
  readonly sums: ScheduledSums
  readonly poolFen: Fen
  /** Valuation date; flows after it count. */
  readonly asOf: IsoDate
  /** Month end of the first month of `sums`. */
  readonly firstMonthEnd: IsoDate
  /** Shown as the pool's rate, in millionths. */
  readonly rateMicro: bigint
}

export interface TrancheOutcome {
  readonly id: string
  readonly principalPaid: Fen
  readonly interestPaid: Fen
  /** Principal that stays unpaid at the end, and interest that stays due. */
  readonly principalShort: Fen
  readonly interestShort: Fen
  /** Hundredths of a year, by principal paid; 0 when none is. */
  readonly walHundredths: bigint
  /** Of the flows bought at par of the opening balance; absent when nothing comes back or no rate gives par. */
  readonly yieldAtPar?: number
  readonly flows: readonly Cash[]
}

export interface ScenarioOutcome {
  readonly defaulted: number
  readonly poolLoss: number
  readonly tranches: readonly TrancheOutcome[]
  readonly run: RunResult
}

/** Runs a deal on its pool under one scenario. */
export function runScenario(deal: ScenarioDeal, scenario: Scenario): ScenarioOutcome {
  const flow = stress(deal.sums, scenario)
  const rows = estimateRows(flow, deal.firstMonthEnd, deal.poolFen, deal.rateMicro)
  const result = run(deal.terms, [{ openingBalance: deal.poolFen, rows }])
  return {
    defaulted: total(flow.default),
    poolLoss: total(flow.loss),
    tranches: deal.terms.tranches.map((tranche, i) => outcomeOf(tranche, result, i, deal.asOf)),
    run: result,
  }
}

function outcomeOf(
  tranche: DealTerms['tranches'][number],
  result: RunResult,
  index: number,
  asOf: IsoDate,
): TrancheOutcome {
  const rows = result.tranches[index]!.filter(({ date }) => date > asOf)
  const state = result.state.tranches[index]!
  const opening = BigInt(tranche.balance ?? tranche.original)
  const principal = rows.map((row) => ({ date: row.date, fen: row.principal }))
  const principalPaid = principal.reduce((sum, { fen }) => sum + fen, 0n)
  const flows = rows.map((row) => ({ date: row.date, fen: row.cash }))
  const yieldAtPar = parYield(flows, asOf, opening)
  return {
    id: tranche.id,
    principalPaid,
    interestPaid: rows.reduce((sum, { interest }) => sum + interest, 0n),
    principalShort: state.balance,
    interestShort: interestOwed(state),
    walHundredths: principalPaid === 0n ? 0n : weightedAverageLife(principal, principalPaid, asOf, 365),
    ...(yieldAtPar !== undefined && { yieldAtPar }),
    flows,
  }
}

function parYield(flows: readonly Cash[], asOf: IsoDate, opening: Fen): number | undefined {
  if (opening === 0n || flows.every(({ fen }) => fen === 0n)) return undefined
  try {
    return irr([{ date: asOf, fen: -opening }, ...flows])
  } catch (error) {
    if (error instanceof SolveError) return undefined
    throw error
  }
}

export interface GridAxes {
  readonly cpr: readonly number[]
  readonly cdr: readonly number[]
  readonly recovery: readonly number[]
  readonly recoveryLagMonths: number
}

export interface GridCell {
  readonly cpr: number
  readonly cdr: number
  readonly recovery: number
  readonly outcome: ScenarioOutcome
}

/** More cells than anybody reads are a mistake. */
export const MOST_CELLS = 10_000

export class GridError extends Error {
  override readonly name = 'GridError'
  constructor(
    readonly code: 'TOO_MANY_CELLS' | 'NOT_A_SPEED' | 'UNKNOWN_TRANCHE',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

const speeds = (name: string, values: readonly number[]): void => {
  const bad = values.find((value) => !(value >= 0 && value <= 1))
  if (bad !== undefined)
    throw new GridError('NOT_A_SPEED', { [name]: String(bad), expected: 'a fraction: 0.05 is 5 %' })
}

/**
 * Every combination of CPR × CDR × recovery, in that order of nesting.
 * @throws GridError for speeds that are no fractions, or more than 10,000 cells
 */
export function stressGrid(deal: ScenarioDeal, axes: GridAxes): GridCell[] {
  const { cpr, cdr, recovery, recoveryLagMonths: lagMonths } = axes
  speeds('cpr', cpr)
  speeds('cdr', cdr)
  speeds('recovery', recovery)
  const cells = cpr.length * cdr.length * recovery.length
  if (cells > MOST_CELLS) throw new GridError('TOO_MANY_CELLS', { cells: String(cells), most: String(MOST_CELLS) })
  return cpr.flatMap((p) =>
    cdr.flatMap((d) =>
      recovery.map((rate) => ({
        cpr: p,
        cdr: d,
        recovery: rate,
        outcome: runScenario(deal, flatScenario(d, p, { rate, lagMonths })),
      })),
    ),
  )
}

export interface BreakEven {
  /** The highest annual default speed, to one millionth, at which the tranche is still paid in full. */
  readonly cdr: number
  /** Pool loss at that speed over the opening pool: the static loss the tranche bears without a shortfall. */
  readonly lossRate: number
}

/**
 * Break-even CDR and static loss of a tranche, other assumptions fixed: bisection on whether the tranche is paid in full.
 * `cdr` is 1 when no speed breaks it and 0 when it is short without any default.
 * @throws GridError `UNKNOWN_TRANCHE`
 */
export function breakEvenCdr(
  deal: ScenarioDeal,
  trancheId: string,
  { cpr, recovery, recoveryLagMonths: lagMonths }: { cpr: number; recovery: number; recoveryLagMonths: number },
): BreakEven {
  if (!deal.terms.tranches.some(({ id }) => id === trancheId)) {
    throw new GridError('UNKNOWN_TRANCHE', { tranche: trancheId })
  }
  const at = (cdr: number): { short: boolean; lossRate: number } => {
    const outcome = runScenario(deal, flatScenario(cdr, cpr, { rate: recovery, lagMonths }))
    const tranche = outcome.tranches.find(({ id }) => id === trancheId)!
    const lossRate = outcome.poolLoss / Number(deal.poolFen)
    return { short: tranche.principalShort > 0n || tranche.interestShort > 0n, lossRate }
  }
  const whole = at(1)
  if (!whole.short) return { cdr: 1, lossRate: whole.lossRate }
  let [low, high] = [0, 1]
  let found = at(0)
  if (found.short) return { cdr: 0, lossRate: 0 }
  while (high - low > 1e-6) {
    const middle = (low + high) / 2
    const tried = at(middle)
    if (tried.short) high = middle
    else {
      low = middle
      found = tried
    }
  }
  return { cdr: low, lossRate: found.lossRate }
}

export interface Sensitivity {
  readonly base: number
  readonly down: number
  readonly up: number
  /** Change of the figure per unit of the assumption, by central difference. */
  readonly slope: number
}

/** What a figure of the outcome moves by when one assumption moves, everything else equal. */
export function sensitivity(figure: (assumption: number) => number, at: number, bump: number): Sensitivity {
  const [down, base, up] = [figure(at - bump), figure(at), figure(at + bump)]
  return { base, down, up, slope: (up - down) / (2 * bump) }
}
