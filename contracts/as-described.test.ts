import { expect, it } from 'vitest'
import type { JsonObject } from '#proof/json'
import { asDescribed, DescribedOtherwise, type ServedMethod } from './as-described.ts'
import { boundDeal, boundObject } from './bound-object.ts'
import { describe } from './describe.ts'
import { registry } from './registry.ts'

const own = describe(registry)
/** As a node serves it, words in one language beside both. */
const served = own.contracts.flatMap(({ methods }) =>
  methods.map(({ sentence, roles, functions, ...rest }) => ({
    ...rest,
    sentence: sentence.zh,
    sentences: sentence,
    by: { roles, functions },
  })),
) as unknown as ServedMethod[]
const reason = (methods: readonly ServedMethod[], method = 'receivable.split'): string => {
  try {
    asDescribed(own, methods, method)
    return 'as described'
  } catch (error) {
    return error instanceof DescribedOtherwise ? error.reason : String(error)
  }
}

it('a node says of every method what these contracts say', () => {
  for (const { name } of served) expect(reason(served, name as string), name as string).toBe('as described')
})

it.each<[string, (one: JsonObject) => JsonObject]>([
  ['another sentence', (one) => ({ ...one, sentences: { zh: '查看', en: 'look' } })],
  ['no sentence', ({ sentences: _, ...one }) => one],
  ['another clause', (one) => ({ ...one, clauses: { parts: { x: { zh: '一', en: 'one' } } } })],
  ['other arguments', (one) => ({ ...one, args: { ...(one['args'] as JsonObject), additionalProperties: true } })],
  ['another unit', (one) => ({ ...one, fields: (one['fields'] as JsonObject[]).map((field) => ({ ...field, unit: 'days' })) })],
  ['other callers', (one) => ({ ...one, by: { roles: null, functions: ['viewer'] } })],
])('%s is another method', (_, change) => {
  expect(reason(served.map((one) => (one['name'] === 'receivable.split' ? change(one) : one)))).toBe('differs')
}) // prettier-ignore

it('a method that one side does not have is named in both languages', () => {
  expect(reason([])).toBe('unknownThere')
  expect(reason(served, 'receivable.unheard')).toBe('unknownHere')
  const error = new DescribedOtherwise('receivable.split', 'differs')
  expect(error.words('zh')).toContain('receivable.split')
  expect(error.words('en')).toBe(error.message)
})

it('a command on a deal, and the closing of its day, is bound to it; nothing else is', () => {
  const bound = (contract: string, args: JsonObject) => [boundObject({ contract, args }), boundDeal({ contract, args })]
  for (const contract of ['deal', 'asset-registry', 'securities', 'servicing'])
    expect(bound(contract, { deal: 'd-1' })).toEqual(['deal:d-1', 'd-1'])
  expect(bound('calendar', { object: 'deal:d-1' })).toEqual(['deal:d-1', 'd-1'])
  expect(bound('calendar', { object: 'deal:a/b' })).toEqual(['deal:a/b', undefined])
  for (const [contract, args] of [
    ['calendar', { object: 'batch:b' }],
    ['receivable', { deal: 'd' }],
    ['deal', { deal: 'a/b' }],
    ['deal', {}],
  ] as const)
    // prettier-ignore
    expect(bound(contract, args)).toEqual([undefined, undefined])
})
