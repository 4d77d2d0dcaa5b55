import { addMonths, endOfMonth } from '../../domain/date.ts'
import { estimateRows } from '../../domain/projection/estimate-rows.ts'
import {
  flatScenario,
  scheduledSums,
  stress,
  type ScheduledSums,
  type Scenario,
} from '../../domain/projection/estimate.ts'
import { run } from '../../domain/waterfall/run.ts'
import { time, type Report } from '../report.ts'
import { CUT_OFF, dealOf } from './deals.ts'
import { mortgages } from './pools.ts'

const MONTHS = 360
const FIRST = endOfMonth(addMonths(CUT_OFF, 1))

/** The deal on an estimated pool flow; the waterfall itself is exact. */
function runOn(sums: ScheduledSums, scenario: Scenario, terms: ReturnType<typeof dealOf>, poolFen: bigint): number {
  const flow = stress(sums, scenario)
  const rows = estimateRows(flow, FIRST, poolFen, 60_000n)
  return run(terms, [{ openingBalance: poolFen, rows }]).periods.length
}

export function measureDeal1000(report: Report): void {
  const pool = mortgages(1000, MONTHS)
  const poolFen = BigInt(pool.balance.reduce((sum, value) => sum + value, 0))
  const terms = dealOf({ poolFen, tranches: 3, fees: 2, periods: MONTHS + 12 })
  const scenario = flatScenario(0.02, 0.1, { rate: 0.4, lagMonths: 6 })
  const { medianMs, firstMs } = time(() => runOn(scheduledSums(pool), scenario, terms, poolFen))
  const what =
    '1,000 mortgages × 360 months with CDR, CPR and recovery, estimate mode, and the three-tranche deal on it'
  report.add({ id: 'engine.deal1000', what, value: medianMs, unit: 'ms', goal: '≤ 20 ms' })
  report.add({ id: 'engine.deal1000.cold', what: `${what}: the first run`, value: firstMs, unit: 'ms', goal: 'none' })
  const estimate = time(() => stress(scheduledSums(pool), scenario))
  report.add({
    id: 'engine.deal1000.pool',
    what: 'of which the pool alone',
    value: estimate.medianMs,
    unit: 'ms',
    goal: 'none',
    ratio: estimate.medianMs / medianMs,
    to: 'engine.deal1000',
  })
}

export function measureGrid(report: Report): void {
  const pool = mortgages(1000, MONTHS)
  const poolFen = BigInt(pool.balance.reduce((sum, value) => sum + value, 0))
  const terms = dealOf({ poolFen, tranches: 3, fees: 2, periods: MONTHS + 12 })
  const grid = (): number => {
    const sums = scheduledSums(pool)
    let runs = 0
    for (const cpr of [0, 0.05, 0.1, 0.2, 0.3]) {
      for (const cdr of [0, 0.01, 0.03, 0.06, 0.1]) {
        for (const rate of [0, 0.2, 0.4, 0.6]) {
          runOn(sums, flatScenario(cdr, cpr, { rate, lagMonths: 6 }), terms, poolFen)
          runs += 1
        }
      }
    }
    return runs
  }
  const { medianMs } = time(grid, { runs: 3, warmUp: 1 })
  report.add({
    id: 'engine.grid',
    what: 'a stress grid of 100 scenarios on 1,000 loans and a three-tranche deal',
    value: medianMs / 1000,
    unit: 's',
    goal: '≤ 2 s',
  })
}
