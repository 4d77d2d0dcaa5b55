import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CanonicalError,
  canonicalBytes,
  canonicalJson,
  MAX_DEPTH,
  parseCanonical,
  writeCarefully,
} from './canonical.ts'
import { CommandFormError, commandDigest, decodeSigned, digestOfSigned, encodeSigned, MAX_COMMAND_BYTES, type SignedCommand } from './command.ts' // prettier-ignore
import { utf8ToBytes } from './hash.ts'
import type { Json } from './json.ts'

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,20}$/)
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value
const time = fc.nat(2 ** 31)
const signed: fc.Arbitrary<SignedCommand> = fc.record({
  command: fc.record({
    chainId: id, contract: id, method: id, commandId: id, participant: id, keyId: id,
    args: fc.dictionary(fc.string(), json, { maxKeys: 4, noNullPrototype: true }), issuedAt: time, expiresAt: time,
  }), // prettier-ignore
  signature: fc.constant('A'.repeat(86)),
})

/** What a stranger sends is read or refused by name; nothing else is ever thrown. */
function decodeOrRefuse(bytes: Uint8Array): SignedCommand | undefined {
  try {
    return decodeSigned(bytes)
  } catch (error) {
    if (error instanceof CanonicalError || error instanceof CommandFormError) return undefined
    throw error
  }
}

describe('signed command', () => {
  it('reads what it wrote, and nothing but that spelling', () => {
    fc.assert(
      fc.property(signed, fc.nat(), fc.constantFrom(' ', '\n', '\t'), (one, seed, space) => {
        const bytes = encodeSigned(one)
        expect(decodeSigned(bytes)).toEqual(one)
        expect(commandDigest(decodeSigned(bytes).command)).toBe(commandDigest(one.command))
        const text = new TextDecoder().decode(bytes)
        expect(digestOfSigned(text)).toBe(commandDigest(one.command))
        const spaced = text.replace(':', `:${space}`)
        expect(decodeOrRefuse(utf8ToBytes(spaced))).toBeUndefined()
        expect(decodeOrRefuse(utf8ToBytes(text + space))).toBeUndefined()
        const at = seed % bytes.length
        const flipped = bytes.slice()
        flipped[at] = flipped[at]! ^ 1
        const read = decodeOrRefuse(flipped)
        // Either refused, or another command or signature: never the same under other bytes.
        if (read) expect(encodeSigned(read)).not.toEqual(bytes)
      }),
    )
  })

  it('refuses any bytes that are not one, by name', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), json.map(canonicalBytes)), (bytes) => {
        expect(decodeOrRefuse(bytes)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  it('names what is wrong', () => {
    const one = fc.sample(signed, { numRuns: 1, seed: 1 })[0]!
    const { command, signature } = one
    const cases: readonly (readonly [string, Json])[] = [
      ['BAD_COMMAND /command/method: missing', { command: omit(command, 'method'), signature }],
      ['BAD_COMMAND /command/nonce: unknown field', { command: { ...command, nonce: 1 }, signature }],
      ['BAD_COMMAND /command/commandId', { command: { ...command, commandId: 'a/b' }, signature }],
      ['BAD_COMMAND /command/issuedAt', { command: { ...command, issuedAt: '1' }, signature }],
      ['BAD_COMMAND /command/args', { command: { ...command, args: [] }, signature }],
      ['BAD_COMMAND /signature', { command: { ...command }, signature: 'short' }],
    ]
    for (const [message, value] of cases) expect(() => decodeSigned(canonicalBytes(value))).toThrow(message)
    const texts: readonly (readonly [string, string])[] = [
      ['NOT_JSON', '{'],
      ['NOT_JSON', '{"a":1}{}'],
      ['NOT_CANONICAL', '{"b":1,"a":1}'],
      ['NOT_CANONICAL', '{"a":1,"a":1}'],
      ['NOT_CANONICAL', '{"a":1.0}'],
      ['NOT_CANONICAL', '"\\u0061"'],
      ['BAD_NUMBER', '{"a":1.5}'],
      ['BAD_NUMBER', '{"a":-0}'],
      ['BAD_NUMBER', '{"a":9007199254740992}'],
      ['BAD_NUMBER', '{"a":1e999}'],
      ['BAD_VALUE', '"\\ud800"'],
      ['TOO_DEEP', '['.repeat(100_000)],
      ['TOO_LARGE', `"${'a'.repeat(MAX_COMMAND_BYTES)}"`],
    ]
    for (const [code, text] of texts) {
      expect(() => parseCanonical(utf8ToBytes(text), MAX_COMMAND_BYTES), text.slice(0, 30)).toThrow(code)
    }
    expect(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22))).toThrow('NOT_UTF8')
    expect(() => parseCanonical(utf8ToBytes('\ufeff1'))).toThrow('NOT_JSON')
    let deep: Json = 1
    for (let i = 0; i <= MAX_DEPTH; i += 1) deep = [deep]
    expect(() => canonicalJson(deep)).toThrow('TOO_DEEP')
  })
})

function omit(object: object, field: string): Json {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== field)) as Json
}

describe('canonical text', () => {
  const anything = fc.anything({ withNullPrototype: true, withSparseArray: true, withDate: true, withBigInt: true, maxDepth: 4 }) // prettier-ignore
  const words = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) })
  const tree = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      words,
      fc.maxSafeInteger(),
      fc.constantFrom<unknown>(-0, 0.5, NaN, 2 ** 53, undefined, null, true),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(words, tie('value'), { maxKeys: 5 }),
    ),
  })).value
  const outcome = (write: () => string) => {
    try {
      return write()
    } catch (error) {
      return String(error)
    }
  }

  it('is what the library writes, or refused with the same words', () => {
    fc.assert(
      fc.property(fc.oneof(tree, anything, json), fc.integer({ min: 0, max: 8 }), (value, depth) => {
        const given = value as Json
        expect(outcome(() => canonicalJson(given, depth))).toBe(outcome(() => writeCarefully(given, depth)))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is read back whole, and no other text of the same value is', () => {
    const written = tree.map((value) => outcome(() => JSON.stringify(value) ?? 'null'))
    const sorted = tree.map((value) => outcome(() => canonicalJson(value as Json)))
    const edit = fc.record({ at: fc.nat(), char: fc.constantFrom('', ' ', '0', '\\', '"', 'u', '-', 'e1') })
    fc.assert(
      fc.property(fc.oneof(written, sorted), fc.option(edit), (text, edit) => {
        const at = edit === null ? 0 : edit.at % (text.length + 1)
        const given = edit === null ? text : text.slice(0, at) + edit.char + text.slice(at + 1)
        // Half a surrogate has no UTF-8 form, so no such text can be sent.
        if (/[\ud800-\udfff]/u.test(given)) return
        const want = outcome(() => (writeCarefully(JSON.parse(given) as Json, MAX_DEPTH) === given ? given : 'other'))
        const read = outcome(() => canonicalJson(parseCanonical(utf8ToBytes(given))))
        expect(read === given).toBe(want === given)
      }),
      { numRuns: 2_000 },
    )
  })
})
