import { estimatePool, flatScenario, total } from '../../domain/projection/estimate.ts'
import { time, type Report } from '../report.ts'
import { loans } from './pools.ts'

const COUNT = 1_500_000
const MONTHS = 36

export function measurePool(report: Report): void {
  const pool = loans(COUNT, MONTHS, { from: 100_000, to: 5_000_000 })
  const opening = total(pool.balance)
  const { medianMs } = time(
    () => {
      const flow = estimatePool(pool, flatScenario(0.03, 0.1, { rate: 0.12, lagMonths: 6 }), MONTHS)
      const gone = total(flow.principal) + total(flow.prepayment) + total(flow.default)
      if (Math.abs(gone - opening) > opening * 1e-9) throw new Error('the pool does not add up')
    },
    { runs: 5, warmUp: 1 },
  )
  const what = '1.5 million loans × 36 months, one scenario'
  report.add({ id: 'engine.pool', what, value: medianMs / 1000, unit: 's', goal: '≤ 1.5 s' })
  report.add({
    id: 'engine.pool.memory',
    what: `${what}: memory of the process`,
    value: process.memoryUsage.rss() / 2 ** 30,
    unit: 'GiB',
    goal: '≤ 1 GiB',
  })
}
