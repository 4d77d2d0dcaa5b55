import type { IngestErrorCode } from './columns.ts'

/** One thing that is wrong in a file. Rows count from 1, the header being row 1. */
export interface RowProblem {
  readonly row: number
  readonly column: string
  readonly code: IngestErrorCode
  readonly problem: string
  /** What stands there, shortened. */
  readonly value: string
}

/** A file that is refused, with everything found wrong in it up to a limit; nothing of it was taken over. */
export class IngestError extends Error {
  override readonly name = 'IngestError'
  readonly code: IngestErrorCode
  constructor(
    readonly file: string,
    readonly problems: readonly RowProblem[],
    /** True when there are more than the limit. */
    readonly isMore: boolean,
  ) {
    super([...problems.map((one) => lineOf(file, one)), ...(isMore ? [`${file}: and more`] : [])].join('\n'))
    this.code = problems[0]?.code ?? 'UNREADABLE_FILE'
  }
}

const lineOf = (file: string, { row, column, code, problem, value }: RowProblem): string =>
  `${file}, row ${row}, column ${column}: ${code} ${JSON.stringify(value)}: ${problem}`

/** A batch that cannot be made from what the store holds. */
export class BatchError extends Error {
  override readonly name = 'BatchError'
  constructor(
    readonly code:
      | 'NO_TAPE'
      | 'TAPE_EXISTS'
      | 'NOT_LATER'
      | 'OTHER_FILE'
      | 'TREE_DIFFERS'
      | 'TOO_MANY_LEVELS'
      | 'OTHER_BATCH'
      | 'SEED_HELD'
      | 'UNKNOWN_ASSET'
      | 'BAD_PACKAGE',
    readonly details: Readonly<Record<string, string | number | null>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}
