/** JSON pointers (RFC 6901), kept as arrays of segments while walking. */
export type Segments = readonly string[]

export const pointerText = (segments: Segments): string =>
  segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** @throws PointerError when the text is neither empty nor starts with a slash */
export function parsePointer(text: string): Segments {
  if (text === '') return []
  if (!text.startsWith('/')) throw new PointerError(text)
  return text
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export class PointerError extends Error {
  override readonly name = 'PointerError'
  constructor(readonly text: string) {
    super(`${JSON.stringify(text)} is not a JSON pointer`)
  }
}

/** Whether the pattern (a segment `*` stands for any one) leads to the place or to one above it. */
export const leadsTo = (pattern: Segments, place: Segments): boolean =>
  pattern.length <= place.length && pattern.every((segment, i) => segment === '*' || segment === place[i])

/** Of the patterns that lead to a place the longest, between equals the one with fewer `*`. */
export function mostSpecific<T>(patterns: readonly (readonly [Segments, T])[], place: Segments): T | undefined {
  let best: readonly [Segments, T] | undefined
  for (const entry of patterns) {
    if (!leadsTo(entry[0], place)) continue
    if (!best || entry[0].length > best[0].length) best = entry
    else if (entry[0].length === best[0].length && stars(entry[0]) < stars(best[0])) best = entry
  }
  return best?.[1]
}

const stars = (segments: Segments): number => segments.filter((segment) => segment === '*').length
