import type { Compute } from '../compute.ts'

/** Computations about bonds, fees, accounts, waterfalls and whole deals. */
export const DEAL_SIDE_COMPUTES: readonly Compute[] = []
