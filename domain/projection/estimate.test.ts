import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Mortgage } from '../assets/types.ts'
import { fromMicro } from '../curve.ts'
import { isoDate } from '../date.ts'
import {
  absSpeed,
  estimatePool,
  flatScenario,
  psaSpeed,
  scheduledSums,
  stress,
  total,
  type PoolColumns,
} from './estimate.ts'
import { estimateRows } from './estimate-rows.ts'
import { projectPool } from './project.ts'

const origin = isoDate('2024-01-01')

interface Loan {
  readonly cents: number
  readonly micro: number
  readonly term: number
}

const columns = (loans: readonly Loan[], plan: PoolColumns['plan'] = 'Level'): PoolColumns => ({
  count: loans.length,
  balance: Float64Array.from(loans, ({ cents }) => cents),
  monthlyRate: Float64Array.from(loans, ({ micro }) => Math.floor(micro / 12) / 1e6),
  remainingMonths: Int32Array.from(loans, ({ term }) => term),
  plan,
})

const mortgage = ({ cents, micro, term }: Loan, type: 'Level' | 'Even' | 'I_P' = 'Level'): Mortgage => ({
  assetType: 'Mortgage',
  originBalance: BigInt(cents),
  currentBalance: BigInt(cents),
  originTerm: term,
  remainingTerm: term,
  originRate: fromMicro(BigInt(micro)),
  freq: 'Monthly',
  originDate: origin,
  amortization: { type },
})

const loan = fc.record({
  cents: fc.integer({ min: 1_000_000, max: 500_000_000 }),
  micro: fc.integer({ min: 0, max: 240_000 }),
  term: fc.integer({ min: 2, max: 120 }),
})

/**
 * Bound: days of a month against 1/12 of a year move speeds by at most 8.5 % of themselves within a month (28 against 30.4
 * days) and cancel over the year, so totals agree within 1 % of the opening balance, plus two fen a loan and month of floors.
 */
const bound = (loans: readonly Loan[], opening: number): number =>
  opening * 0.01 + 2 * loans.reduce((sum, { term }) => sum + term, 0)

describe('estimate mode', () => {
  it('agrees with the exact mode within its bound, and to the fen of floors without stress', () => {
    fc.assert(
      fc.property(
        fc.array(loan, { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0, max: 0.15, noNaN: true }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        fc.constantFrom(0, 3, 12),
        (loans, cdr, cpr, lag) => {
          const recovery = { rate: { numerator: 4n, denominator: 10n }, lag }
          const opening = loans.reduce((sum, { cents }) => sum + cents, 0)
          const exact = projectPool(loans.map((l) => mortgage(l)), { asOf: origin, assumption: { CDR: cdr, CPR: cpr, recovery } }) // prettier-ignore
          const estimate = estimatePool(columns(loans), flatScenario(cdr, cpr, { rate: 0.4, lagMonths: lag }))
          const sum = (column: 'principal' | 'interest' | 'prepayment' | 'default' | 'recovery' | 'loss'): number =>
            Number(exact.rows.reduce((s, row) => s + row[column], 0n))
          for (const column of ['principal', 'interest', 'prepayment', 'default', 'recovery', 'loss'] as const) {
            expect(Math.abs(total(estimate[column]) - sum(column))).toBeLessThanOrEqual(bound(loans, opening))
          }
          const contractual = projectPool(
            loans.map((l) => mortgage(l)),
            { asOf: origin },
          )
          const sums = scheduledSums(columns(loans))
          const floors = 3 * loans.reduce((s, { term }) => s + term * term, 0)
          const interest = Number(contractual.rows.reduce((s, row) => s + row.interest, 0n))
          expect(Math.abs(total(sums.interest) - interest)).toBeLessThanOrEqual(floors)
        },
      ),
      { numRuns: 60 },
    )
  })
  it.each([
    ['Even', 'Even'],
    ['Bullet', 'I_P'],
  ] as const)('walks %s plans as the exact mode does', (plan, type) => {
    // prettier-ignore
    const loans = [{ cents: 12_000_000, micro: 60_000, term: 24 }]
    const exact = projectPool(
      loans.map((l) => mortgage(l, type)),
      { asOf: origin },
    )
    const sums = scheduledSums(columns(loans, plan))
    for (const [month, row] of exact.rows.slice(1).entries()) {
      expect(Math.abs(sums.principal[month]! - Number(row.principal))).toBeLessThan(30)
      expect(Math.abs(sums.interest[month]! - Number(row.interest))).toBeLessThan(30)
    }
  })
  it('conserves: what was open is paid, prepaid, defaulted or still open', () => {
    fc.assert(
      fc.property(
        fc.array(loan, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (loans, cdr) => {
          // prettier-ignore
          const opening = loans.reduce((sum, { cents }) => sum + cents, 0)
          const flow = stress(scheduledSums(columns(loans), 30), flatScenario(cdr, 0.1, { rate: 0.5, lagMonths: 2 }))
          const gone = total(flow.principal) + total(flow.prepayment) + total(flow.default)
          expect(gone + flow.balance[29]!).toBeCloseTo(opening, -1)
          expect(total(flow.recovery) + total(flow.loss)).toBeCloseTo(total(flow.default), -1)
        },
      ),
    )
  })
  it('turns into rows of whole fen that still add up', () => {
    const loans = [{ cents: 123_456_789, micro: 57_500, term: 36 }]
    const flow = estimatePool(columns(loans), flatScenario(0.03, 0.1, { rate: 0.3, lagMonths: 4 }))
    const rows = estimateRows(flow, isoDate('2024-01-31'), 123_456_789n, 57_500n)
    const sum = rows.reduce((s, row) => s + row.principal + row.prepayment + row.default, 0n)
    expect(sum).toBe(123_456_789n)
    expect(rows.at(-1)?.balance).toBe(0n)
    expect(rows[1]?.date).toBe('2024-02-29')
  })
  it('knows the ABS and PSA speeds', () => {
    expect(absSpeed(0.015, 3)[0]).toBeCloseTo(0.015, 12)
    expect(absSpeed(0.015, 24)[23]).toBeCloseTo(0.015 / (1 - 0.015 * 23), 12)
    expect(psaSpeed(1, 40)[0]).toBeCloseTo(1 - Math.pow(0.998, 1 / 12), 12)
    expect(psaSpeed(1.5, 40)[39]).toBeCloseTo(1 - Math.pow(0.91, 1 / 12), 12)
  })
})
