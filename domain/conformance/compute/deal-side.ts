import type { Compute } from '../compute.ts'
import { DEAL_PART_COMPUTES } from './deal-parts.ts'
import { RUN_DEAL_COMPUTES } from './run-deal.ts'

/** Computations about bonds, fees, accounts, waterfalls and whole deals. */
export const DEAL_SIDE_COMPUTES: readonly Compute[] = [...DEAL_PART_COMPUTES, ...RUN_DEAL_COMPUTES]
