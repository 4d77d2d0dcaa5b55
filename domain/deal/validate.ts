/**
 * Reading deal terms: form first (schema), then names and formulas (they compile), then sense: dates in order, rates in
 * fractions, every tranche paid by some waterfall, no step that can never pay, no cycle. Each problem has the path into
 * the document and a sentence.
 */
import { Value } from 'typebox/value'
import { inputProblems } from '../conformance/strict.ts'
import { isIsoDate } from '../date.ts'
import { FormulaError, parseFormula, type Node } from './formula/syntax.ts'
import { programOf, TermsError } from '../waterfall/program.ts'
import { dateProblems } from './validate-dates.ts'
import { stepProblems } from './validate-steps.ts'
import { DealTerms, TERMS_SCHEMA } from './terms.ts'
import type { Problem } from './problem.ts'

export type { Problem } from './problem.ts'
export { TermsError } from '../waterfall/program.ts'

const VERSION = /^sluice\/deal-terms\/([0-9]{1,6})$/

/** Everything wrong with a document; empty when it can be run. */
export function termsProblems(json: unknown): Problem[] {
  const version = versionProblem(json)
  if (version) return [version]
  const form = inputProblems(DealTerms, json)
  if (form.length > 0)
    return form.map(({ pointer, kind, message }) => ({
      path: pointer,
      reason: kind === 'missing key' ? 'a value is missing here' : message,
    }))
  // What the sentence-writing reader does not look at (lengths of lists and texts).
  if (!Value.Check(DealTerms, json)) {
    const [first] = Value.Errors(DealTerms, json)
    return [{ path: first?.instancePath ?? '', reason: first?.message ?? 'does not fit the schema' }]
  }
  const impossible = impossibleDates(json, '')
  if (impossible.length > 0) return impossible
  const terms = json as DealTerms
  const cycles = cycleProblems(terms)
  if (cycles.length > 0) return cycles
  try {
    programOf(terms)
  } catch (error) {
    if (error instanceof TermsError) return [{ path: error.path, reason: error.reason }]
    throw error
  }
  return [...dateProblems(terms), ...amountProblems(terms), ...stepProblems(terms)]
}

/** Texts in the form of a date that are no day of the calendar (2026-02-30), wherever they stand. */
function impossibleDates(json: unknown, path: string): Problem[] {
  if (typeof json === 'string')
    return /^\d{4}-\d{2}-\d{2}$/.test(json) && !isIsoDate(json)
      ? [{ path, reason: `${JSON.stringify(json)} is no day of the calendar; a date YYYY-MM-DD is expected` }]
      : []
  if (typeof json !== 'object' || json === null) return []
  return Object.entries(json).flatMap(([key, value]) => impossibleDates(value, `${path}/${key}`))
}

/**
 * Reads a deal-terms document.
 * @throws TermsError with the path and sentence of the first problem
 */
export function parseTerms(json: unknown): DealTerms {
  const [first, ...more] = termsProblems(json)
  if (first)
    throw new TermsError(first.path, more.length === 0 ? first.reason : `${first.reason} (and ${more.length} more)`)
  return json as DealTerms
}

function versionProblem(json: unknown): Problem | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { path: '', reason: 'deal terms are a JSON object' }
  const { schema } = json as { schema?: unknown }
  if (schema === TERMS_SCHEMA) return null
  const match = typeof schema === 'string' ? VERSION.exec(schema) : null
  return {
    path: '/schema',
    reason: match
      ? `version ${match[1]} is newer than this program knows; ${JSON.stringify(TERMS_SCHEMA)} is expected`
      : `${JSON.stringify(schema) ?? 'nothing'} is here, ${JSON.stringify(TERMS_SCHEMA)} is expected`,
  }
}

/** Of these none can be negative; a spread, a floor and a first rate can. */
const POSITIVE_RATES: ReadonlySet<string> = new Set([
  'rate',
  'drawnRate',
  'unusedRate',
  'share',
  'limit',
  'minimumYield',
])
/** Keys whose value is a rate a year or a share; a coupon's `factor` is a plain number. */
const RATES: ReadonlySet<string> = new Set([
  'rate',
  'spread',
  'initial',
  'floor',
  'cap',
  'drawnRate',
  'unusedRate',
  'share',
  'limit',
  'minimumYield',
])
const AMOUNTS: ReadonlySet<string> = new Set([
  'original',
  'balance',
  'opening',
  'amount',
  'credit',
  'unitFen',
  'initial',
  'targets',
  'entries',
])
const DECIMAL = /^-?[0-9]+(\.[0-9]+)?$/
const WHOLE = /^-?[0-9]+$/

/** Negative amounts, and rates that were meant in percent. */
function amountProblems(terms: DealTerms): Problem[] {
  const problems: Problem[] = []
  const confirmed = terms.conventions.ratesAboveOne === true
  const visit = (value: unknown, path: string, key: string): void => {
    if (typeof value === 'string') {
      // In `pool` and `pools` the initial balance is fen, elsewhere `initial` is a rate.
      const fen = AMOUNTS.has(key) && !(key === 'initial' && !path.startsWith('/pool'))
      if (fen && WHOLE.test(value) && value.startsWith('-'))
        problems.push({ path, reason: `${value} is negative; an amount of at least 0 is expected` })
      else if (!fen && POSITIVE_RATES.has(key) && DECIMAL.test(value) && value.startsWith('-') && Number(value) !== 0)
        problems.push({ path, reason: `${value} is negative; a rate of at least 0 is expected` })
      else if (!fen && RATES.has(key) && DECIMAL.test(value) && Number(value) > 1 && !confirmed)
        problems.push({
          path,
          reason: `${value} is above 1: rates are fractions (5.10 % is "0.0510"); if ${value} is meant, say so with conventions.ratesAboveOne`,
        })
      return
    }
    if (Array.isArray(value)) value.forEach((item, index) => visit(item, `${path}/${index}`, key))
    else if (typeof value === 'object' && value !== null)
      for (const [name, item] of Object.entries(value)) visit(item, `${path}/${name}`, name)
  }
  visit(terms, '', '')
  return problems
}

/** Accounts whose targets ask for one another's targets would never come to an end. */
function cycleProblems(terms: DealTerms): Problem[] {
  const needs = new Map<string, string[]>()
  for (const [index, { id, target }] of terms.accounts.entries()) {
    try {
      needs.set(id, target === undefined ? [] : accountsAsked(parseFormula(target)))
    } catch (error) {
      if (!(error instanceof FormulaError)) throw error
      return [{ path: `/accounts/${index}/target`, reason: error.message }]
    }
  }
  const problems: Problem[] = []
  terms.accounts.forEach(({ id }, index) => {
    const seen = new Set<string>()
    const reach = (name: string): boolean =>
      (needs.get(name) ?? []).some((next) => next === id || (!seen.has(next) && (seen.add(next), reach(next))))
    if (reach(id))
      problems.push({
        path: `/accounts/${index}/target`,
        reason: `the target of ${JSON.stringify(id)} depends on itself`,
      })
  })
  return problems
}

function accountsAsked(node: Node): string[] {
  switch (node.kind) {
    case 'call':
      return /^reserve(Target|Gap|Excess)$/.test(node.name)
        ? node.args.flatMap((arg) => (arg.kind === 'name' ? [arg.value] : []))
        : node.args.flatMap(accountsAsked)
    case 'binary':
      return [...accountsAsked(node.left), ...accountsAsked(node.right)]
    case 'negate':
    case 'not':
      return accountsAsked(node.of)
    default:
      return []
  }
}
