import type { Compute } from '../compute.ts'
import { ACTUS_COMPUTES } from './actus.ts'
import { ASSET_COMPUTES } from './assets.ts'
import { DATE_COMPUTES } from './dates.ts'
import { FLOW_COMPUTES } from './flows.ts'
import { NUMBER_COMPUTES } from './numbers.ts'
import { VALUATION_COMPUTES } from './valuation.ts'

/** Computations about dates, rates, assets, flows and values. */
export const ASSET_SIDE_COMPUTES: readonly Compute[] = [
  ...DATE_COMPUTES,
  ...NUMBER_COMPUTES,
  ...ASSET_COMPUTES,
  ...FLOW_COMPUTES,
  ...VALUATION_COMPUTES,
  ...ACTUS_COMPUTES,
]
