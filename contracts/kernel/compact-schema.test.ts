import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '#proof/json'
import { compactSchema } from './compact-schema.ts'

const words = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta', 'iota', 'kappa', 'lambda', 'mu']
const Leaf = () =>
  Type.Object(Object.fromEntries(words.map((word) => [word, Type.String()])), { additionalProperties: false })

/** Puts every definition back where it is named. */
const expanded = (value: Json, definitions: JsonObject): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => expanded(item, definitions))
  if (typeof value !== 'object' || value === null) return value
  const { $ref, $defs: _, ...rest } = value as JsonObject
  if (typeof $ref === 'string') return expanded(definitions[$ref.slice('#/$defs/'.length)]!, definitions)
  return Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, expanded(item, definitions)]))
}

describe('a compact schema', () => {
  const nested = (depth: number): ReturnType<typeof Type.Object> =>
    Type.Object({ a: depth > 0 ? nested(depth - 1) : Leaf(), b: depth > 0 ? nested(depth - 1) : Leaf() })
  const schema = nested(9)

  it('says the same in far fewer words', () => {
    const compact = compactSchema(schema)
    expect(JSON.stringify(compact).length * 50).toBeLessThan(JSON.stringify(schema).length)
    expect(expanded(compact, compact.$defs as JsonObject)).toEqual(JSON.parse(JSON.stringify(schema)))
  })

  it('accepts and refuses what the whole one does', () => {
    const two = Type.Object({ a: Leaf(), b: Leaf() })
    const leaf = Object.fromEntries(words.map((word) => [word, 'x']))
    for (const value of [
      { a: leaf, b: leaf },
      { a: leaf, b: {} },
      { a: { ...leaf, mu: 1 }, b: leaf },
    ]) {
      expect(Value.Check(compactSchema(two) as never, value)).toBe(Value.Check(two, value))
    }
  })

  it('leaves small and single parts, and properties named like keywords, where they are', () => {
    const Keywords = Type.Object({ type: Leaf(), anyOf: Type.String(), properties: Type.String() })
    for (const plain of [Leaf(), Keywords, Type.Object({ a: Type.String(), b: Type.String() })]) {
      expect(compactSchema(plain)).toEqual(JSON.parse(JSON.stringify(plain)))
    }
  })
})
