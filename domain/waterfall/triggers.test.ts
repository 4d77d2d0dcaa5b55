// Triggers and facilities of the application's own profile, period by period.
import { describe, expect, it } from 'vitest'
import { isoDate } from '../date.ts'
import { fractionText } from '../rate.ts'
import { dealA } from '../deal/example-deals.ts'
import { tapePlanTerms } from '../deal/tape-plan.ts'
import type { DealTerms, TriggerTerms } from '../deal/terms.ts'
import { parseTerms } from '../deal/validate.ts'
import { openingState, step, type DealState, type PeriodInput, type StepResult } from './step.ts'

const POOL = 1_000_000_00n
const text = { zh: '测试', en: 'Test' }
const plan = (change: (terms: DealTerms) => void): DealTerms => {
  const terms = structuredClone(
    tapePlanTerms({
      poolFen: POOL,
      cutOff: isoDate('2025-12-31'),
      firstPayDate: isoDate('2026-02-10'),
      statedMaturity: isoDate('2030-12-31'),
      names: { dealId: 'plan', zh: '计划', en: 'Plan' },
    }),
  )
  change(terms)
  return parseTerms(terms)
}
const trigger = (id: string, rest: Partial<TriggerTerms>): TriggerTerms => ({
  id,
  event: 'acceleration',
  clause: '11.9',
  text,
  at: 'before-waterfall',
  test: { numerator: 'poolBalance', op: '<', threshold: '900000 yuan' },
  curable: false,
  then: { status: 'accelerated' },
  ...rest,
})
const accelerating = (...triggers: TriggerTerms[]): DealTerms =>
  plan((terms) => {
    terms.triggers = triggers
    terms.waterfalls.accelerated = [...terms.waterfalls.amortising!]
  })

const DATES = ['2025-12-31', '2026-02-10', '2026-03-10', '2026-04-10', '2026-05-10', '2026-06-10'].map(isoDate)
const period = (n: number, closing: bigint, more: Partial<PeriodInput> = {}): PeriodInput => ({
  periodId: `${n}`,
  accrualFrom: DATES[n - 1]!,
  accrualTo: DATES[n]!,
  payDate: DATES[n]!,
  collections: { principal: 100_000n, interest: 500_000_00n },
  pool: { opening: POOL, closing, defaulted: 0n },
  ...more,
})
function life(terms: DealTerms, closings: readonly bigint[], more: Partial<PeriodInput> = {}): StepResult[] {
  let state: DealState = openingState(terms)
  return closings.map((closing, index) => {
    const result = step(terms, state, period(index + 1, closing, more))
    state = result.state
    return result
  })
}
const [LOW, HIGH] = [899_999_99n, 950_000_00n]

describe('triggers', () => {
  it('rule the run that finds them, and stay where they are not curable', () => {
    const [first, second] = life(accelerating(trigger('low', {})), [LOW, HIGH])
    expect([first!.statusBefore, first!.waterfall, first!.statusAfter]).toEqual([
      'amortising',
      'accelerated',
      'accelerated',
    ])
    expect(first!.events).toMatchObject([
      { event: 'acceleration', trigger: 'low', clause: '11.9', from: 'amortising', to: 'accelerated' },
    ])
    expect([second!.triggers, second!.statusAfter]).toEqual([[], 'accelerated'])
  })
  it('fire after so many days in breach, counted from the first test in breach', () => {
    const terms = accelerating(trigger('low', { forDays: 30 }))
    const results = life(terms, [LOW, LOW, LOW])
    // 10 February to 10 March are 28 days, to 10 April 59.
    expect(results.map(({ triggers: [t] }) => [t!.breached, t!.daysInBreach, t!.fired])).toEqual([
      [true, 0, false],
      [true, 28, false],
      [true, 59, true],
    ])
    const interrupted = life(terms, [LOW, HIGH, LOW, LOW])
    expect(interrupted.map(({ triggers: [t] }) => t!.daysInBreach)).toEqual([0, 0, 0, 30])
    expect(interrupted[3]!.statusAfter).toBe('accelerated')
  })
  it('fire after so many tests, and are cured after so many without breach', () => {
    const terms = accelerating(
      trigger('low', {
        forTests: 2,
        curable: true,
        cureTests: 2,
        then: { status: 'accelerated', cured: 'amortising' },
      }),
    )
    const results = life(terms, [LOW, LOW, HIGH, HIGH])
    expect(results.map(({ statusAfter }) => statusAfter)).toEqual([
      'amortising',
      'accelerated',
      'accelerated',
      'amortising',
    ])
    expect(results[3]!.triggers[0]).toMatchObject({ cured: true, fired: false, consequence: 'amortising' })
  })
  it('show numerator, denominator, the other denominator, and the threshold', () => {
    const terms = accelerating(
      trigger('default', {
        test: {
          numerator: 'cumulativeDefault',
          denominator: 'initialPoolBalance',
          op: '>=',
          threshold: 'if(dealYear <= 1, 2%, 4%)',
          shown: [{ name: 'initial + purchased', denominator: 'initialPoolBalance + cumulativePurchased' }],
        },
      }),
    )
    const pool = { opening: POOL, closing: HIGH, defaulted: 2_000_000n, purchased: POOL }
    const [result] = life(terms, [HIGH], { pool })
    const [tested] = result!.triggers
    expect(fractionText(tested!.value as never)).toBe('0.02')
    expect([tested!.breached, fractionText(tested!.threshold as never)]).toEqual([true, '0.02'])
    expect(tested!.shown.map(({ name, value }) => [name, fractionText(value)])).toEqual([
      ['initial + purchased', '0.01'],
    ])
  })
  it('average figures over periods, this one included', () => {
    const test = { numerator: 'average(arrears("M2"), 3)', op: '>' as const, threshold: '200 fen' }
    const terms = accelerating(trigger('late', { test, curable: true, then: {} }))
    let state = openingState(terms)
    const tested = [300n, 90n, 210n, 330n].map((M2, i) => {
      const pool = { opening: POOL, closing: HIGH, defaulted: 0n, arrears: { M2 } }
      const result = step(terms, state, period(i + 1, HIGH, { pool }))
      state = result.state
      return [fractionText(result.triggers[0]!.value as never), result.triggers[0]!.breached]
    })
    expect(tested).toEqual([
      ['300', true],
      ['195', false],
      ['200', false],
      ['210', true],
    ])
  })
  it('default when senior interest stays unpaid, and acceleration turns B interest behind A principal', () => {
    const terms = dealA()
    const pool = BigInt(terms.pool.initial)
    const empty: PeriodInput = {
      periodId: '1',
      accrualFrom: isoDate('2026-07-01'),
      accrualTo: isoDate('2026-10-01'),
      payDate: isoDate('2026-10-01'),
      collections: { interest: 1_000n },
      pool: { opening: pool, closing: pool, defaulted: 0n },
    }
    const result = step(terms, openingState(terms), empty)
    expect(result.events.map(({ event, to }) => [event, to])).toContainEqual(['event-of-default', 'defaulted'])
    const accelerated = step(terms, openingState(terms), {
      ...empty,
      collections: { principal: 10_000_000_00n },
      pool: { opening: pool, closing: pool - pool / 30n, defaulted: pool / 50n },
    })
    expect(accelerated.waterfall).toBe('accelerated')
    const order = accelerated.lines.map(({ step: id }) => id)
    expect(order.indexOf('A-principal')).toBeLessThan(order.indexOf('B-interest'))
    expect(accelerated.tranches[1]!.interestPaid).toBe(0n)
  })
})

describe('the last payment', () => {
  it('runs the clean-up list, or that of the status where there is none', () => {
    const without = plan((terms) => void delete terms.waterfalls['clean-up'])
    const [own, status] = [plan(() => undefined), without].map((terms) => life(terms, [0n], { final: true })[0]!)
    expect([own!.waterfall, status!.waterfall]).toEqual(['clean-up', 'amortising'])
    expect(status!.tranches).toEqual(own!.tranches)
    expect(status!.statusAfter).toBe('ended')
  })
})

describe('support', () => {
  const supported = (credit: string): DealTerms =>
    plan((terms) => {
      terms.facilities = [
        {
          id: 'guarantor',
          kind: 'guarantee',
          credit,
          drawnRate: '0',
          unusedRate: '0',
          start: '2025-12-31',
          clause: '13.1',
          text,
        },
      ]
      terms.waterfalls.amortising!.forEach((item) => {
        if (item.id === 'A-interest') Object.assign(item, { support: [{ facility: 'guarantor' }] })
      })
    })
  it('a guarantor tops up what the account lacks, up to its credit', () => {
    const nothing = { collections: { interest: 0n } }
    const [paid] = life(supported('100000000'), [HIGH], nothing)
    const [tranche] = paid!.tranches
    expect(tranche!.interestShortfall).toBe(0n)
    // 800,000.00 · 5.10 % · 41 / 365.
    expect(tranche!.interestPaid).toBe(4_583_01n)
    expect(paid!.transfers.find(({ kind }) => kind === 'facility')).toMatchObject({
      from: { id: 'guarantor' },
      amount: 4_583_01n,
    })
    const [short] = life(supported('100000'), [HIGH], nothing)
    expect([short!.tranches[0]!.interestPaid, short!.tranches[0]!.interestShortfall]).toEqual([100_000n, 358_301n])
  })
})

describe('coupons in a contract', () => {
  it('a floating coupon takes the fixing that the period brings, and asks for it', () => {
    const terms = plan((t) => {
      t.tranches[0]!.coupons = [
        {
          type: 'floating',
          index: 'LPR',
          spread: '0.01',
          initial: '0.04',
          resets: { custom: ['2026-01-10'] },
          dayCount: 'ACT_365F',
          cap: '0.06',
        },
      ]
    })
    expect(() => life(terms, [HIGH])).toThrow('UNKNOWN_INDEX')
    const [result] = life(terms, [HIGH], { indexRates: { LPR: { numerator: 7n, denominator: 100n } } })
    // 10 days at 4 %, 31 days at the cap of 6 %, rounded once: 800,000.00 · (0.4 + 1.86) / 365.
    expect(result!.tranches[0]!.interestPaid).toBe(4_953_42n)
  })
})
