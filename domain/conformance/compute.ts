import type { Static, TSchema } from 'typebox'
import type { Conventions } from '../conventions.ts'

/** One computation of the vectors: what it accepts, and the thin adapter from JSON to the domain and back. */
export interface Compute {
  readonly name: string
  /** Of `input` without its key `compute`. Objects are closed. */
  readonly schema: TSchema
  run(input: unknown, conventions: Conventions): unknown
}

/** Ties the adapter's argument to its schema; the runner only calls `run` with what the schema admits. */
export const defineCompute = <const S extends TSchema>(
  name: string,
  schema: S,
  run: (input: Static<S>, conventions: Conventions) => unknown,
): Compute => ({ name, schema, run: (input, conventions) => run(input as Static<S>, conventions) })
