import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFen, sumFen, type Fen } from '#domain/money'
import { accountIds } from '../deal/account-ids.ts'
import { accountsOf, overdrawn, total } from '../deal/testing/ledger-of.ts'
import { DEAL, PlanStory, type Month } from '../deal/testing/plan.ts'
import { distributionKey, type TrancheFigures } from './state.ts'

/** How a month uses the pool, in parts of a thousand of what is open; interest in parts of the same. */
const share = fc.integer({ min: 0, max: 1000 })
const monthShares = fc.record({
  principal: share,
  interest: fc.integer({ min: 0, max: 40 }),
  defaulted: fc.oneof(fc.constant(0), share),
  recovery: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
  odd: fc.bigInt({ min: 0n, max: 99n }),
})
type Shares = typeof monthShares extends fc.Arbitrary<infer T> ? T : never

function monthOf(open: Fen, lost: Fen, shares: Shares, final: boolean): Month {
  const of = (amount: Fen, parts: number): Fen => (amount * BigInt(parts)) / 1000n
  const principal = of(open, shares.principal)
  const defaulted = final ? open - principal : of(open - principal, shares.defaulted)
  return {
    principal,
    defaulted,
    interest: of(open, shares.interest) + shares.odd,
    recovery: of(lost, shares.recovery),
    final,
  }
}

const paid = ({ interestFen, principalFen, residualFen }: TrancheFigures): Fen =>
  sumFen([interestFen, principalFen, residualFen].map(parseFen))

/** No junior fen before its senior due, by the order of the terms: A interest, B interest, A, B, sub, residual. */
function seniority(tranches: readonly TrancheFigures[]): void {
  const [a, b, sub] = ['A', 'B', 'sub'].map((id) => tranches.find(({ tranche }) => tranche === id)!)
  const short = ({ interestDueFen, interestFen }: TrancheFigures) => parseFen(interestDueFen) > parseFen(interestFen)
  if (short(a!)) expect(paid(b!) + parseFen(a!.principalFen)).toBe(0n)
  if (short(b!)) expect(parseFen(a!.principalFen) + parseFen(b!.principalFen) + paid(sub!)).toBe(0n)
  const owed = (figures: TrancheFigures): Fen => parseFen(figures.closingFen) + parseFen(figures.writtenDownFen)
  if (owed(a!) > 0n) expect(parseFen(b!.principalFen) + paid(sub!)).toBe(0n)
  if (owed(b!) > 0n) expect(paid(sub!)).toBe(0n)
  if (owed(sub!) > 0n) expect(parseFen(sub!.residualFen)).toBe(0n)
}

describe('any life of a plan', () => {
  it('conserves cash, pays by rank, overdraws nothing, and ends with nothing on its accounts', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 100_000_000n, max: 20_000_000_000n }),
        fc.array(monthShares, { minLength: 1, maxLength: 5 }),
        (poolFen, months) => {
          const story = new PlanStory(poolFen, 3).established()
          let [open, lost, came, went] = [poolFen, 0n, 0n, 0n]
          months.forEach((shares, n) => {
            const month = monthOf(open, lost, shares, n === months.length - 1)
            const { period } = story.dates
            story.month(month)
            open -= month.principal + month.defaulted!
            lost += month.defaulted!
            came += story.totalOf(month)
            const { tranches, cash, legs } = story.world.read(distributionKey(DEAL, period))!
            seniority(tranches)
            for (const { openingFen, principalFen, writtenDownFen, closingFen } of tranches) {
              expect(parseFen(openingFen)).toBe(sumFen([principalFen, writtenDownFen, closingFen].map(parseFen)))
            }
            const out = sumFen(legs.map(({ amountFen }) => parseFen(amountFen)))
            expect(out).toBe(parseFen(cash.outFen))
            went += out
            expect(story.balance(accountIds.plan(DEAL, 'plan'))).toBe(came - went)
            const accounts = accountsOf(story.world)
            expect(total(accounts)).toBe(0n)
            expect(overdrawn(accounts)).toEqual([])
          })
          expect(went).toBe(came)
          story.world.does('manager:checker', 'deal.close', { deal: DEAL })
        },
      ),
      { numRuns: 60 },
    )
  }, 120_000)
})
