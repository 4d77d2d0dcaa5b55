import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Loan } from '../assets/types.ts'
import { addMonths, isoDate, type IsoDate } from '../date.ts'
import { tapePlanTerms } from '../deal/tape-plan.ts'
import type { DealTerms } from '../deal/terms.ts'
import { parseTerms } from '../deal/validate.ts'
import { reconcile } from './reconcile.ts'
import type { FlowInput } from './pool-rows.ts'
import { run, type RunResult } from './run.ts'
import { collectionDates, paymentDates } from './schedule.ts'
import { simulate } from './simulate.ts'
import { decodeState, encodeState, openingState, step, toJson, type PeriodInput, type StepResult } from './step.ts'

const CUT_OFF = isoDate('2025-12-31')
const plan = (poolFen: bigint, months: number): DealTerms =>
  parseTerms(
    tapePlanTerms({
      poolFen,
      cutOff: CUT_OFF,
      firstPayDate: isoDate('2026-02-10'),
      statedMaturity: addMonths(isoDate('2026-02-10'), months + 2),
      names: { dealId: 'plan', zh: '计划', en: 'Plan' },
    }),
  )

/** Monthly flows that never pay more principal than is open; shares in hundredths of what is open. */
const months = fc.array(
  fc.record({
    principal: fc.integer({ min: 0, max: 40 }),
    defaulted: fc.integer({ min: 0, max: 5 }),
    interest: fc.integer({ min: 0, max: 200 }),
    recovery: fc.integer({ min: 0, max: 50_000 }),
  }),
  { minLength: 1, maxLength: 24 },
)
const pool = fc.bigInt({ min: 10_000_000n, max: 10n ** 12n })

type Month = { principal: number; defaulted: number; interest: number; recovery: number }

function flowsOf(poolFen: bigint, shares: readonly Month[]): FlowInput[] {
  let balance = poolFen
  return shares.map((share, index) => {
    const principal = (balance * BigInt(share.principal)) / 100n
    const defaulted = ((balance - principal) * BigInt(share.defaulted)) / 100n
    const interest = (balance * BigInt(share.interest)) / 10_000n
    balance -= principal + defaulted
    return {
      date: addMonths(isoDate('2026-01-15'), index),
      balance,
      principal,
      interest,
      prepayment: 0n,
      default: defaulted,
      recovery: BigInt(share.recovery),
      loss: defaulted,
      prepayPenalty: 0n,
      rateMicro: 100_000n,
    }
  })
}

/** The same life, one period after another, each state through JSON as a contract keeps it. */
function stepByStep(terms: DealTerms, poolFen: bigint, flows: readonly FlowInput[], count: number): StepResult[] {
  const [pays, collects] = [paymentDates(terms), collectionDates(terms)]
  let state = openingState(terms)
  let from: IsoDate = CUT_OFF
  let opening = poolFen
  return pays.slice(0, count).map((payDate, index) => {
    const row = flows[index]
    const closing = row?.balance ?? opening
    const period: PeriodInput = {
      periodId: payDate,
      accrualFrom: from,
      accrualTo: payDate,
      payDate,
      collectedTo: collects[index]!,
      collections: { principal: row?.principal ?? 0n, interest: row?.interest ?? 0n, recovery: row?.recovery ?? 0n },
      pool: { opening, closing, defaulted: row?.default ?? 0n, loss: row?.loss ?? 0n },
      final: index === count - 1,
    }
    const result = step(terms, decodeState(JSON.parse(JSON.stringify(encodeState(state)))), period)
    state = result.state
    from = payDate
    opening = closing
    return result
  })
}

const conserved = (result: RunResult): void => {
  for (const { cash, lines, transfers } of result.periods) {
    expect(cash.opening + cash.in).toBe(cash.out + cash.closing)
    const paid = lines.reduce(
      (sum, line) => sum + (line.from === null || line.to.kind === 'account' ? 0n : line.paid),
      0n,
    )
    expect(paid).toBe(cash.out)
    const out = transfers.reduce(
      (sum, { from, to, amount }) => sum + (from.kind === 'account' && to.kind !== 'account' ? amount : 0n),
      0n,
    )
    expect(out).toBe(cash.out)
  }
}

describe('a whole life', () => {
  it('conserves cash, period by period and line by line', () => {
    fc.assert(
      fc.property(pool, months, (poolFen, shares) => {
        const result = run(plan(poolFen, shares.length), [{ openingBalance: poolFen, rows: flowsOf(poolFen, shares) }])
        conserved(result)
        for (const { lines } of result.periods)
          for (const line of lines) {
            if (line.from !== null) expect(line.availableBefore - line.paid).toBe(line.availableAfter)
            expect(line.due - line.paid).toBe(line.shortfall)
            expect(line.paid >= 0n && line.paid <= line.due).toBe(true)
          }
      }),
    )
  })

  it('pays no junior fen before its senior due', () => {
    fc.assert(
      fc.property(pool, months, (poolFen, shares) => {
        const result = run(plan(poolFen, shares.length), [{ openingBalance: poolFen, rows: flowsOf(poolFen, shares) }])
        for (const { lines } of result.periods) {
          const short = lines.findIndex(({ shortfall }) => shortfall > 0n)
          // Within one step the shortfall is shared; no later step gets anything.
          if (short >= 0)
            for (const line of lines.slice(short)) if (line.run !== lines[short]!.run) expect(line.paid).toBe(0n)
        }
      }),
    )
  })

  it('is the same step by step', () => {
    fc.assert(
      fc.property(pool, months, (poolFen, shares) => {
        const terms = plan(poolFen, shares.length)
        const flows = flowsOf(poolFen, shares)
        const whole = run(terms, [{ openingBalance: poolFen, rows: flows }])
        const steps = stepByStep(terms, poolFen, flows, whole.periods.length)
        expect(reconcile(whole.periods, steps)).toBeNull()
        expect(toJson(steps.at(-1)!.state.tranches)).toEqual(toJson(whole.state.tranches))
      }),
      { numRuns: 50 },
    )
  })

  it('never pays a tranche less when one period collects more', () => {
    const more = fc.bigInt({ min: 0n, max: 10n ** 9n })
    fc.assert(
      fc.property(pool, months, more, more, (poolFen, shares, principal, interest) => {
        const terms = plan(poolFen, shares.length)
        const [first] = flowsOf(poolFen, shares)
        const period = (extra: { principal: bigint; interest: bigint }): PeriodInput => ({
          periodId: '1',
          accrualFrom: CUT_OFF,
          accrualTo: isoDate('2026-02-10'),
          payDate: isoDate('2026-02-10'),
          collections: { principal: first!.principal + extra.principal, interest: first!.interest + extra.interest },
          pool: { opening: poolFen, closing: first!.balance, defaulted: first!.default },
        })
        const paid = (extra: { principal: bigint; interest: bigint }) =>
          step(terms, openingState(terms), period(extra)).tranches.map(
            ({ interestPaid, principalPaid, residualPaid }) => interestPaid + principalPaid + residualPaid,
          )
        const [less, greater] = [paid({ principal: 0n, interest: 0n }), paid({ principal, interest })]
        less.forEach((amount, index) => expect(greater[index]! >= amount).toBe(true))
      }),
    )
  })

  it('does not depend on the order of the assets', () => {
    const asset = fc.record({
      balance: fc.bigInt({ min: 1_000_00n, max: 10_000_000_00n }),
      term: fc.integer({ min: 1, max: 12 }),
      rate: fc.integer({ min: 0, max: 300 }),
    })
    fc.assert(
      fc.property(fc.array(asset, { minLength: 2, maxLength: 8 }), fc.integer(), (list, seed) => {
        const assets = list.map(({ balance, term, rate }): Loan => ({
          assetType: 'Loan',
          originBalance: balance,
          currentBalance: balance,
          originTerm: term,
          remainingTerm: term,
          freq: 'Monthly',
          originDate: CUT_OFF,
          originRate: { numerator: BigInt(rate), denominator: 1000n },
          dayCount: 'ACT_365F',
          amortization: { type: 'Level' },
        }))
        const terms = plan(
          list.reduce((sum, { balance }) => sum + balance, 0n),
          14,
        )
        const life = (order: readonly Loan[]) =>
          toJson(
            simulate(terms, [{ asOf: CUT_OFF, assets: order }], { assumption: { CDR: 0.05, CPR: 0.1 } }).periods.map(
              ({ tranches }) => tranches,
            ),
          )
        const turned = assets.map((_, i) => assets[(i + (Math.abs(seed) % assets.length)) % assets.length]!)
        expect(life(turned.reverse())).toEqual(life(assets))
      }),
      { numRuns: 30 },
    )
  })
})
