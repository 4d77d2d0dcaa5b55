import canonicalize from 'canonicalize'
import type { Json } from './json.ts'

export class CanonicalError extends Error {
  override readonly name = 'CanonicalError'
  constructor(
    readonly code: 'NOT_UTF8' | 'NOT_JSON' | 'NOT_CANONICAL' | 'BAD_NUMBER' | 'BAD_VALUE' | 'TOO_DEEP' | 'TOO_LARGE',
    readonly path: string,
  ) {
    super(`${code} at ${path || '/'}`)
  }
}

/** No value on the ledger nests deeper; a parser that recurses must be bounded. */
export const MAX_DEPTH = 32

/** The longest text that is read as one JSON value, in bytes. */
export const MAX_BYTES = 1 << 20

/**
 * The canonical text of a value (RFC 8785): sorted keys, no white space.
 * @throws CanonicalError `BAD_NUMBER` (only safe integers, never -0), `BAD_VALUE` (undefined, bigint, function, lone
 * surrogate), `TOO_DEEP`
 */
export function canonicalJson(value: Json, maxDepth = MAX_DEPTH): string {
  return write(value, 0, maxDepth) ?? writeCarefully(value, maxDepth)
}

/** By the library, after a check that names the first thing that is wrong. Exported for the test that compares. */
export function writeCarefully(value: Json, maxDepth: number): string {
  check(value, '', 0, maxDepth)
  const text = canonicalize(value)
  if (text === undefined) throw new CanonicalError('BAD_VALUE', '')
  return text
}

/** Text that stands in JSON as it is: printable ASCII without quote and backslash. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/**
 * The same text in one pass, since a ledger writes twenty values a call and the library took a third of its time. Answers
 * undefined for whatever is not plainly good, which is then judged by the careful way; a test compares the two.
 */
function write(value: unknown, depth: number, maxDepth: number): string | undefined {
  if (depth > maxDepth) return undefined
  switch (typeof value) {
    case 'string':
      if (PLAIN.test(value)) return `"${value}"`
      return isWellFormed(value) ? JSON.stringify(value) : undefined
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : undefined
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? writeList(value, depth, maxDepth) : writeObject(value, depth, maxDepth)
    default:
      return undefined
  }
}

function writeList(list: readonly unknown[], depth: number, maxDepth: number): string | undefined {
  let text = '['
  for (let i = 0; i < list.length; i += 1) {
    const item = write(list[i], depth + 1, maxDepth)
    if (item === undefined) return undefined
    text += i === 0 ? item : `,${item}`
  }
  return `${text}]`
}

function writeObject(object: object, depth: number, maxDepth: number): string | undefined {
  if ((object as { toJSON?: unknown }).toJSON !== undefined) return undefined
  const keys = inOrder(Object.keys(object))
  let text = '{'
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i]!
    const name = names.get(key) ?? nameOf(key)
    const item = write((object as Record<string, unknown>)[key], depth + 1, maxDepth)
    if (name === undefined || item === undefined) return undefined
    text += i === 0 ? `${name}:${item}` : `,${name}:${item}`
  }
  return `${text}}`
}

/** Few names, often in order already: in place, where the runtime's sort would copy them. */
function inOrder(names: string[]): string[] {
  if (names.length > 24) return names.sort()
  for (let i = 1; i < names.length; i += 1) {
    const name = names[i]!
    let at = i
    for (; at > 0 && names[at - 1]! > name; at -= 1) names[at] = names[at - 1]!
    names[at] = name
  }
  return names
}

/** Names of fields as they are written: contracts have some hundreds, and every value repeats them. */
const names = new Map<string, string>()
const MAX_NAMES = 4_096

function nameOf(key: string): string | undefined {
  const name = write(key, 0, 0)
  if (name !== undefined && key.length <= 64 && names.size < MAX_NAMES) names.set(key, name)
  return name
}

const encoder = new TextEncoder()
/** Made when bytes are read: where contracts run there is none. */
let decoder: TextDecoder | undefined

export const canonicalBytes = (value: Json): Uint8Array => encoder.encode(canonicalJson(value))

/**
 * Reads bytes that must already be canonical: equal to themselves when written again, so that duplicate keys, other
 * spellings of a number or a string and trailing text are all refused.
 */
export const parseCanonical = (bytes: Uint8Array, maxBytes = MAX_BYTES, maxDepth = MAX_DEPTH): Json =>
  readCanonical(bytes, maxBytes, maxDepth).value

/** The same, with the text. */
export function readCanonical(
  bytes: Uint8Array,
  maxBytes = MAX_BYTES,
  maxDepth = MAX_DEPTH,
): { readonly value: Json; readonly text: string } {
  if (bytes.length > maxBytes) throw new CanonicalError('TOO_LARGE', '')
  let text: string
  try {
    decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    text = decoder.decode(bytes)
  } catch {
    throw new CanonicalError('NOT_UTF8', '')
  }
  refuseDeepText(text, maxDepth)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    throw new CanonicalError('NOT_JSON', '')
  }
  if (isPlainlyCanonical(value, text, maxDepth)) return { value, text }
  if (canonicalJson(value, maxDepth) !== text) throw new CanonicalError('NOT_CANONICAL', '')
  return { value, text }
}

/**
 * Whether the runtime writes the value as this text, in which its keys stand in order: then the text is canonical, since
 * RFC 8785 takes strings and numbers from there. Escapes by number are left to the careful way, for lone surrogates.
 */
const isPlainlyCanonical = (value: Json, text: string, maxDepth: number): boolean =>
  !text.includes('\\u') && JSON.stringify(value) === text && isOrdered(value, 0, maxDepth)

function isOrdered(value: Json, depth: number, maxDepth: number): boolean {
  if (depth > maxDepth) return false
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) if (!isOrdered(item, depth + 1, maxDepth)) return false
    return true
  }
  const keys = Object.keys(value)
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i]!
    if (i > 0 && keys[i - 1]! >= key) return false
    if (!isOrdered((value as { readonly [key: string]: Json })[key]!, depth + 1, maxDepth)) return false
  }
  return true
}

/** Counts brackets before parsing, since JSON.parse itself recurses on what a stranger sent. */
function refuseDeepText(text: string, maxDepth: number): void {
  if (opensAtMost(text, maxDepth)) return
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === 0x5c) i += 1
      else if (c === 0x22) inString = false
    } else if (c === 0x22) inString = true
    else if (c === 0x5b || c === 0x7b) {
      depth += 1
      if (depth > maxDepth) throw new CanonicalError('TOO_DEEP', '')
    } else if (c === 0x5d || c === 0x7d) depth -= 1
  }
}

/** Whether so few brackets open, in strings or not, that their nesting need not be looked at. */
function opensAtMost(text: string, max: number): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      count += 1
      if (count > max) return false
    }
  }
  return true
}

function check(value: unknown, path: string, depth: number, maxDepth: number): void {
  if (depth > maxDepth) throw new CanonicalError('TOO_DEEP', path)
  switch (typeof value) {
    case 'boolean':
      return
    case 'string':
      if (!isWellFormed(value)) throw new CanonicalError('BAD_VALUE', path)
      return
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new CanonicalError('BAD_NUMBER', path)
      return
    case 'object':
      if (value === null) return
      if (Array.isArray(value)) value.forEach((item, i) => check(item, `${path}/${i}`, depth + 1, maxDepth))
      else
        for (const [key, item] of Object.entries(value)) {
          if (!isWellFormed(key)) throw new CanonicalError('BAD_VALUE', path)
          check(item, `${path}/${key}`, depth + 1, maxDepth)
        }
      return
    default:
      throw new CanonicalError('BAD_VALUE', path)
  }
}

/** No lone surrogate: such a string has no UTF-8 form. */
const isWellFormed = (text: string): boolean => !/[\ud800-\udfff]/u.test(text)
