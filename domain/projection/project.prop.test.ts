import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Amortization, Asset, Assumption } from '../assets/types.ts'
import { fromMicro } from '../curve.ts'
import type { Rate } from '../rate.ts'
import { isoDate } from '../date.ts'
import { combineFlows, openingOf } from './combine.ts'
import { projectAsset, projectPool } from './project.ts'
import type { FlowRow } from './types.ts'

const asOf = isoDate('2024-01-01')
const share = (percent: number) => ({ numerator: BigInt(percent), denominator: 100n })

const amortization = fc.constantFrom<Amortization>(
  { type: 'Level' },
  { type: 'Even' },
  { type: 'I_P' },
  { type: 'Balloon', term: 240 },
  { type: 'IO_FirstN', periods: 2, then: 'Level' },
  { type: 'NO_FirstN', periods: 2, then: 'Level' },
)

const asset: fc.Arbitrary<Asset> = fc
  .record({
    kind: fc.constantFrom('Mortgage' as const, 'Loan' as const),
    cents: fc.bigInt({ min: 100n, max: 10n ** 11n }),
    micro: fc.bigInt({ min: 0n, max: 300_000n }),
    // Longer than a payment holiday, which would otherwise never be repaid.
    term: fc.integer({ min: 3, max: 60 }),
    paid: fc.integer({ min: 0, max: 30 }),
    amortization,
    freq: fc.constantFrom('Monthly' as const, 'Quarterly' as const),
  })
  .map(({ kind, cents, micro, term, paid, amortization: plan, freq }) => ({
    assetType: kind,
    originBalance: cents,
    currentBalance: cents,
    originTerm: term + paid,
    remainingTerm: term,
    originRate: fromMicro(micro),
    freq,
    originDate: asOf,
    amortization: plan,
  }))

const assumption: fc.Arbitrary<Assumption> = fc
  .record({
    CDR: fc.double({ min: 0, max: 1, noNaN: true }),
    CPR: fc.double({ min: 0, max: 1, noNaN: true }),
    percent: fc.integer({ min: 0, max: 100 }),
    lag: fc.integer({ min: 0, max: 6 }),
  })
  .map(({ CDR, CPR, percent, lag }) => ({ CDR, CPR, recovery: { rate: share(percent), lag } }))

/** What cancellation in the level payment may come to: a few units of the double's last place, over a month's rate. */
function lostDigits({ originBalance, originRate }: Extract<Asset, { assetType: 'Mortgage' }>): bigint {
  const { numerator, denominator } = originRate as Rate
  return numerator === 0n ? 0n : (originBalance * 12n * denominator) / (numerator << 50n)
}

describe('exact projection', () => {
  it('conserves: every row takes off the balance exactly what it shows', () => {
    fc.assert(
      fc.property(asset, assumption, (loan, stress) => {
        const { openingBalance, rows } = projectAsset(loan, { asOf, assumption: stress })
        let open = openingBalance
        // Rows after the last payment only hold recoveries (C6).
        const payments = 'remainingTerm' in loan ? loan.remainingTerm : 0
        for (const row of rows.slice(0, payments + 1)) {
          expect(openingOf(row)).toBe(open)
          open = row.balance
        }
        const defaulted = rows.reduce((sum, row) => sum + row.default, 0n)
        const decided = rows.reduce((sum, row) => sum + row.recovery + row.loss, 0n)
        expect(decided <= defaulted && defaulted - decided <= BigInt(2 * rows.length)).toBe(true)
      }),
    )
  })
  it('never pays or keeps a negative amount, but for interest added to the balance', () => {
    fc.assert(
      fc.property(asset, assumption, (loan, stress) => {
        for (const row of projectAsset(loan, { asOf, assumption: stress }).rows) {
          for (const column of ['interest', 'prepayment', 'default', 'recovery', 'loss'] as const) {
            if (row.balance >= 0n) expect(row[column]).toBeGreaterThanOrEqual(0n)
          }
          // C3 in doubles may leave the last level payment a fen long, and more where the rate is so small that
          // 1 − (1 + r)^−n has lost most of its digits; a loan's level payment counts equal months while
          // its interest counts days, so that only its last row may overpay, by less than a period's interest.
          const most = loan.assetType === 'Mortgage' ? 1n + lostDigits(loan) : row.interest + 1n
          expect(row.balance).toBeGreaterThanOrEqual(-most)
        }
      }),
    )
  })
  it('does not depend on the order of assets', () => {
    fc.assert(
      fc.property(fc.array(asset, { minLength: 2, maxLength: 6 }), assumption, (assets, stress) => {
        const options = { asOf, assumption: stress }
        expect(projectPool([...assets].reverse(), options)).toEqual(projectPool(assets, options))
      }),
      { numRuns: 50 },
    )
  })
  it('combines pool by pool as all at once', () => {
    fc.assert(
      fc.property(fc.array(asset, { minLength: 3, maxLength: 5 }), (assets) => {
        const flows = assets.map((loan) => projectAsset(loan, { asOf }).rows)
        const amounts = (rows: readonly FlowRow[]) => rows.map(({ rateMicro: _rate, ...row }) => row)
        const [first, ...rest] = flows
        const folded = rest.reduce<readonly FlowRow[]>((sum, rows) => combineFlows([sum, rows]), first!)
        expect(amounts(folded)).toEqual(amounts(combineFlows(flows)))
      }),
      { numRuns: 50 },
    )
  })
  it('a worse default speed never brings more principal and interest', () => {
    fc.assert(
      fc.property(asset, fc.double({ min: 0, max: 0.9, noNaN: true }), (loan, cdr) => {
        // Interest added to the balance is negative principal, which a default spares.
        fc.pre('amortization' in loan && loan.amortization.type !== 'NO_FirstN')
        const cash = (CDR: number): bigint =>
          projectAsset(loan, { asOf, assumption: { CDR } }).rows.reduce((s, r) => s + r.principal + r.interest, 0n)
        expect(cash(Math.min(1, cdr + 0.1))).toBeLessThanOrEqual(cash(cdr) + 120n)
      }),
      { numRuns: 50 },
    )
  })
})
