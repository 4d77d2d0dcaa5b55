import { fenString, type Fen } from './money.ts'

/** A run of fen inside a receivable, both ends included: the face of N fen is [1, N]. */
export interface Interval {
  readonly from: Fen
  readonly to: Fen
}

export class IntervalError extends Error {
  override readonly name = 'IntervalError'
  constructor(
    readonly code: 'PART_NOT_POSITIVE' | 'PARTS_DO_NOT_SUM',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

/** The face of a receivable of N fen: [1, N]. @throws IntervalError `PART_NOT_POSITIVE` */
export function wholeOf(face: Fen): Interval {
  if (face <= 0n) throw new IntervalError('PART_NOT_POSITIVE', { size: fenString(face) })
  return { from: 1n, to: face }
}

/** How many fen an interval holds. */
export const sizeOf = ({ from, to }: Interval): Fen => to - from + 1n

/**
 * Cuts an interval into consecutive parts, in the order given.
 * @param parts sizes in fen, each positive, summing exactly to the interval's size
 * @throws IntervalError `PART_NOT_POSITIVE` (index), `PARTS_DO_NOT_SUM` (want, got)
 * Source: split of commercial bills by sub-bill interval (DOMAIN.md §3).
 */
export function cut(whole: Interval, parts: readonly Fen[]): Interval[] {
  const bad = parts.findIndex((size) => size <= 0n)
  if (bad >= 0) throw new IntervalError('PART_NOT_POSITIVE', { index: String(bad), size: fenString(parts[bad]!) })
  const sum = parts.reduce((total, size) => total + size, 0n)
  if (sum !== sizeOf(whole)) {
    throw new IntervalError('PARTS_DO_NOT_SUM', { want: fenString(sizeOf(whole)), got: fenString(sum) })
  }
  let from = whole.from
  return parts.map((size) => ({ from, to: (from += size) - 1n }))
}

/** True when the parts, in any order, cover the whole once: no fen twice, none missing. */
export function partitions(whole: Interval, parts: readonly Interval[]): boolean {
  const sorted = [...parts].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  let next = whole.from
  for (const { from, to } of sorted) {
    if (from !== next || to < from) return false
    next = to + 1n
  }
  return next === whole.to + 1n
}
