import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '#proof/canonical'
import type { Json } from '#proof/json'
import { flawOf } from './strict-json.ts'

const value = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((whole) => whole + 0), // never -0
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('"', '\\', '{"a":1}')), tie('value'), { maxKeys: 4, noNullPrototype: true }), // prettier-ignore
  ),
})).value

describe('a JSON text', () => {
  it('has no flaw when every name stands once and every number is whole, however it is laid out', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1, '\t', '\r\n '), (any, space) => {
        fc.pre(!JSON.stringify(any).includes('__proto__'))
        const text = ` ${JSON.stringify(any, null, space)}\n`
        expect(flawOf(text)).toBeUndefined()
        expect(flawOf(canonicalJson(any))).toBeUndefined()
      }),
    )
  })

  it.each<readonly [string, string, string]>([
    ['{"a":"1","a":"2"}', 'DUPLICATE_NAME', '/a'],
    ['{"a":{"b":[0,{"c":1 , "c":1}]}}', 'DUPLICATE_NAME', '/a/b/1/c'],
    ['{"a":1,"\\u0061":1}', 'DUPLICATE_NAME', '/a'],
    ['{"x/y~":1,"x/y~":1}', 'DUPLICATE_NAME', '/x~1y~0'],
    ['[{"__proto__":1}]', 'BAD_NAME', '/0/__proto__'],
    ['{"\\u005f_proto__":1}', 'BAD_NAME', '/__proto__'],
    ...[
      '1.0',
      '1e3',
      '1E3',
      '-0',
      '0.5',
      '9007199254740992',
      '-9007199254740993',
      '1e400',
      '100000000000000000000',
    ].map((number) => [`{"a":[true,${number}]}`, 'BAD_NUMBER', '/a/1'] as const),
  ])('%s: %s at %s', (text, code, path) => {
    expect(() => void JSON.parse(text)).not.toThrow()
    expect(flawOf(text)).toMatchObject({ code, path })
  })

  it('takes what stands in strings for text', () => {
    for (const text of ['"{\\"a\\":1.5"', '["\\\\","1.0","\\\\\\""]', '{"{":"}","[":"]"}', '""', '{}', '[]', ' [ ] '])
      expect(flawOf(text), text).toBeUndefined()
  })
})
