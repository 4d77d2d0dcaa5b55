import { leadsTo, mostSpecific, parsePointer, pointerText, type Segments } from './pointer.ts'

/** First place where a result departs from what a case expects; `got` undefined: the result has no such place. */
export interface Difference {
  readonly pointer: string
  readonly expected: unknown
  readonly got: unknown
}

export interface Comparison {
  readonly ignore?: readonly string[]
  readonly tolerance?: Readonly<Record<string, number>>
  readonly defaultTolerance: number
}

interface Rules {
  readonly ignore: readonly Segments[]
  readonly tolerances: readonly (readonly [Segments, number])[]
  readonly defaultTolerance: number
}

interface TableJson {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTable = (value: unknown): value is TableJson =>
  isObject(value) &&
  Object.keys(value).length === 2 &&
  Array.isArray(value['columns']) &&
  Array.isArray(value['rows']) &&
  value['rows'].every(Array.isArray)

/**
 * Compares by the rules of testdata/vectors/README.md, "Comparing": walks `expected` in its own order, leaves out ignored
 * places, finds table columns by name, and measures numbers against the tolerance of the most specific pointer.
 */
export function firstDifference(expected: unknown, got: unknown, comparison: Comparison): Difference | undefined {
  const rules: Rules = {
    ignore: (comparison.ignore ?? []).map(parsePointer),
    tolerances: Object.entries(comparison.tolerance ?? {}).map(([text, value]) => [parsePointer(text), value] as const),
    defaultTolerance: comparison.defaultTolerance,
  }
  return compareAt([], expected, got, rules)
}

function compareAt(place: Segments, expected: unknown, got: unknown, rules: Rules): Difference | undefined {
  if (rules.ignore.some((pattern) => leadsTo(pattern, place))) return undefined
  const different = { pointer: pointerText(place), expected, got }
  if (got === undefined) return different
  if (typeof expected === 'number') {
    const tolerance = mostSpecific(rules.tolerances, place) ?? rules.defaultTolerance
    return typeof got === 'number' && Math.abs(expected - got) <= tolerance ? undefined : different
  }
  if (Array.isArray(expected)) return Array.isArray(got) ? compareArrays(place, expected, got, rules) : different
  if (isTable(expected)) return isTable(got) ? compareTables(place, expected, got, rules) : different
  if (isObject(expected)) return isObject(got) ? compareObjects(place, expected, got, rules) : different
  return expected === got ? undefined : different
}

function compareObjects(
  place: Segments,
  expected: Readonly<Record<string, unknown>>,
  got: Readonly<Record<string, unknown>>,
  rules: Rules,
): Difference | undefined {
  for (const [key, value] of Object.entries(expected)) {
    const found = Object.hasOwn(got, key) ? got[key] : undefined
    const difference = compareAt([...place, key], value, found, rules)
    if (difference) return difference
  }
  return undefined
}

function compareArrays(
  place: Segments,
  expected: readonly unknown[],
  got: readonly unknown[],
  rules: Rules,
): Difference | undefined {
  for (const [i, value] of expected.entries()) {
    const difference = compareAt([...place, String(i)], value, got[i], rules)
    if (difference) return difference
  }
  return lengthDifference(place, expected, got)
}

function compareTables(place: Segments, expected: TableJson, got: TableJson, rules: Rules): Difference | undefined {
  for (const [c, name] of expected.columns.entries()) {
    const at = [...place, 'columns', String(c)]
    if (got.columns.includes(name) || rules.ignore.some((pattern) => leadsTo(pattern, at))) continue
    return { pointer: pointerText(at), expected: name, got: undefined }
  }
  const columnAt = expected.columns.map((name) => got.columns.indexOf(name))
  for (const [r, row] of expected.rows.entries()) {
    const at = [...place, 'rows', String(r)]
    const found = got.rows[r]
    if (rules.ignore.some((pattern) => leadsTo(pattern, at))) continue
    if (!found) return { pointer: pointerText(at), expected: row, got: undefined }
    for (const [c, value] of row.entries()) {
      const difference = compareAt([...at, String(c)], value, found[columnAt[c] ?? -1], rules)
      if (difference) return difference
    }
  }
  return lengthDifference([...place, 'rows'], expected.rows, got.rows)
}

/** Elements beyond the expected ones (and lengths that differ where the missing ones are ignored). */
function lengthDifference(
  place: Segments,
  expected: readonly unknown[],
  got: readonly unknown[],
): Difference | undefined {
  if (expected.length === got.length) return undefined
  const at = Math.min(expected.length, got.length)
  return { pointer: pointerText([...place, String(at)]), expected: expected[at], got: got[at] }
}
