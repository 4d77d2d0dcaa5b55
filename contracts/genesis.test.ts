import { describe, expect, it } from 'vitest'
import { businessDate } from './calendar/business-date.ts'
import { GenesisError, genesisEvents, parseGenesis } from './genesis.ts'
import { callerOf } from './membership/caller.ts'
import { consortium, testGenesis, testPublicKey } from './testing/consortium.ts'

const clone = () => JSON.parse(JSON.stringify(testGenesis())) as ReturnType<typeof testGenesis>

/** The path that is complained of when the value at a path of a good document is another. */
function complaint(path: string, value: unknown): string {
  const document = clone()
  const steps = path.split('/').slice(1)
  const last = steps.pop()!
  const parent = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document)
  ;(parent as Record<string, unknown>)[last] = value
  try {
    parseGenesis(document)
  } catch (error) {
    if (error instanceof GenesisError) return error.path
    throw error
  }
  return 'accepted'
}

describe('genesis', () => {
  it('makes members, keys from height 0 and the business date', () => {
    const world = consortium({ startDate: '2026-03-31' })
    expect(businessDate(world.read)).toBe('2026-03-31')
    expect(callerOf(world.read, 'core', 'maker-key', 0)?.publicKey).toBe(testPublicKey('core:maker'))
    expect(world.read({ path: 'membership/consortium' })).toMatchObject({ name: 'Test consortium' })
  })

  it('is the same for the same document, whatever the order of its fields', () => {
    const document = clone()
    const shuffled = Object.fromEntries(Object.entries(document).reverse()) as typeof document
    expect(genesisEvents(shuffled)).toEqual(genesisEvents(document))
  })

  const key = '/participants/2/operators/0/keys/0/publicKey'
  it.each([
    ['/participants/0/uscc', '91350100M000100Y4Z'],
    ['/participants/1/uscc', testGenesis().participants[0]!.uscc],
    ['/participants/1/id', 'originator'],
    ['/participants/0/roles/0', 'king'],
    ['/participants/0/operators', []],
    ['/participants/0/operators/1/id', 'originator:maker'],
    ['/participants/0/operators/1/keys/0/keyId', 'maker-key'],
    [key, testPublicKey('originator:maker')],
    [key, 'abc'],
    // y = 0 and y = 1: a point of order 4, and the identity.
    [key, 'A'.repeat(43)],
    ['/ledgerOperator/publicKey', `AQ${'A'.repeat(41)}`],
    ['/participants/0/operators/4/keys/0/functions', ['service:bank', 'maker']],
    ['/calendarOperators/1', 'nobody'],
    ['/startDate', '2026-02-29'],
    ['/clock', 'sundial'],
    ['/governance/needed', 5],
    ['/governance/needed', 1],
    ['/governance/institutions/1', 'nobody'],
    ['/governance/bundle', 'abc'],
    ['/governance/parameters', {}],
  ])('names %s', (path, value) => {
    expect(complaint(path, value)).toBe(path)
  })

  it('refuses what is no document at all', () => {
    for (const value of [undefined, null, 3, [], {}]) expect(() => parseGenesis(value)).toThrow(GenesisError)
    expect(() => parseGenesis({ ...clone(), extra: 1 })).toThrow(GenesisError)
  })
})
