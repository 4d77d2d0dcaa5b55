import type { Compute } from '../compute.ts'
import { ASSET_SIDE_COMPUTES } from './asset-side.ts'
import { DEAL_SIDE_COMPUTES } from './deal-side.ts'

/** Every computation the engine knows, by the name that `input.compute` gives. */
export const COMPUTES: ReadonlyMap<string, Compute> = new Map(
  [...ASSET_SIDE_COMPUTES, ...DEAL_SIDE_COMPUTES].map((compute) => [compute.name, compute]),
)
