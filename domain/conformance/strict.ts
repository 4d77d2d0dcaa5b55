import type { TSchema } from 'typebox'
import { isIsoDate } from '../date.ts'
import { pointerText, type Segments } from './pointer.ts'

/**
 * A place of the input that the schema does not admit. `unknown key` and `unknown word` are things the engine has never
 * heard of; the others are values of the wrong kind.
 */
export interface InputProblem {
  readonly pointer: string
  readonly kind: 'unknown key' | 'unknown word' | 'missing key' | 'wrong value'
  readonly message: string
}

interface Node {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly items?: Node | readonly Node[]
  readonly anyOf?: readonly Node[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minItems?: number
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Node>>
}
type Defs = Readonly<Record<string, Node>>

/**
 * Everything in a value that its schema does not admit, in document order. Written by hand because a general validator
 * answers a union with the problems of every branch; here the branch that the value means is found first (by its
 * discriminating word, else by the keys it has), so that one wrong key gives one sentence at its own place.
 * Objects are closed unless the schema is a record: a key without a schema is always a problem.
 */
export function inputProblems(schema: TSchema, value: unknown, place: Segments = []): InputProblem[] {
  const problems: InputProblem[] = []
  walk(schema as Node, value, place, {}, problems)
  return problems
}

/** The problem to tell: an unknown key or word before anything else, since it explains what is missing elsewhere. */
export const firstProblem = (problems: readonly InputProblem[]): InputProblem | undefined =>
  problems.find(({ kind }) => kind === 'unknown key' || kind === 'unknown word') ?? problems[0]

function walk(schema: Node, value: unknown, place: Segments, defs: Defs, problems: InputProblem[]): void {
  const scope = schema.$defs ? { ...defs, ...schema.$defs } : defs
  const node = resolve(schema, scope)
  const report = (kind: InputProblem['kind'], message: string, at: Segments = place): void => {
    problems.push({ pointer: pointerText(at), kind, message })
  }
  if (node.anyOf) return walkUnion(node.anyOf, value, place, scope, problems)
  if (node.enum ?? 'const' in node) {
    const words = node.enum ?? [node.const]
    if (words.includes(value)) return
    if (typeof value === 'string') return report('unknown word', `unknown word ${JSON.stringify(value)}`)
    return report('wrong value', `${show(value)}, expected ${words.map((word) => JSON.stringify(word)).join(' | ')}`)
  }
  switch (node.type) {
    case 'object':
      return isObject(value) ? walkObject(node, value, place, scope, problems) : expected('an object')
    case 'array':
      return Array.isArray(value) ? walkArray(node, value, place, scope, problems) : expected('an array')
    case 'number':
    case 'integer': {
      const wanted = node.type === 'integer' ? 'a whole number' : 'a finite number'
      if (typeof value !== 'number' || !Number.isFinite(value)) return expected(wanted)
      if (node.type === 'integer' && !Number.isSafeInteger(value)) return expected(wanted)
      if (node.minimum !== undefined && value < node.minimum) return expected(`at least ${node.minimum}`)
      if (node.exclusiveMinimum !== undefined && value <= node.exclusiveMinimum)
        return expected(`more than ${node.exclusiveMinimum}`)
      if (node.maximum !== undefined && value > node.maximum)
        return expected(`at most ${node.maximum} (a rate is a fraction: 0.05 is 5 %)`)
      return
    }
    case 'string':
      if (typeof value !== 'string') return expected(node.format === 'date' ? 'a date YYYY-MM-DD' : 'a text')
      if (node.format === 'date' && !isIsoDate(value)) return expected('a date YYYY-MM-DD')
      if (node.pattern !== undefined && !new RegExp(node.pattern).test(value)) return expected(`form ${node.pattern}`)
      return
    case 'boolean':
      return typeof value === 'boolean' ? undefined : expected('true or false')
    case 'null':
      return value === null ? undefined : expected('null')
    default:
      return // Type.Unknown: any JSON
  }
  function expected(what: string): void {
    report('wrong value', `${show(value)}, expected ${what}`)
  }
}

function walkObject(
  node: Node,
  value: Readonly<Record<string, unknown>>,
  place: Segments,
  defs: Defs,
  problems: InputProblem[],
): void {
  const record = node.patternProperties ? Object.values(node.patternProperties)[0] : undefined
  for (const [key, inner] of Object.entries(value)) {
    const known = node.properties && Object.hasOwn(node.properties, key) ? node.properties[key] : record
    if (known) walk(known, inner, [...place, key], defs, problems)
    else problems.push({ pointer: pointerText([...place, key]), kind: 'unknown key', message: 'unknown key' })
  }
  for (const key of node.required ?? []) {
    if (Object.hasOwn(value, key)) continue
    problems.push({ pointer: pointerText([...place, key]), kind: 'missing key', message: 'missing key' })
  }
}

function walkArray(node: Node, value: readonly unknown[], place: Segments, defs: Defs, problems: InputProblem[]): void {
  const items = node.items
  const tuple = Array.isArray(items) ? (items as readonly Node[]) : undefined
  if (tuple && tuple.length !== value.length) {
    const message = `${show(value)}, expected an array of ${tuple.length}`
    problems.push({ pointer: pointerText(place), kind: 'wrong value', message })
    return
  }
  if (node.minItems !== undefined && value.length < node.minItems) {
    const message = `an array of ${value.length}, expected at least ${node.minItems}`
    problems.push({ pointer: pointerText(place), kind: 'wrong value', message })
  }
  for (const [i, inner] of value.entries()) {
    const item = tuple ? tuple[i] : (items as Node | undefined)
    if (item) walk(item, inner, [...place, String(i)], defs, problems)
  }
}

/** Problems of the branch that the value means: see `inputProblems`. */
function walkUnion(
  branches: readonly Node[],
  value: unknown,
  place: Segments,
  defs: Defs,
  problems: InputProblem[],
): void {
  const options = flatten(branches, defs)
  if (isObject(value)) {
    const objects = options.filter(({ type }) => type === 'object')
    const tag = discriminator(objects, defs)
    if (tag !== undefined && Object.hasOwn(value, tag)) {
      const chosen = objects.filter((node) => words(node.properties?.[tag], defs)?.includes(value[tag]))
      if (chosen.length > 0) return walk(closest(chosen, value), value, place, defs, problems)
      const pointer = pointerText([...place, tag])
      problems.push({ pointer, kind: 'unknown word', message: `unknown word ${JSON.stringify(value[tag])}` })
      return
    }
    if (objects.length > 0) return walk(closest(objects, value), value, place, defs, problems)
  }
  const attempts = options.map((node) => {
    const found: InputProblem[] = []
    walk(node, value, place, defs, found)
    return { node, found }
  })
  if (attempts.some(({ found }) => found.length === 0)) return
  const sameKind = attempts.find(({ node }) => fits(node, value)) ?? attempts.find(({ node }) => node.type !== 'object')
  if (typeof value === 'string' && options.some((node) => node.enum ?? 'const' in node)) {
    const message = `unknown word ${JSON.stringify(value)}`
    problems.push({ pointer: pointerText(place), kind: 'unknown word', message })
    return
  }
  if (sameKind && fits(sameKind.node, value)) problems.push(...sameKind.found)
  else problems.push({ pointer: pointerText(place), kind: 'wrong value', message: `${show(value)} fits no form known` })
}

/** The branch with the most of the value's keys, between equals the one that misses the fewest of its own. */
function closest(branches: readonly Node[], value: Readonly<Record<string, unknown>>): Node {
  const keys = Object.keys(value)
  const score = (node: Node): number => {
    const known = keys.filter((key) => node.patternProperties ?? Object.hasOwn(node.properties ?? {}, key)).length
    const missing = (node.required ?? []).filter((key) => !Object.hasOwn(value, key)).length
    return known * 2 - missing * 2 - (keys.length - known)
  }
  return branches.reduce((best, node) => (score(node) > score(best) ? node : best))
}

/** A key whose value is one of a few words in every branch: `type`, `action`, `assetType`, … */
function discriminator(objects: readonly Node[], defs: Defs): string | undefined {
  const first = objects[0]
  if (!first || objects.length < 2) return undefined
  const candidates = Object.keys(first.properties ?? {})
  return candidates.find((key) => objects.every((node) => words(node.properties?.[key], defs) !== undefined))
}

function words(node: Node | undefined, defs: Defs): readonly unknown[] | undefined {
  if (!node) return undefined
  const found = resolve(node, defs)
  return found.enum ?? ('const' in found ? [found.const] : undefined)
}

const flatten = (branches: readonly Node[], defs: Defs): Node[] =>
  branches.flatMap((branch) => {
    const node = resolve(branch, defs)
    return node.anyOf ? flatten(node.anyOf, defs) : [node]
  })

function resolve(schema: Node, defs: Defs): Node {
  if (schema.$ref === undefined) return schema
  const target = schema.$defs?.[schema.$ref] ?? defs[schema.$ref]
  if (!target) throw new Error(`the schema refers to ${schema.$ref}, which it does not define`)
  return target
}

const fits = (node: Node, value: unknown): boolean =>
  Array.isArray(value)
    ? node.type === 'array'
    : value === null
      ? node.type === 'null'
      : typeof value === 'number'
        ? node.type === 'number' || node.type === 'integer'
        : node.type === typeof value

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const show = (value: unknown): string =>
  typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing').slice(0, 80)
