import type { Command } from 'commander'
import type { Assumption } from '#domain/assets/types'
import { addMonths, daysBetween, endOfMonth, type IsoDate } from '#domain/date'
import type { DealTerms } from '#domain/deal/terms'
import { sumsOfAssets } from '#domain/projection/estimate-assets'
import { yuanFromFen } from '#domain/money'
import { rateFromNumber } from '#domain/rate'
import { stressGrid, type ScenarioDeal } from '#domain/valuation/scenarios'
import type { RunResult } from '#domain/waterfall/run'
import { projectedPool } from '#domain/waterfall/simulate'
import { yieldOf } from '#domain/valuation/yield'
import { SolveError } from '#domain/valuation/solve'
import { InputError, loadRun, runLoaded, type Loaded, type RunFiles } from './run.ts'

export interface GridCell {
  readonly cpr: number
  readonly cdr: number
  readonly recovery: number
  readonly tranche: string
  /** Years, by principal; null when some stays unpaid. */
  readonly wal: number | null
  /** Annual effective yield at par; null when nothing comes back. */
  readonly yieldAtPar: number | null
  /** Fen as text. */
  readonly unpaid: string
}

const list = (name: string, text: string): number[] =>
  text.split(',').map((part) => {
    const value = Number(part)
    if (part.trim() === '' || !Number.isFinite(value) || value < 0 || value > 1)
      throw new InputError(`--${name}: ${JSON.stringify(part)} is no rate between 0 and 1 (5 % is 0.05)`)
    return value
  })

interface Axes {
  readonly cpr: readonly number[]
  readonly cdr: readonly number[]
  readonly recovery: readonly number[]
  readonly lag: number
}

/**
 * Each combination of prepayment, default and recovery: WAL, yield at par and unpaid principal of every tranche. A pool
 * of monthly loans at fixed rates is estimated (domain/projection/estimate), any other is projected exactly.
 */
export function grid(loaded: Loaded, axes: Axes, exact = false): { readonly mode: Mode; readonly cells: GridCell[] } {
  if (loaded.pool.kind !== 'assets') throw new InputError('a grid needs a pool of assets: flows cannot be stressed')
  const deal = exact ? null : estimated(loaded)
  if (!deal) return { mode: 'exact', cells: exactGrid(loaded, axes) }
  const stressed = stressGrid(deal, { ...axes, recoveryLagMonths: axes.lag })
  const figures = stressed.flatMap(({ outcome, ...at }) =>
    cells(loaded.terms, outcome.run).map((cell) => ({ ...at, ...cell })),
  )
  return { mode: 'estimate', cells: figures }
}

export type Mode = 'estimate' | 'exact'

/** The deal for the estimate; null where something asks for more than it knows. */
function estimated({ terms, pool, scenario }: Loaded): ScenarioDeal | null {
  if (pool.kind !== 'assets' || scenario.indexCurves || scenario.offered) return null
  const others = Object.keys(scenario.assumption ?? {}).filter((key) => !['CPR', 'CDR', 'recovery'].includes(key))
  const sums = others.length === 0 ? sumsOfAssets(pool.pool.assets) : null
  if (!sums) return null
  const { openingBalance, weightedRate } = projectedPool(pool.pool, {})
  const { numerator, denominator } = weightedRate!
  return {
    terms,
    sums,
    poolFen: openingBalance,
    asOf: (terms.dates.closing ?? terms.dates.cutOff) as IsoDate,
    firstMonthEnd: endOfMonth(addMonths(pool.pool.asOf, 1)),
    rateMicro: (numerator * 1_000_000n) / denominator,
  }
}

function exactGrid(loaded: Loaded, axes: Axes): GridCell[] {
  return axes.cpr.flatMap((cpr) =>
    axes.cdr.flatMap((cdr) =>
      axes.recovery.flatMap((recovery) => {
        const assumption: Assumption = {
          ...loaded.scenario.assumption,
          CPR: cpr,
          CDR: cdr,
          recovery: { rate: rateFromNumber(recovery), lag: axes.lag },
        }
        const result = runLoaded({ ...loaded, scenario: { ...loaded.scenario, assumption } })
        return cells(loaded.terms, result).map((cell) => ({ cpr, cdr, recovery, ...cell }))
      }),
    ),
  )
}

function cells(terms: DealTerms, result: RunResult): Omit<GridCell, 'cpr' | 'cdr' | 'recovery'>[] {
  const start = (terms.dates.closing ?? terms.dates.cutOff) as IsoDate
  return terms.tranches.map(({ id, original }, index) => {
    const rows = result.tranches[index]!
    const unpaid = result.state.tranches[index]!.balance
    const flows = rows.map(({ date, cash }) => ({ date, fen: cash }))
    const weighted = rows.reduce((sum, { date, principal }) => sum + Number(principal) * daysBetween(start, date), 0)
    return {
      tranche: id,
      wal: unpaid === 0n ? weighted / 365 / Number(original) : null,
      yieldAtPar: yieldOrNull(() => yieldOf(flows, start, BigInt(original))),
      unpaid: unpaid.toString(),
    }
  })
}

function yieldOrNull(solve: () => number): number | null {
  try {
    return solve()
  } catch (error) {
    if (error instanceof SolveError) return null
    throw error
  }
}

interface GridOptions extends RunFiles {
  readonly cpr: string
  readonly cdr: string
  readonly recovery: string
  readonly lag: string
  readonly exact?: true
  readonly json?: true
}

export function register(program: Command): void {
  program
    .command('grid')
    .description('run a deal under every combination of prepayment, default and recovery')
    .argument('<terms>', 'deal terms in JSON (docs/DEAL-TERMS.md)')
    .option('--pool <file>', 'assets of the pool; default: NAME.pool.json beside the terms')
    .option('--assume <file>', 'the other assumptions, index curves, assets on offer')
    .option('--cpr <rates>', 'annual prepayment rates, comma-separated', '0,0.1,0.2')
    .option('--cdr <rates>', 'annual default rates', '0,0.02,0.05,0.1')
    .option('--recovery <rates>', 'recovered shares of defaults', '0.1,0.4')
    .option('--lag <periods>', 'periods until a recovery comes', '6')
    .option('--exact', 'project every asset exactly, even where an estimate would do')
    .option('--json', 'as JSON')
    .action(async (termsFile: string, options: GridOptions) => {
      const lag = Number(options.lag)
      if (!Number.isInteger(lag) || lag < 0)
        throw new InputError(`--lag: ${JSON.stringify(options.lag)} is no whole number`)
      const axes = {
        cpr: list('cpr', options.cpr),
        cdr: list('cdr', options.cdr),
        recovery: list('recovery', options.recovery),
        lag,
      }
      const { mode, cells: result } = grid(await loadRun(termsFile, options), axes, options.exact === true)
      if (options.json) return void process.stdout.write(`${JSON.stringify({ mode, cells: result }, null, 1)}\n`)
      process.stdout.write(mode === 'estimate' ? 'pool: estimated (--exact for every fen)\n' : 'pool: exact\n')
      process.stdout.write('   cpr     cdr  recovery  tranche      wal     yield  unpaid\n')
      for (const { cpr, cdr, recovery, tranche, wal, yieldAtPar, unpaid } of result) {
        const number = (value: number | null, digits: number, width: number): string =>
          (value === null ? '-' : value.toFixed(digits)).padStart(width)
        const cellsOf = [number(cpr, 3, 6), number(cdr, 3, 6), number(recovery, 3, 8), tranche.padStart(7)]
        const figures = [number(wal, 3, 7), number(yieldAtPar, 5, 8), yuanFromFen(BigInt(unpaid))]
        process.stdout.write(`${[...cellsOf, ...figures].join('  ')}\n`)
      }
    })
}
