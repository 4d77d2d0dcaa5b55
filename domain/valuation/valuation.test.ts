import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { addMonths, isoDate } from '../date.ts'
import { tapePlanTerms } from '../deal/tape-plan.ts'
import { flatScenario, scheduledSums } from '../projection/estimate.ts'
import { parseRate } from '../rate.ts'
import { discountQuote } from './discount-quote.ts'
import { convexity, duration, flatRate, modifiedDuration, presentValue, valueOf, type Cash } from './present-value.ts'
import { breakEvenCdr, runScenario, sensitivity, stressGrid, type ScenarioDeal } from './scenarios.ts'
import { bisect, SolveError } from './solve.ts'
import { irr, yieldOf, zSpread } from './yield.ts'

const d = isoDate
const asOf = d('2025-12-31')

describe('the discount quote of DOMAIN.md §3', () => {
  it('is 983,000.00, all-in 4.21 %', () => {
    const terms = { face: 1_000_000_00n, rate: parseRate('0.0360'), days: 150, basis: 360, fees: 2_000_00n } as const
    const quote = discountQuote(terms)
    expect(quote.net).toBe(983_000_00n)
    expect(quote.discount).toBe(15_000_00n)
    expect(Number(quote.allInMicro) / 1e6).toBeCloseTo(0.0421, 4)
    expect(discountQuote({ ...terms, basis: 365 }).net).toBeGreaterThan(quote.net)
    expect(() => discountQuote({ ...terms, days: 0 })).toThrow('BAD_TERMS')
    expect(() => discountQuote({ ...terms, fees: 990_000_00n })).toThrow('NOTHING_LEFT')
  })
})

describe('yields and spreads', () => {
  const flows: Cash[] = Array.from({ length: 8 }, (_, i) => ({
    date: addMonths(asOf, 6 * (i + 1)),
    fen: i === 7 ? 102_500_00n : 2_500_00n,
  }))
  it('come back from the price that they give', () => {
    fc.assert(
      fc.property(fc.double({ min: -0.2, max: 1, noNaN: true }), (rate) => {
        const price = valueOf(flows, asOf, flatRate(rate))
        expect(yieldOf(flows, asOf, price)).toBeCloseTo(rate, 5)
        const target = { originBalance: 100_000_00n, pricePer100: Number(price) / 100_000, riskFree: [] }
        expect(zSpread(flows, asOf, target)).toBeCloseTo(rate, 5)
      }),
      { numRuns: 40 },
    )
  })
  it('measure how a price moves: modified duration and convexity predict it', () => {
    const [rate, bump] = [0.05, 0.001]
    const at = (r: number) => Number(valueOf(flows, asOf, flatRate(r)))
    const moved = (at(rate + bump) - at(rate)) / at(rate)
    const predicted =
      -modifiedDuration(flows, asOf, rate) * bump + 0.5 * convexity(flows, asOf, flatRate(rate)) * bump * bump
    expect(moved).toBeCloseTo(predicted, 6)
    expect(duration([flows[7]!], asOf, flatRate(0.03))).toBeCloseTo(4.0027, 3)
  })
  it('say when there is no answer', () => {
    expect(() => irr([{ date: asOf, fen: 5n }])).toThrow(SolveError)
    expect(() => bisect((x) => x * x + 1, { low: -1, high: 1 })).toThrow('NO_ROOT')
    expect(presentValue(100n, asOf, asOf, 0.1)).toBe(100n)
  })
})

describe('a deal under many assumptions', () => {
  let deal: ScenarioDeal
  beforeAll(() => {
    const count = 50
    const pool = {
      count,
      balance: Float64Array.from({ length: count }, (_, i) => 2_000_000_00 + i * 1_000_00),
      monthlyRate: new Float64Array(count).fill(0.01),
      remainingMonths: Int32Array.from({ length: count }, (_, i) => 12 + (i % 25)),
      plan: 'Level' as const,
    }
    const poolFen = BigInt(pool.balance.reduce((sum, value) => sum + value, 0))
    const terms = tapePlanTerms({
      poolFen,
      cutOff: asOf,
      firstPayDate: d('2026-02-20'),
      statedMaturity: d('2030-01-20'),
      names: { dealId: 'grid', zh: '压力测试', en: 'stress' },
    })
    deal = { terms, sums: scheduledSums(pool), poolFen, asOf, firstMonthEnd: d('2026-01-31'), rateMicro: 120_000n }
  })
  const fixed = { cpr: 0.1, recovery: 0.2, recoveryLagMonths: 6 }

  it('fills every cell of a grid, and worse defaults never pay a tranche more', () => {
    const cells = stressGrid(deal, { cpr: [0, 0.1], cdr: [0, 0.05, 0.3, 0.8], recovery: [0.2], recoveryLagMonths: 6 })
    expect(cells).toHaveLength(8)
    for (const cpr of [0, 0.1]) {
      const paid = cells.filter((cell) => cell.cpr === cpr).map(({ outcome }) => outcome.tranches[0]!.principalPaid)
      expect([...paid].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))).toEqual(paid)
      expect(cells.find((cell) => cell.cpr === cpr && cell.cdr === 0)?.outcome.tranches[0]?.principalShort).toBe(0n)
      expect(cells.find((cell) => cell.cpr === cpr && cell.cdr === 0.8)?.outcome.tranches[0]?.principalShort).toBeGreaterThan(0n) // prettier-ignore
    }
    const base = cells[0]!.outcome.tranches[0]!
    expect(base.yieldAtPar).toBeGreaterThan(0.05)
    expect(base.walHundredths).toBeGreaterThan(0n)
  })
  it('finds the speed at which a tranche breaks, seniors later', () => {
    const a = breakEvenCdr(deal, 'A', fixed)
    const b = breakEvenCdr(deal, 'B', fixed)
    expect(a.cdr).toBeGreaterThan(b.cdr)
    expect(a.lossRate).toBeGreaterThan(b.lossRate)
    const short = (cdr: number): bigint => {
      const { tranches } = runScenario(deal, flatScenario(cdr, 0.1, { rate: 0.2, lagMonths: 6 }))
      return tranches[0]!.principalShort + tranches[0]!.interestShort
    }
    expect(short(a.cdr)).toBe(0n)
    expect(short(a.cdr + 0.001)).toBeGreaterThan(0n)
    expect(() => breakEvenCdr(deal, 'Z', fixed)).toThrow('UNKNOWN_TRANCHE')
  })
  it('measures what one assumption is worth', () => {
    const wal = (cpr: number): number =>
      Number(runScenario(deal, flatScenario(0.01, cpr, { rate: 0.2, lagMonths: 6 })).tranches[0]!.walHundredths)
    const moved = sensitivity(wal, 0.1, 0.05)
    expect(moved.slope).toBeLessThan(0)
    expect(moved.down).toBeGreaterThan(moved.up)
  })
  it('refuses speeds in percent and grids without end', () => {
    const axes = { cpr: [0.1], cdr: [5], recovery: [0.2], recoveryLagMonths: 6 }
    expect(() => stressGrid(deal, axes)).toThrow('NOT_A_SPEED')
    const many = Array.from({ length: 101 }, (_, i) => i / 1000)
    expect(() => stressGrid(deal, { ...axes, cpr: many, cdr: many })).toThrow('TOO_MANY_CELLS')
  })
})
