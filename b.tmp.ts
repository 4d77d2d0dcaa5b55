import { measureWaterfall } from './bench/engine/waterfall.ts'
import { measureGrowth } from './bench/engine/growth.ts'
import { Report } from './bench/report.ts'
const r = new Report(); measureWaterfall(r); measureGrowth(r)
