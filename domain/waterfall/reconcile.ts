/** Two runs of the same period or life compared step by step: the first difference, named. */
import { toJson, type Json } from './codec.ts'
import type { StepResult } from './period.ts'

export interface Difference {
  readonly periodId: string
  /** What differs: a step, a tranche, a trigger, …, and its field. */
  readonly at: string
  readonly step: string | null
  readonly clause: string | null
  readonly field: string
  readonly left: Json | undefined
  readonly right: Json | undefined
  readonly sentence: { readonly zh: string; readonly en: string }
}

/** Null when they agree. Inputs of a step are compared before what follows from them. */
export function reconcile(left: readonly StepResult[], right: readonly StepResult[]): Difference | null {
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const [a, b] = [left[i], right[i]]
    if (!a || !b) {
      const id = (a ?? b)!.periodId
      return difference(id, 'period', null, null, 'present', a !== undefined, b !== undefined)
    }
    const found = reconcilePeriod(a, b)
    if (found) return found
  }
  return null
}

const LINE_FIELDS = ['from', 'to', 'availableBefore', 'inputs', 'due', 'paid', 'shortfall', 'availableAfter'] as const

function reconcilePeriod(a: StepResult, b: StepResult): Difference | null {
  const id = a.periodId
  for (const field of ['periodId', 'payDate', 'statusBefore'] as const)
    if (a[field] !== b[field]) return difference(id, 'period', null, null, field, a[field], b[field])
  // Triggers before the waterfall decide which one runs, so they come first.
  for (const field of ['triggers', 'waterfall'] as const) {
    const found = firstDifference(toJson(a[field]), toJson(b[field]), field)
    if (found) return difference(id, field, null, null, found.field, found.left, found.right)
  }
  for (let i = 0; i < Math.max(a.lines.length, b.lines.length); i += 1) {
    const [x, y] = [a.lines[i], b.lines[i]]
    if (!x || !y) {
      const line = (x ?? y)!
      return difference(id, 'line', line.step, line.clause, 'present', x !== undefined, y !== undefined)
    }
    if (x.step !== y.step) return difference(id, 'line', x.step, x.clause, 'step', x.step, y.step)
    for (const field of LINE_FIELDS) {
      const found = firstDifference(toJson(x[field]), toJson(y[field]), field)
      if (found) return difference(id, `line ${i + 1}`, x.step, x.clause, found.field, found.left, found.right)
    }
  }
  for (const field of ['tranches', 'fees', 'transfers', 'events', 'cash', 'statusAfter'] as const) {
    const found = firstDifference(toJson(a[field]), toJson(b[field]), field)
    if (found) return difference(id, field, null, null, found.field, found.left, found.right)
  }
  return null
}

interface Found {
  readonly field: string
  readonly left: Json | undefined
  readonly right: Json | undefined
}

function firstDifference(a: Json | undefined, b: Json | undefined, path: string): Found | null {
  if (a === b) return null
  if (
    typeof a === 'object' &&
    typeof b === 'object' &&
    a !== null &&
    b !== null &&
    Array.isArray(a) === Array.isArray(b)
  ) {
    const [x, y] = [a as Readonly<Record<string, Json>>, b as Readonly<Record<string, Json>>]
    for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) {
      const found = firstDifference(x[key], y[key], `${path}.${key}`)
      if (found) return found
    }
    return null
  }
  return { field: path, left: a, right: b }
}

function difference(
  periodId: string,
  at: string,
  step: string | null,
  clause: string | null,
  field: string,
  left: Json | undefined,
  right: Json | undefined,
): Difference {
  const show = (value: Json | undefined): string => JSON.stringify(value) ?? '—'
  const where = step === null ? at : `${step}${clause === null ? '' : ` (${clause})`}`
  return {
    periodId,
    at,
    step,
    clause,
    field,
    left,
    right,
    sentence: {
      zh: `${periodId} 期在 ${where} 首次不一致：${field} 左 ${show(left)}，右 ${show(right)}`,
      en: `Period ${periodId} first differs at ${where}: ${field} is ${show(left)} on the left, ${show(right)} on the right`,
    },
  }
}
