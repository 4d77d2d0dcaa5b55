import { describe, expect, it } from 'vitest'
import { isoDate } from '../date.ts'
import { tapePlanSizes, tapePlanTerms } from '../deal/tape-plan.ts'
import { decodeState, encodeState, openingState, step, toJson, type PeriodInput } from './step.ts'

const poolFen = 6_912_035_362n
const terms = tapePlanTerms({
  poolFen,
  cutOff: isoDate('2010-12-31'),
  firstPayDate: isoDate('2011-02-10'),
  statedMaturity: isoDate('2017-12-31'),
  names: { dealId: 'tape', zh: '真实资产包', en: 'Real tape' },
})

/** January 2011 of testdata/tape/README.md. */
const january: PeriodInput = {
  periodId: '2011-01',
  accrualFrom: isoDate('2010-12-31'),
  accrualTo: isoDate('2011-02-10'),
  payDate: isoDate('2011-02-10'),
  collectedTo: isoDate('2011-01-31'),
  collections: { principal: 169_050_379n, interest: 70_461_832n, lateFee: 7_515n, recovery: 0n },
  pool: { opening: poolFen, closing: poolFen - 169_050_379n - 440_000n, defaulted: 440_000n },
}

describe('one period of the plan on the tape', () => {
  const state = openingState(terms)
  const result = step(terms, state, january)
  const line = (id: string) => result.lines.filter(({ step: name }) => name === id)

  it('sizes the tranches in whole units, the rest subordinated', () => {
    const { A, B, sub } = tapePlanSizes(poolFen)
    expect([A, B, sub]).toEqual([5_529_620_000n, 829_440_000n, 552_975_362n])
    expect(A + B + sub).toBe(poolFen)
  })
  it('pays fees, interest and principal in order', () => {
    const interestA = (5_529_620_000n * 510n * 41n * 2n + 3_650_000n) / (2n * 3_650_000n)
    const interestB = (829_440_000n * 730n * 41n * 2n + 3_650_000n) / (2n * 3_650_000n)
    expect(result.tranches.map(({ interestPaid }) => interestPaid)).toEqual([interestA, interestB, 0n])
    expect(line('tax').map(({ paid }) => paid)).toEqual([2_297_301n])
    expect(line('fees').map(({ to, paid }) => [to.id, paid])).toEqual([
      ['manager', 621_136n],
      ['custody', 232_926n],
      ['servicer', 776_420n],
      ['rating', 8_000_000n],
      ['audit', 4_000_000n],
    ])
    expect(result.cash).toMatchObject({ opening: 0n, in: 239_519_726n, out: 239_519_726n, closing: 0n })
    expect(result.tranches[0]!.principalPaid).toBe(result.tranches[0]!.opening - result.tranches[0]!.closing)
    expect(line('B-principal')[0]!.paid).toBe(0n)
  })
  it('keeps before − paid = after on every line', () => {
    for (const { from, availableBefore, paid, availableAfter } of result.lines)
      if (from !== null) expect(availableBefore - paid).toBe(availableAfter)
  })
  it('does not change the state it was given, and its state survives JSON', () => {
    expect(toJson(state)).toEqual(toJson(openingState(terms)))
    const json = JSON.parse(JSON.stringify(encodeState(result.state)))
    expect(encodeState(decodeState(json))).toEqual(json)
    expect(() => decodeState({ ...json, more: 1 })).toThrow('BAD_STATE at /more: unknown key')
  })
  it('refuses what does not follow', () => {
    expect(() => step(terms, { ...state, dealId: 'other' }, january)).toThrow('OTHER_DEAL')
    expect(() => step(terms, result.state, january)).toThrow('PERIOD_ORDER')
    expect(() => step(terms, state, { ...january, collections: { principal: -1n } })).toThrow('NEGATIVE')
    expect(() => step(terms, state, { ...january, cashOpening: { plan: 1n } })).toThrow('CASH_DIFFERS')
    const last = step(terms, state, { ...january, final: true })
    expect(last.statusAfter).toBe('ended')
    expect(() => step(terms, last.state, { ...january, payDate: isoDate('2011-03-10') })).toThrow('ENDED')
  })
})
