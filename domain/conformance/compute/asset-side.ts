import type { Compute } from '../compute.ts'
import { ASSET_COMPUTES } from './assets.ts'
import { DATE_COMPUTES } from './dates.ts'

/** Computations about dates, rates, assets, flows and values. */
export const ASSET_SIDE_COMPUTES: readonly Compute[] = [...DATE_COMPUTES, ...ASSET_COMPUTES]
