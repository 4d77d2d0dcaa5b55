import type { Hash } from '#proof/hash'
import type { Read } from '../kernel/state.ts'
import { valueAt } from './schedule.ts'
import { bundlesKey, DEFAULT_PARAMETERS, founded, institutionsKey, parametersKey, validatorsKey, type Institutions, type Parameters, type Validator } from './state.ts' // prettier-ignore

/** What drivers and nodes ask of the committed state. Each may throw KeyNotLoaded. */

/** The limits that hold in a block of this height. */
export const parametersAt = (read: Read, height: number): Parameters =>
  valueAt(read(parametersKey), height) ?? DEFAULT_PARAMETERS

/** Who decides about the consortium in a block of this height. @throws when the ledger was never founded */
export const institutionsAt = (read: Read, height: number): Institutions =>
  valueAt(founded(read, institutionsKey), height)!

/** The bundle that is active in a block of this height; null: the sources that the node was built from. */
export const bundleAt = (read: Read, height: number): Hash | null => valueAt(read(bundlesKey), height) ?? null

/** The validators decided for a height, in the order of their participants. */
export const validatorsAt = (read: Read, height: number): readonly Validator[] =>
  valueAt(read(validatorsKey), height) ?? []

/**
 * What changes in the validator set with the block of this height, for a consensus engine: new or changed powers, and
 * power 0 for who leaves. Ask it of the state after that block, once for each block.
 */
export function validatorUpdates(read: Read, height: number): readonly Validator[] {
  const before = new Map(validatorsAt(read, height - 1).map((one) => [one.publicKey, one]))
  const after = validatorsAt(read, height)
  const kept = new Set(after.map(({ publicKey }) => publicKey))
  const gone = [...before.values()].filter(({ publicKey }) => !kept.has(publicKey))
  return [
    ...gone.map((one) => ({ ...one, power: 0 })),
    ...after.filter(({ publicKey, power }) => before.get(publicKey)?.power !== power),
  ]
}
