import { run } from '../../domain/waterfall/run.ts'
import { time, type Report } from '../report.ts'
import { dealOf, straightRows } from './deals.ts'

const POOL_FEN = 1_000_000_000_00n

/** One run of a deal: every step of every period recorded, exact. */
export function dealRun(shape: { tranches: number; fees: number; periods: number }): () => number {
  const terms = dealOf({ poolFen: POOL_FEN, ...shape })
  const pools = [{ openingBalance: POOL_FEN, rows: straightRows(POOL_FEN, shape.periods) }]
  return () => {
    const { periods } = run(terms, pools)
    if (periods.length < shape.periods) throw new Error(`only ${periods.length} periods were run`)
    return periods.length
  }
}

export function measureWaterfall(report: Report): void {
  const { medianMs } = time(dealRun({ tranches: 10, fees: 10, periods: 120 }))
  report.add({
    id: 'engine.waterfall',
    what: 'one deal, 10 tranches, 30 steps, 120 periods, exact, every step recorded',
    value: medianMs,
    unit: 'ms',
    goal: '≤ 10 ms',
  })
}
