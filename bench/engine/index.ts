import type { Report } from '../report.ts'
import { measureDeal1000, measureGrid } from './deal1000.ts'
import { measureGrowth } from './growth.ts'
import { measurePool } from './pool.ts'
import { measureWaterfall } from './waterfall.ts'

export function measure(report: Report): void {
  measureWaterfall(report)
  measureDeal1000(report)
  measureGrid(report)
  measurePool(report)
  measureGrowth(report)
}
