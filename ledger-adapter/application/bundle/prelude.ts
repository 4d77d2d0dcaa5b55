/**
 * What runs in a fresh context before any bundle. It takes away what could make two nodes differ or reach out of the
 * context, hands the rest to the bundle as locals (a global of a vm context costs a lookup through an interceptor), and
 * freezes what the language brought along, so that no command can leave anything behind for the next.
 *
 * The host's one function, which reads the state, is held in a closure here and never seen by a bundle. It takes a string
 * and answers a primitive or an object that this context made; what it might throw is dropped, not passed on, since an
 * object of the host would lead to its `Function`.
 */
export const FORBIDDEN_GLOBALS = [
  'Date', 'Intl', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'eval', 'Function', 'WeakRef', 'FinalizationRegistry',
  'Promise', 'console', 'escape', 'unescape', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'performance',
  'process', 'require', 'Buffer', 'fetch', 'crypto', 'structuredClone', 'gc', 'Iterator',
] as const // prettier-ignore

/** Exactly rounded in every implementation; what is not here (sin, log, pow, random …) may differ between them. */
export const ALLOWED_MATH = [
  'abs', 'ceil', 'clz32', 'floor', 'imul', 'max', 'min', 'round', 'sign', 'trunc', 'sqrt', 'fround',
] as const // prettier-ignore

const LOCALS = [
  'Object', 'Array', 'String', 'Number', 'BigInt', 'Boolean', 'Symbol', 'Map', 'Set', 'WeakMap', 'WeakSet', 'RegExp', 'JSON', 'Math',
  'Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'EvalError', 'URIError', 'AggregateError', 'Reflect', 'Proxy',
  'ArrayBuffer', 'DataView', 'Uint8Array', 'Int8Array', 'Uint8ClampedArray', 'Uint16Array', 'Int16Array', 'Uint32Array',
  'Int32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'parseInt', 'parseFloat', 'isNaN',
  'isFinite', 'encodeURIComponent', 'decodeURIComponent', 'encodeURI', 'decodeURI', 'Infinity', 'NaN', 'TextEncoder', 'URL',
] as const // prettier-ignore

/** Locals that hide a global which stays undefined inside. `eval` cannot be a parameter; its global is gone. */
const HIDDEN = [...FORBIDDEN_GLOBALS.filter((name) => name !== 'eval'), 'Worker', 'module', 'exports'] as const

/** A program whose value is `(bundle) => api`; it runs once in each context. */
export const preludeText = (): string => `(() => {
'use strict'
Error.stackTraceLimit = 0
delete Error.captureStackTrace
Object.defineProperty(Error, 'prepareStackTrace', { value: undefined, writable: false, configurable: false })
const math = {}
for (const name of ${JSON.stringify(ALLOWED_MATH)}) math[name] = Math[name]
Object.freeze(math)
for (const name of ${JSON.stringify(FORBIDDEN_GLOBALS)}) delete globalThis[name]
globalThis.Math = math
globalThis.TextEncoder = class TextEncoder {
  encode(text) {
    const bytes = []
    for (const character of String(text)) {
      let code = character.codePointAt(0)
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd
      if (code < 0x80) bytes.push(code)
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
      else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
      else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    }
    return new Uint8Array(bytes)
  }
}
/** Names of schemas alone, which resolve within one document: a URN, or a fragment upon one. */
globalThis.URL = class URL {
  constructor(reference, base) {
    const text = String(reference)
    if (/^urn:[\\w:.$/~-]+(#[\\w:.$/~-]*)?$/.test(text)) this.href = text
    else if (/^#[\\w:.$/~-]*$/.test(text) && base !== undefined) this.href = new URL(base).href.split('#')[0] + text
    else throw new TypeError('Invalid URL')
    const at = this.href.indexOf('#')
    this.hash = at < 0 || at === this.href.length - 1 ? '' : this.href.slice(at)
    this.pathname = (at < 0 ? this.href : this.href.slice(0, at)).slice('urn:'.length)
  }
  static canParse(reference, base) {
    try {
      return new URL(reference, base) !== undefined
    } catch {
      return false
    }
  }
}
const locals = Object.create(null)
for (const name of ${JSON.stringify(LOCALS)}) locals[name] = globalThis[name]
Object.freeze(locals)
const NOT_LOADED = Symbol('not loaded')
const { parse } = JSON
const { freeze, isFrozen, getOwnPropertyNames, getPrototypeOf, getOwnPropertyDescriptors } = Object
const { ownKeys } = Reflect

const frozen = (value) => {
  if (typeof value === 'object' && value !== null && !isFrozen(value)) {
    freeze(value)
    for (const key of getOwnPropertyNames(value)) frozen(value[key])
  }
  return value
}

/** Everything that the language brought along, found from its names. */
const freezeIntrinsics = () => {
  const seen = new Set()
  const visit = (value) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return
    if (value === globalThis) return
    seen.add(value)
    visit(getPrototypeOf(value))
    for (const key of ownKeys(value)) {
      const { get, set, value: held } = Reflect.getOwnPropertyDescriptor(value, key)
      visit(get)
      visit(set)
      visit(held)
    }
    if (!ArrayBuffer.isView(value)) freeze(value)
  }
  for (const name of getOwnPropertyNames(globalThis)) visit(globalThis[name])
  visit((function* () {})())
  visit((async () => {}).constructor)
  visit([][Symbol.iterator]())
  visit(new Map()[Symbol.iterator]())
  visit(new Set()[Symbol.iterator]())
  visit(''[Symbol.iterator]())
  visit(''.matchAll(/x/g))
}

return (hostRead, program) => {
  const read = (path) => {
    let value
    try {
      value = hostRead(NOT_LOADED, String(path))
    } catch {
      value = NOT_LOADED
    }
    return value
  }
  const api = program(locals)
  freezeIntrinsics()
  const asText = (value) => (typeof value === 'string' ? value : '')
  return {
    protocol: api.protocol,
    parse: (text) => frozen(parse(text)),
    execute: (call) => asText(api.executeText(read, NOT_LOADED, call)),
    declaredReads: (call) => asText(api.declaredReadsText(call)),
    writes: (event) => asText(api.writesText(event)),
    description: () => asText(api.descriptionText()),
  }
}
})()`

/** The bundle within a function of its own, so that names resolve to locals. Its value is what the prelude calls. */
export const programText = (bundle: string): string => `(({ ${LOCALS.join(', ')} }) =>
((${HIDDEN.join(', ')}, globalThis) => {
'use strict'
${bundle}
return contracts
})(${HIDDEN.map(() => 'undefined').join(', ')}, { ${LOCALS.join(', ')} }))`
