import { describe, expect, it } from 'vitest'
import { dealA } from '../deal/example-deals.ts'
import { run } from './run.ts'
import { isoDate } from '../date.ts'
import { tapePlanTerms } from '../deal/tape-plan.ts'
import { explain, explanationText, type Explanation } from './explain.ts'
import { reconcile } from './reconcile.ts'
import { openingState, step, type PeriodInput } from './step.ts'

const terms = tapePlanTerms({
  poolFen: 6_912_035_362n,
  cutOff: isoDate('2010-12-31'),
  firstPayDate: isoDate('2011-02-10'),
  statedMaturity: isoDate('2017-12-31'),
  names: { dealId: 'tape', zh: '真实资产包', en: 'Real tape' },
})
const period: PeriodInput = {
  periodId: '2011-01',
  accrualFrom: isoDate('2010-12-31'),
  accrualTo: isoDate('2011-02-10'),
  payDate: isoDate('2011-02-10'),
  collections: { principal: 169_050_379n, interest: 70_461_832n, lateFee: 7_515n },
  pool: { opening: 6_912_035_362n, closing: 6_742_544_983n, defaulted: 440_000n },
}
const result = step(terms, openingState(terms), period)

/** Where a node is a sum of its parts, it is exactly that. */
const sumOf = (node: Explanation): bigint => node.children.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n)

describe('explain', () => {
  const tree = explain(terms, result, { to: { kind: 'tranche', id: 'A' }, step: 'A-principal' })
  const line = tree.children[0]!
  it('follows a payment down to the totals of the pool', () => {
    expect(tree.amount).toBe(result.tranches[0]!.principalPaid)
    expect(line.clause).toBe('10.1(6)')
    const available = line.children.find(({ label }) => label.en.startsWith('Available'))!
    expect(available.amount).toBe(tree.amount)
    expect(sumOf(available)).toBe(available.amount)
    const collected = available.children.find(({ amount }) => amount === 239_519_726n)!
    expect(collected.children.map(({ label, amount }) => [label.en, amount])).toEqual([
      ['Pool total: interest', 70_461_832n],
      ['Pool total: principal', 169_050_379n],
      ['Pool total: lateFee', 7_515n],
    ])
  })
  it('says what interest was worked out from, in both languages', () => {
    const interest = explain(terms, result, { to: { kind: 'tranche', id: 'B' }, step: 'B-interest' })
    expect(explanationText(interest, 'en')).toContain(
      'Base: 8294400.00\n      Rate: 0.073\n      From (included): 2010-12-31',
    )
    expect(explanationText(interest, 'zh')).toContain('支付B档利息：')
    expect(explanationText(interest, 'zh')).toContain('〔第10.1(5)条〕')
  })
  it('refuses a payment that was not made', () => {
    expect(() => explain(terms, result, { to: { kind: 'tranche', id: 'Z' } })).toThrow('NO_SUCH_PAYMENT')
  })
})

describe('reconcile', () => {
  it('finds nothing between equal runs', () => {
    expect(reconcile([result], [step(terms, openingState(terms), period)])).toBeNull()
  })
  it('names the first step at which two runs part', () => {
    const other = step(terms, openingState(terms), { ...period, pool: { ...period.pool, opening: 6_900_000_000n } })
    const found = reconcile([result], [other])!
    expect([found.step, found.clause, found.field]).toEqual(['fees', '10.1(2)', 'inputs.base'])
    expect([found.left, found.right]).toEqual(['6912035362', '6900000000'])
    expect(found.sentence.en).toMatch(/first differs at fees/)
  })
  it('tells a missing period', () => {
    expect(reconcile([result], [])!.field).toBe('present')
  })
})

describe('a period of several collections', () => {
  it('each collection shows the pool totals of its own date', () => {
    const dates = ['2026-07-31', '2026-08-31', '2026-09-30'] as const
    const none = {
      principal: 0n,
      prepayment: 0n,
      default: 0n,
      recovery: 0n,
      loss: 0n,
      prepayPenalty: 0n,
      rateMicro: 0n,
    }
    const rows = dates.map((date, i) => ({
      ...none,
      date: isoDate(date),
      interest: 100_00n * BigInt(i + 1),
      principal: 7_00n,
      balance: 150_000_000_000n - 7_00n * BigInt(i + 1),
    }))
    const terms = dealA()
    const { periods } = run(terms, [{ openingBalance: 150_000_000_000n, rows }])
    const lines = explain(terms, periods[0]!, { to: { kind: 'tranche', id: 'A' } }).children[0]!
    const inflows = lines.children.find(({ label }) => label.en.startsWith('Available'))!.children.slice(0, 3)
    expect(inflows.map(({ amount, children }) => [amount, children.map((part) => part.amount)])).toEqual([
      [107_00n, [100_00n, 7_00n]],
      [207_00n, [200_00n, 7_00n]],
      [307_00n, [300_00n, 7_00n]],
    ])
  })
})
