import { describe, expect, it } from 'vitest'
import { assetFailures, concentrationFailures, type AssetFacts } from './eligibility.ts'

const text = { zh: '规则', en: 'Rule' }
const eligibility = [
  { id: 'term', clause: '6.1', text, field: 'term', op: '<=' as const, value: '24' },
  { id: 'rate', clause: '6.2', text, field: 'rate', op: '<=' as const, value: '0.24' },
  { id: 'tier', clause: '6.3', text, field: 'tier', op: 'in' as const, value: ['A', 'B'] },
  { id: 'due', clause: '6.4', text, field: 'maturity', op: '<' as const, value: '2029-07-01' },
]
const good: AssetFacts = {
  id: 'l1',
  balance: 100n,
  fields: { term: '24', rate: '0.24', tier: 'A', maturity: '2029-06-30', province: '浙江' },
}
const facts = (id: string, balance: bigint, fields: Record<string, string>): AssetFacts => ({
  id,
  balance,
  fields: { ...good.fields, ...fields },
})

describe('eligibility', () => {
  it('passes what is at the limit', () => {
    expect(assetFailures({ eligibility }, good)).toEqual([])
  })
  it.each([
    ['term', { term: '25' }, '25', '<= 24'],
    ['rate', { rate: '0.2401' }, '0.2401', '<= 0.24'],
    ['tier', { tier: 'C' }, 'C', 'in A, B'],
    ['due', { maturity: '2029-07-01' }, '2029-07-01', '< 2029-07-01'],
  ])('names rule, asset and figure: %s', (rule, fields, figure, expected) => {
    expect(assetFailures({ eligibility }, facts('l2', 1n, fields as Record<string, string>))).toMatchObject([
      { rule, subject: 'l2', figure, expected },
    ])
  })
  it('fails a field that is missing', () => {
    expect(assetFailures({ eligibility }, { id: 'l3', balance: 1n, fields: {} }).map(({ figure }) => figure)).toEqual(
      Array(4).fill('missing'),
    )
  })
})

describe('concentration', () => {
  const concentration = [{ id: 'province', clause: '6.9', text, by: 'province', limit: '0.5' }]
  it('passes at the limit and fails above it, naming the group and its share', () => {
    const half = [facts('a', 50n, { province: '浙江' }), facts('b', 50n, { province: '江苏' })]
    expect(concentrationFailures({ concentration }, half)).toEqual([])
    expect(concentrationFailures({ concentration }, [...half, facts('c', 25n, { province: '江苏' })])).toMatchObject([
      { rule: 'province', subject: '江苏', figure: '0.6', expected: '<= 0.5' },
    ])
  })
  it('adds up the largest groups', () => {
    const two = [{ ...concentration[0]!, top: 2, limit: '0.9' }]
    const pool = ['a', 'b', 'c'].map((id, i) => facts(id, BigInt(60 - 25 * i), { province: id }))
    expect(concentrationFailures({ concentration: two }, pool)[0]).toMatchObject({ subject: 'a, b', figure: '19/21' })
  })
})
