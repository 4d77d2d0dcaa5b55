import { yuanFromFen, parseFen } from '#domain/money'
import type { Json, JsonObject } from '#proof/json'
import { describeFields, type FieldDescription } from './describe-fields.ts'
import { compactSchema } from './kernel/compact-schema.ts'
import type { Registry } from './kernel/execute.ts'
import type { Contract, Method, Sentence } from './kernel/method.ts'
import { visibilityOf } from './kernel/visibility.ts'

/** What the consortium agreed, as data: for a portal, a command line, an auditor. */
export interface Description {
  readonly contracts: readonly ContractDescription[]
}
export interface ContractDescription {
  readonly name: string
  readonly methods: readonly MethodDescription[]
  readonly events: readonly EventDescription[]
}
export interface EventDescription {
  readonly event: string
  readonly schema: JsonObject
  readonly fields: readonly FieldDescription[]
}
export interface MethodDescription {
  /** `contract.method`, as a command names it */
  readonly name: string
  readonly sentence: Sentence
  /** For an argument with a `kind`: the words that stand for it in the sentence, by kind */
  readonly clauses?: Method['clauses']
  /** JSON schema of the arguments */
  readonly args: JsonObject
  /** Who learns each argument, and what it counts */
  readonly fields: readonly FieldDescription[]
  readonly roles: readonly string[] | null
  readonly functions: readonly string[]
  /** Which amount a limit of the signer's key bounds, and where in which event it stands; absent: none */
  readonly limited?: { readonly amount: Sentence; readonly event: string; readonly fields: readonly string[] }
}

export class SentenceError extends Error {
  override readonly name = 'SentenceError'
  constructor(
    readonly code: 'UNKNOWN_METHOD' | 'NO_SUCH_FIELD' | 'UNKNOWN_FORM',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

const described = new WeakMap<Registry, Description>()

/** Self-description of a registry: methods with their fields and sentences, events with their schemas. Made once. */
export function describe(registry: Registry): Description {
  const known = described.get(registry) ?? { contracts: registry.contracts.map(describeContract) }
  described.set(registry, known)
  return known
}

function describeContract({ name, methods, events, disclosure }: Contract): ContractDescription {
  const fieldsOf = (of: string, schema: object) => describeFields(schema, visibilityOf(disclosure, of))
  return {
    name,
    methods: (methods as readonly Method[]).map((one) => describeMethod(one, fieldsOf(one.method, one.args))),
    events: events.map(({ event, schema }) => ({
      event,
      schema: compactSchema(schema),
      fields: fieldsOf(event, schema),
    })),
  }
}

const describeMethod = (
  { contract, method, sentence, clauses, args, by, commits }: Method,
  fields: readonly FieldDescription[],
): MethodDescription => ({
  name: `${contract}.${method}`,
  sentence,
  ...(clauses && { clauses }),
  args: compactSchema(args),
  fields,
  roles: by.roles ? [...by.roles] : null,
  functions: [...by.functions],
  ...(commits && { limited: { amount: commits.amount, event: commits.event, fields: commits.fields } }),
})

/**
 * `{path.to.field}` as it stands, `{field:yuan}` for an amount in fen shown in yuan, or `{field:limit}` for the limit of a
 * key, which may be absent.
 */
const PLACEHOLDER = /\{([A-Za-z0-9_.]+)(?::([a-z]+))?\}/g

export interface Placeholder {
  readonly path: string
  readonly form: string | undefined
}

export const placeholdersOf = (sentence: string): Placeholder[] =>
  [...sentence.matchAll(PLACEHOLDER)].map(([, path, form]) => ({ path: path!, form }))

/**
 * What a signer is shown before signing: the method's sentence with the command's own arguments.
 * @throws SentenceError `UNKNOWN_METHOD`, or `NO_SUCH_FIELD` where the arguments do not fit the sentence: a person must
 * never sign a sentence with a gap
 */
export function sentenceOf(
  registry: Registry,
  command: { readonly contract: string; readonly method: string; readonly args: JsonObject },
): { zh: string; en: string } {
  const method = registry.method(command.contract, command.method)
  if (!method) throw new SentenceError('UNKNOWN_METHOD', { method: `${command.contract}.${command.method}` })
  return renderSentence(method, command.args)
}

/**
 * A method's sentence with a command's arguments, from its description alone.
 * @throws SentenceError
 */
export function renderSentence(
  { sentence, clauses = {} }: Pick<MethodDescription, 'sentence' | 'clauses'>,
  args: JsonObject,
): { zh: string; en: string } {
  const fill = (language: 'zh' | 'en'): string => {
    const comma = language === 'zh' ? '、' : ', '
    const words = (template: Sentence, values: JsonObject): string =>
      template[language].replace(PLACEHOLDER, (_, path: string, form?: string) => {
        if (form === 'limit') return limitWords(values, path)[language]
        const value = valueAt(values, path)
        const kinds = values === args ? clauses[path] : undefined
        if (!kinds) return show(value, form, comma)
        const kind = isObject(value) && typeof value.kind === 'string' ? value.kind : ''
        if (!Object.hasOwn(kinds, kind)) throw new SentenceError('NO_SUCH_FIELD', { path: `${path}.kind` })
        return words(kinds[kind]!, value as JsonObject)
      })
    return words(sentence, args)
  }
  return { zh: fill('zh'), en: fill('en') }
}

const NO_LIMIT: Sentence = { zh: '不限金额', en: 'of any amount' }

/** Refuses a gap, as every form does, but for the last step, where nothing is said of a key without limit. */
function limitWords(args: JsonObject, path: string): Sentence {
  const at = path.lastIndexOf('.')
  const [above, name] = [path.slice(0, Math.max(at, 0)), path.slice(at + 1)]
  const object = above === '' ? args : valueAt(args, above)
  if (!isObject(object)) throw new SentenceError('NO_SUCH_FIELD', { path: above })
  if (!Object.hasOwn(object, name)) return NO_LIMIT
  const yuan = show(object[name]!, 'yuan', '')
  return { zh: `单笔不超过 ${yuan} 元`, en: `of at most ${yuan} yuan each` }
}

function valueAt(args: JsonObject, path: string): Json {
  let at: Json = args
  for (const step of path.split('.')) {
    if (Array.isArray(at) && step === 'length') return at.length
    const next: Json | undefined = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined
    if (next === undefined) throw new SentenceError('NO_SUCH_FIELD', { path })
    at = next
  }
  return at
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function show(value: Json, form: string | undefined, comma: string): string {
  if (form !== undefined) {
    if (form !== 'yuan' || typeof value !== 'string') throw new SentenceError('UNKNOWN_FORM', { form })
    return yuanFromFen(parseFen(value))
  }
  if (value === null) return '—'
  if (Array.isArray(value)) return value.map((item: Json) => show(item, undefined, comma)).join(comma)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
