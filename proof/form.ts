import type { Json } from './json.ts'

/** Strict forms for documents that strangers hand over: exactly these fields, each of its form. */
export type Form = (value: Json | undefined, path: string) => void

export class FormError extends Error {
  override readonly name = 'FormError'
  constructor(
    readonly path: string,
    readonly expected: string,
  ) {
    super(`${path || '/'}: ${expected} expected`)
  }
}

const fail = (path: string, expected: string): never => {
  throw new FormError(path, expected)
}

export const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const matching =
  (pattern: RegExp, expected: string): Form =>
  (value, path) => {
    if (typeof value !== 'string' || !pattern.test(value)) fail(path, expected)
  }

export const hash = matching(/^[0-9a-f]{64}$/, 'a hash of 64 hex digits')
export const signature = matching(/^[A-Za-z0-9_-]{86}$/, 'a signature of 86 base64url characters')
export const text: Form = (value, path) => {
  if (typeof value !== 'string') fail(path, 'text')
}
export const count: Form = (value, path) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) fail(path, 'a count')
}
export const object: Form = (value, path) => {
  if (!isObject(value)) fail(path, 'an object')
}
export const any: Form = (value, path) => {
  if (value === undefined) fail(path, 'a value')
}
export const literal =
  (want: string | boolean): Form =>
  (value, path) => {
    if (value !== want) fail(path, JSON.stringify(want))
  }
export const nullOr =
  (form: Form): Form =>
  (value, path) => {
    if (value !== null) form(value, path)
  }
/** A field that may be missing. */
export const optional =
  (form: Form): Form =>
  (value, path) => {
    if (value !== undefined) form(value, path)
  }
export const listOf =
  (form: Form, max: number): Form =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > max) return fail(path, `a list of at most ${max}`)
    ;(value as readonly Json[]).forEach((item, i) => form(item, `${path}/${i}`))
  }
export const fields =
  (forms: Readonly<Record<string, Form>>): Form =>
  (value, path) => {
    if (!isObject(value)) return fail(path, 'an object')
    for (const name of Object.keys(value)) if (!Object.hasOwn(forms, name)) fail(`${path}/${name}`, 'no such field')
    for (const [name, form] of Object.entries(forms))
      form(Object.hasOwn(value, name) ? value[name] : undefined, `${path}/${name}`)
  }
/** The form whose key field has the given word. */
export const oneOf =
  (field: string, forms: ReadonlyMap<Json, Form>): Form =>
  (value, path) => {
    if (!isObject(value)) return fail(path, 'an object')
    const form = forms.get(value[field] ?? null)
    if (!form) return fail(`${path}/${field}`, `one of ${[...forms.keys()].join(', ')}`)
    form(value, path)
  }
