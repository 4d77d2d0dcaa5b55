/** What holds from which height, earliest first: what stands, and what has been decided for later. */
export type Schedule<T> = readonly { readonly fromHeight: number; readonly value: T }[]

/** What holds in a block of this height; undefined before the first entry. */
export const valueAt = <T>(schedule: Schedule<T> | undefined, height: number): T | undefined =>
  schedule?.findLast(({ fromHeight }) => fromHeight <= height)?.value

/**
 * The schedule with a further value, entered by the block of `height`. What no longer matters is dropped; what held in
 * the block before is kept, since drivers compare a block with the one before it (validator updates).
 * @returns undefined when something else is decided for a later height than `fromHeight`: that must hold first
 */
export function scheduled<T>(
  schedule: Schedule<T>,
  value: T,
  { fromHeight, height }: { fromHeight: number; height: number },
): Schedule<T> | undefined {
  if (schedule.some((entry) => entry.fromHeight > fromHeight)) return undefined
  const first = schedule.findLastIndex((entry) => entry.fromHeight < height)
  const kept = schedule.slice(Math.max(0, first)).filter((entry) => entry.fromHeight !== fromHeight)
  return [...kept, { fromHeight, value }]
}

/** The value that everything decided so far ends with: what a further change builds upon. */
export const lastValue = <T>(schedule: Schedule<T>): T => schedule.at(-1)!.value
