import type { SimpleStep } from './terms.ts'

/** Something wrong with a deal-terms document. */
export interface Problem {
  /** JSON pointer into the document. */
  readonly path: string
  /** A sentence that names the value and what was expected. */
  readonly reason: string
}

/** A step with its place in the document. */
export interface Placed {
  readonly step: SimpleStep
  readonly path: string
  /** Inside a condition: it may or may not run. */
  readonly conditional: boolean
}
