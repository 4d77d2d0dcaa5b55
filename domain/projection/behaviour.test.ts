import { describe, expect, it } from 'vitest'
import { total } from './estimate.ts'
import { projectRevolving, type RevolvingPool } from './revolving.ts'
import { projectRollRates, RollRateError } from './roll-rates.ts'

describe('roll rates', () => {
  // DOMAIN.md §5: current→M1 1.5 %, M1→M2 30 %, M2→M3 65 %, M3→default 85 %.
  const rates = { roll: [0.015, 0.3, 0.65, 0.85] }
  const pool = {
    balance: [1_000_000, 0, 0, 0],
    monthlyRate: 0.0085,
    scheduled: [0],
    prepayRate: 0,
    recoveryRate: 0.12,
    recoveryLagMonths: 6,
  }
  it('moves a balance one bucket a month until it defaults', () => {
    const flow = projectRollRates(pool, rates, 5)
    expect(flow.default[2]).toBe(0)
    expect(flow.default[3]).toBeCloseTo(1_000_000 * 0.015 * 0.3 * 0.65 * 0.85, 6)
    expect(flow.buckets[0]?.[1]).toBeCloseTo(15_000, 6)
    expect(flow.recovery[9]).toBeCloseTo(flow.default[3]! * 0.12, 6)
  })
  it('conserves the balance, and cures what does not roll', () => {
    const flow = projectRollRates({ ...pool, scheduled: [0.05], prepayRate: 0.01 }, rates, 24)
    const gone = total(flow.principal) + total(flow.prepayment) + total(flow.default)
    expect(gone + flow.balance[23]!).toBeCloseTo(1_000_000, 4)
    const kept = projectRollRates({ ...pool, balance: [0, 100, 0, 0] }, rates, 1)
    expect(kept.buckets[0]?.[0]).toBeCloseTo(70, 9)
  })
  it('lets balances stay in a bucket when cure is given', () => {
    const flow = projectRollRates({ ...pool, balance: [0, 100] }, { roll: [0, 0.3], cure: [0.5] }, 1)
    expect([...flow.buckets[0]!]).toEqual([50, 20])
    expect(flow.default[0]).toBeCloseTo(30, 9)
  })
  it('refuses shares that are none', () => {
    expect(() => projectRollRates(pool, { roll: [1.2] }, 1)).toThrow(RollRateError)
    expect(() => projectRollRates(pool, { roll: [0.1, 0.8], cure: [0.4] }, 1)).toThrow('NOT_A_SHARE')
    expect(() => projectRollRates(pool, { roll: [] }, 1)).toThrow('TOO_MANY_BUCKETS')
  })
})

describe('revolving pools', () => {
  // DOMAIN.md §5, deal A: yield 0.85 % a month, payment rate 22 %, base default 0.28 %.
  const pool: RevolvingPool = {
    balance: 1_500_000_000_00,
    monthlyYield: 0.0085,
    paymentRate: [0.22],
    defaultRate: [0.0028],
    recoveryRate: 0.12,
    recoveryLagMonths: 12,
  }
  it('keeps its balance but for defaults while it revolves, and runs off after', () => {
    const flow = projectRevolving(pool, { months: 12, price: 1, terms: 'as-pool' }, 36)
    expect(flow.balance[11]).toBeCloseTo(pool.balance * Math.pow(1 - 0.0028, 12), -3)
    expect(flow.spent[11]).toBeCloseTo(flow.principal[11]!, 3)
    expect(flow.spent[12]).toBe(0)
    expect(flow.balance[24]!).toBeLessThan(flow.balance[11]! * 0.05)
  })
  it('conserves what was bought with what was repaid', () => {
    const flow = projectRevolving(pool, { months: 12, price: 0.98, terms: 'as-pool' }, 48)
    const sources = pool.balance + total(flow.bought)
    expect(total(flow.principal) + total(flow.default) + flow.balance[47]!).toBeCloseTo(sources, -2)
  })
  it('buys assets with terms of their own', () => {
    const scenario = { defaultRate: [0], prepayRate: [0], recoveryRate: 0, recoveryLagMonths: 0 }
    const terms = { monthlyRate: 0.01, termMonths: 3, plan: 'Bullet' as const, scenario }
    const flow = projectRevolving({ ...pool, defaultRate: [0] }, { months: 1, price: 1, terms }, 12)
    const withoutPurchase = pool.balance * Math.pow(0.78, 3) * 0.22
    expect(flow.principal[3]).toBeCloseTo(withoutPurchase + pool.balance * 0.22, 0)
  })
})
