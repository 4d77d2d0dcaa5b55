import type { Json } from '#proof/json'
import type { Written } from '../application/changes.ts'

/** Values under their keys, as a block writes them; undefined for a key that goes. */
export const writtenOf = (values: Iterable<readonly [string, Json | undefined]>): Map<string, Written> =>
  new Map(Array.from(values, ([key, value]) => [key, { value }]))
