/** Something wrong with a deal-terms document. */
export interface Problem {
  /** JSON pointer into the document. */
  readonly path: string
  /** A sentence that names the value and what was expected. */
  readonly reason: string
}
