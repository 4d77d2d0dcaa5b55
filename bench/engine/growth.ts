import { estimatePool, flatScenario } from '../../domain/projection/estimate.ts'
import { time, type Report } from '../report.ts'
import { loans } from './pools.ts'
import { dealRun } from './waterfall.ts'

const scenario = flatScenario(0.03, 0.1, { rate: 0.12, lagMonths: 6 })
const FACTORS = [1, 10, 100] as const

/** What each size costs at 1×, 10×, 100×; per unit it should not grow. */
function growth(report: Report, name: string, what: string, run: (factor: number) => () => unknown): void {
  const perUnit = FACTORS.map((factor) => {
    const { medianMs } = time(run(factor), { runs: 15, warmUp: 10 })
    report.add({
      id: `engine.growth.${name}.${factor}x`,
      what: `${what}, ${factor}×`,
      value: medianMs,
      unit: 'ms',
      goal: 'linear',
    })
    return medianMs / factor
  })
  report.add({
    id: `engine.growth.${name}`,
    what: `${what}: cost per unit at 100× against 10× (1 is linear)`,
    value: perUnit[2]! / perUnit[1]!,
    unit: '×',
    goal: 'linear',
  })
}

export function measureGrowth(report: Report): void {
  growth(report, 'assets', 'estimate of 1,000 loans × 36 months', (factor) => {
    const pool = loans(1000 * factor, 36, { from: 100_000, to: 5_000_000 })
    return () => estimatePool(pool, scenario, 36)
  })
  growth(report, 'periods', 'exact waterfall of 3 tranches × 12 periods', (factor) =>
    dealRun({ tranches: 3, fees: 2, periods: 12 * factor }),
  )
  growth(report, 'steps', 'exact waterfall of 12 periods × 5 steps', (factor) =>
    dealRun({ tranches: 2 * factor, fees: factor, periods: 12 }),
  )
}
