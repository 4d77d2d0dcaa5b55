/** Root finding for yields, spreads and break-even speeds. */

export class SolveError extends Error {
  override readonly name = 'SolveError'
  readonly code = 'NO_ROOT'
  constructor(readonly details: Readonly<Record<string, string>>) {
    super(`NO_ROOT ${JSON.stringify(details)}`)
  }
}

export interface Bracket {
  readonly low: number
  readonly high: number
  /** Width at which the search stops; default 1e-12. */
  readonly tolerance?: number
}

/**
 * Bisection on a bracket where the function changes sign: slow but it cannot leave the bracket, and at most 200 halvings.
 * @throws SolveError `NO_ROOT` when both ends have the same sign
 */
export function bisect(f: (x: number) => number, { low, high, tolerance = 1e-12 }: Bracket): number {
  let a = low
  let b = high
  const fa = f(a)
  const fb = f(b)
  if (fa === 0) return a
  if (fb === 0) return b
  if (!(fa < 0 !== fb < 0) || Number.isNaN(fa) || Number.isNaN(fb)) {
    throw new SolveError({ low: String(low), high: String(high), atLow: String(fa), atHigh: String(fb) })
  }
  for (let i = 0; i < 200 && b - a > tolerance; i += 1) {
    const middle = a + (b - a) / 2
    const value = f(middle)
    if (value === 0) return middle
    if (value < 0 === fa < 0) a = middle
    else b = middle
  }
  return a + (b - a) / 2
}
