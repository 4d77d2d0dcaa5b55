import { describe, type MethodDescription } from '#contracts/describe'
import type { FieldDescription } from '#contracts/describe-fields'
import type { Method } from '#contracts/kernel/method'
import { registry } from '#contracts/registry'
import type { Json, JsonObject } from '#proof/json'

/** As much of a JSON schema as a field of a form follows. */
interface Schema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly const?: string
  readonly anyOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly description?: string
}

/** One argument of a method, as its own field: a word, a whole number, yes or no, one of a few, or JSON for the rest. */
export interface Argument {
  readonly name: string
  readonly form: 'text' | 'integer' | 'boolean' | 'choice' | 'json'
  readonly choices: readonly string[]
  /** An empty field is `null`. */
  readonly isNullable: boolean
  /** An empty field is left out. */
  readonly isOptional: boolean
  readonly described: FieldDescription
  readonly note: string
  readonly empty: Json
}

/** Every method by name, with the arguments that its description names. */
export const METHODS: ReadonlyMap<string, readonly Argument[]> = new Map(
  registry
    .allMethods()
    .map((one: Method) => [`${one.contract}.${one.method}`, argumentsOf(one)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
)

function argumentsOf({ contract, method, args }: Method): Argument[] {
  const { properties = {}, required = [] } = args as Schema & { required?: readonly string[] }
  const { fields } = methodOf(`${contract}.${method}`)
  return Object.entries(properties).map(([name, schema]) => {
    const { form, choices, isNullable } = formOf(schema)
    const described = fields.find(({ path }) => path === `/${name}`)
    if (!described) throw new Error(`${contract}.${method} does not describe ${name}`)
    const isOptional = !required.includes(name)
    const note = schema.description ?? ''
    return { name, form, choices, isNullable, isOptional, described, note, empty: isNullable ? null : emptyOf(schema) }
  })
}

function methodOf(name: string): MethodDescription {
  const found = describe(registry).contracts.flatMap(({ methods }) => methods).find((one) => one.name === name) // prettier-ignore
  if (!found) throw new Error(`no description of ${name}`)
  return found
}

function formOf({
  type,
  enum: few,
  const: only,
  anyOf,
  allOf,
}: Schema): Pick<Argument, 'form' | 'choices' | 'isNullable'> {
  // prettier-ignore
  if (allOf?.[0]) return formOf(allOf[0])
  if (anyOf) {
    const rest = anyOf.filter((one) => one.type !== 'null')
    const isNullable = rest.length < anyOf.length
    const choices = rest.flatMap((one) => (one.const === undefined ? [] : [one.const]))
    if (rest.length > 1 && choices.length === rest.length) return { form: 'choice', choices, isNullable }
    return rest.length === 1 ? { ...formOf(rest[0]!), isNullable } : { form: 'json', choices: [], isNullable }
  }
  const choices = few ?? (only === undefined ? [] : [only])
  if (choices.length > 0) return { form: 'choice', choices, isNullable: false }
  if (type === 'string') return { form: 'text', choices, isNullable: false }
  if (type === 'integer' || type === 'boolean') return { form: type, choices, isNullable: false }
  return { form: 'json', choices, isNullable: false }
}

/** A skeleton to fill in. */
function emptyOf({ type, properties = {}, enum: few, allOf }: Schema): Json {
  if (allOf?.[0]) return emptyOf(allOf[0])
  if (type === 'object')
    return Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, emptyOf(one)]))
  if (type === 'array') return []
  if (type === 'boolean') return false
  if (type === 'string') return few?.[0] ?? ''
  return type === 'integer' ? 0 : null
}

export const skeletonOf = (all: readonly Argument[]): JsonObject =>
  Object.fromEntries(all.filter(({ isOptional }) => !isOptional).map(({ name, empty }) => [name, empty]))

/** What stands in the field for a value. */
export function textOf({ form }: Argument, value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return form === 'json' || typeof value !== 'string'
    ? JSON.stringify(value, undefined, form === 'json' ? 1 : 0)
    : value
}

export class FieldError extends Error {
  override readonly name = 'FieldError'
  constructor(
    readonly field: string,
    readonly code: 'NOT_A_WHOLE_NUMBER' | 'NOT_JSON',
  ) {
    super(`${code} /${field}`)
  }
}

/** The value that a field's text means; undefined: left out. The ledger says whether it fits. @throws FieldError */
export function valueOf({ name, form, isNullable, isOptional }: Argument, text: string): Json | undefined {
  if (text === '' && (isOptional || isNullable)) return isOptional ? undefined : null
  switch (form) {
    case 'text':
    case 'choice':
      return text
    case 'boolean':
      return text === 'true'
    case 'integer':
      if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) throw new FieldError(name, 'NOT_A_WHOLE_NUMBER')
      return Number(text)
    case 'json':
      try {
        return JSON.parse(text) as Json
      } catch {
        throw new FieldError(name, 'NOT_JSON')
      }
  }
}
