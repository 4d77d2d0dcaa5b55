/** What the node answered that is not a success (RFC 9457). */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly status: number,
    readonly code: string,
    readonly problem: {
      readonly title?: string
      readonly detail?: string
      readonly errors?: readonly { readonly field: string; readonly problem: string }[]
      readonly [extension: string]: unknown
    },
  ) {
    super(`${status} ${code}: ${problem.detail ?? problem.title ?? ''}`)
  }
}
