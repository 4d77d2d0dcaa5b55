import { METER } from './meter.ts'

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

/** O(1), or as long as what they are given, which was counted when it was made; every other method counts its length. */
const CHEAP = [
  'constructor', 'at', 'push', 'pop', 'keys', 'values', 'entries', 'charAt', 'charCodeAt', 'codePointAt', 'subarray', 'toString',
  'valueOf', 'startsWith', 'endsWith',
] as const // prettier-ignore

/** Bounds of one call of the contracts. What is beyond is refused; none of them is near what the contracts do. */
export const BOUNDS = {
  /** Of functions within functions; the native stack holds several times as many. */
  depth: 1_000,
  /** Characters of a text, places of a list, that are made at once. */
  size: 4 << 20,
  /** Fields of objects and lists that one call makes, kept or not. */
  cells: 32_000_000,
  /** Bits of an integer. */
  bits: 1 << 16,
} as const

/** Locals that hide a global which stays undefined inside. `eval` cannot be a parameter; its global is gone. */
const HIDDEN = [...FORBIDDEN_GLOBALS.filter((name) => name !== 'eval'), 'Worker', 'module', 'exports'] as const

/**
 * What counts, as ./meter.ts names it. A bound that is passed once stays passed: every further step throws, and whatever
 * the contracts then answer is not taken.
 */
const meterText = `const meter = (() => {
  const { apply, construct, getOwnPropertyDescriptor, defineProperty, ownKeys } = Reflect
  const { isArray } = Array
  const { keys } = Object
  const stringify = JSON.stringify
  const TypedArray = Object.getPrototypeOf(Uint8Array)
  const STACK = 'Maximum call stack size exceeded'
  const LENGTH = 'Invalid '
  const BITS = ${BOUNDS.bits}
  const MOST = 1n << ${BOUNDS.bits}n
  const NativeMap = Map, NativeSet = Set
  const isBytes = (value) => ArrayBuffer.isView(value) && !(value instanceof DataView)
  let cells = 0, steps = 0, limit = Infinity, depth = 0, isOver = false
  const over = () => {
    isOver = true
    steps = Infinity
    throw new RangeError('OUT_OF_BOUNDS')
  }
  const step = () => { if (++steps > limit) over() }
  const charge = (length) => {
    if (typeof length !== 'number' || !(length > 0)) return step()
    steps += 1 + (length >>> 4)
    if (steps > limit) over()
  }
  const make = (size) => {
    if (size > ${BOUNDS.size}) over()
    charge(size)
  }
  const grown = (value) => {
    if ((typeof value === 'string' || isArray(value)) && value.length > ${BOUNDS.size}) over()
    return value
  }
  const bits = (value) => (value < 0n ? -value : value).toString(16).length * 4
  const ITERATOR = Symbol.iterator
  const listed = Array.prototype[ITERATOR]
  const list = (items) => {
    if (isArray(items) && items[ITERATOR] === listed) {
      make(items.length)
      if ((cells += items.length) > ${BOUNDS.cells}) over()
      return items
    }
    const out = []
    for (const item of items) {
      step()
      if (out.length === ${BOUNDS.size}) over()
      out[out.length] = item
    }
    return out
  }
  const functions = {
    ${METER.step}: step,
    ${METER.enter}: () => { if (++steps > limit || ++depth > ${BOUNDS.depth}) over() },
    ${METER.leave}: () => { depth -= 1 },
    ${METER.apart}: (work) => {
      if (++steps > limit || ++depth > ${BOUNDS.depth}) over()
      try {
        return work()
      } finally {
        depth -= 1
      }
    },
    // What an engine itself throws when it can no more comes at another point on each.
    ${METER.caught}: (error) => {
      if (isOver) over()
      if (error instanceof RangeError && typeof error.message === 'string' && (error.message === STACK || error.message.startsWith(LENGTH))) over()
    },
    ${METER.text}: grown,
    ${METER.made}: (fields, value) => {
      if ((cells += fields) > ${BOUNDS.cells}) over()
      return value
    },
    ${METER.list}: list,
    ${METER.fields}: (value) => { if (typeof value === 'object' && value !== null) charge(keys(value).length); return value },
    '${METER['+']}': (a, b) => {
      const sum = a + b
      if (typeof sum === 'string' && sum.length > ${BOUNDS.size}) over()
      return sum
    },
    '${METER['*']}': (a, b) => {
      const product = a * b
      if (typeof product === 'bigint' && (product > MOST || product < -MOST)) over()
      return product
    },
    '${METER['**']}': (a, b) => {
      if (typeof a === 'bigint' && typeof b === 'bigint' && (b > BigInt(BITS) || bits(a) * Number(b) > BITS * 2)) over()
      return a ** b
    },
    '${METER['<<']}': (a, b) => {
      if (typeof b === 'bigint' && (b > BigInt(BITS) || b < -BigInt(BITS))) over()
      return a << b
    },
    ${METER.update}: (grow, object, key, right) => {
      const before = object[key]
      return (object[key] = grow(before, right()))
    },
  }

  /** Native methods take as long as what they run over, and are entered as functions are. */
  const counted = (owner, name, before) => {
    const found = getOwnPropertyDescriptor(owner, name)
    if (!found || typeof found.value !== 'function') return
    const native = found.value
    const holder = { [name](...args) {
      before(this, args)
      if (++depth > ${BOUNDS.depth}) over()
      try {
        return grown(apply(native, this, args))
      } finally {
        depth -= 1
      }
    } }
    defineProperty(owner, name, { ...found, value: holder[name] })
  }
  const byLength = (self, args) => {
    charge(typeof self === 'string' || isArray(self) || isBytes(self) ? self.length : 0)
    const [first] = args
    if (typeof first === 'string' || isArray(first)) charge(first.length)
  }
  const cheap = new Set(${JSON.stringify(CHEAP)})
  for (const owner of [String.prototype, Array.prototype, TypedArray.prototype]) {
    for (const name of ownKeys(owner)) if (typeof name === 'string' && !cheap.has(name)) counted(owner, name, byLength)
  }
  const { push } = Array.prototype
  const pushing = { push(...items) {
    if (this.length > ${BOUNDS.size}) over()
    return apply(push, this, items)
  } }
  defineProperty(Array.prototype, 'push', { ...getOwnPropertyDescriptor(Array.prototype, 'push'), value: pushing.push })
  counted(String.prototype, 'repeat', (self, [count]) => make(String(self).length * count))
  for (const name of ['padStart', 'padEnd']) counted(String.prototype, name, (_, [length]) => make(+length))
  counted(Array.prototype, 'toString', byLength) // nested lists, one within another
  counted(Array.prototype, 'flat', (self, [levels]) => { if (levels > 100) over(); byLength(self, []) })
  const sized = (_, [value]) => {
    if (isArray(value) || isBytes(value)) make(value.length)
    else if (value instanceof NativeMap || value instanceof NativeSet) make(value.size)
    else if (typeof value === 'object' && value !== null) make(keys(value).length)
    else if (typeof value === 'string') charge(value.length)
  }
  const fromLength = (_, [value]) => {
    sized(undefined, [value])
    const length = getOwnPropertyDescriptor(Object(value), 'length')?.value
    if (typeof length === 'number') make(length)
  }
  counted(Array, 'from', fromLength)
  counted(TypedArray, 'from', fromLength)
  for (const name of ['keys', 'values', 'entries', 'assign', 'fromEntries', 'freeze', 'getOwnPropertyNames', 'getOwnPropertyDescriptors']) counted(Object, name, sized)
  counted(JSON, 'parse', sized)
  /** Nested as deeply as functions may be, and counted before it is written. */
  const walk = (value, level) => {
    step()
    if (level > ${BOUNDS.depth}) over()
    if (typeof value === 'string') charge(value.length)
    if (typeof value !== 'object' || value === null) return
    for (const key of keys(value)) walk(value[key], level + 1)
  }
  counted(JSON, 'stringify', (_, [value]) => walk(value, depth))

  const locals = { ...functions }
  const makers = ['Array', 'ArrayBuffer', 'Uint8Array', 'Int8Array', 'Uint8ClampedArray', 'Uint16Array', 'Int16Array', 'Uint32Array',
    'Int32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'Map', 'Set']
  const before = (args) => {
    const [size] = args
    if (typeof size === 'number') make(size)
    else sized(undefined, args)
  }
  for (const name of makers) {
    const native = globalThis[name]
    const proxy = new Proxy(native, {
      construct(target, args, newTarget) {
        before(args)
        return construct(target, args, newTarget === proxy ? target : newTarget)
      },
      apply(target, self, args) {
        before(args)
        return apply(target, self, args)
      },
    })
    locals[name] = proxy
  }
  return {
    locals,
    begin: (most) => { cells = 0; steps = 0; limit = most; depth = 0; isOver = false },
    spent: () => (isOver ? -1 : steps),
  }
})()
`

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
${meterText}
const locals = Object.create(null)
for (const name of ${JSON.stringify(LOCALS)}) locals[name] = globalThis[name]
Object.assign(locals, meter.locals)
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

return (hostRead, program, steps) => {
  meter.begin(steps)
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
    /** Begins a call that may take so many steps. */
    begin: meter.begin,
    /** How many steps it took; -1 when it went beyond a bound. */
    spent: meter.spent,
    parse: (text) => frozen(parse(text)),
    execute: (call) => asText(api.executeText(read, NOT_LOADED, call)),
    declaredReads: (call) => asText(api.declaredReadsText(call)),
    writes: (event) => asText(api.writesText(event)),
    description: () => asText(api.descriptionText()),
  }
}
})()`

/** The bundle within a function of its own, so that names resolve to locals. Its value is what the prelude calls. */
export const programText = (bundle: string): string => `(({ ${[...LOCALS, ...Object.values(METER)].join(', ')} }) =>
((${HIDDEN.join(', ')}, globalThis) => {
'use strict'
${bundle}
return contracts
})(${HIDDEN.map(() => 'undefined').join(', ')}, { ${LOCALS.join(', ')} }))`
