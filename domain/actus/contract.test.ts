/** Words of the ACTUS dictionary that no given case uses, worked out by hand. */
import { describe, expect, it } from 'vitest'
import { isoDate } from '../date.ts'
import { contractEvents } from './contract.ts'
import { businessDate, cycleDate, cycleDates, parseCycle } from './schedule.ts'
import type { ActusDate, ActusTerms } from './terms.ts'

const d = isoDate
const pam: ActusTerms = {
  contractType: 'PAM',
  contractRole: 'RPA',
  currency: 'CNY',
  statusDate: d('2023-12-31'),
  contractDealDate: d('2023-12-01'),
  initialExchangeDate: d('2024-01-01'),
  maturityDate: d('2025-01-01'),
  notionalPrincipal: 36_000,
  nominalInterestRate: 0.1,
  dayCountConvention: 'A360',
}
const payoffs = (terms: ActusTerms, type: string, observed = {}): number[] =>
  contractEvents(terms, observed)
    .filter((event) => event.type === type)
    .map(({ payoff }) => payoff)

describe('cycles', () => {
  it('count days, weeks, months, quarters, halves and years from the anchor', () => {
    const third = (text: string, anchor = '2024-01-31', eom = false): ActusDate =>
      cycleDate(d(anchor), parseCycle(text), 2, eom)
    expect(['P10DL0', 'P2WL0', 'P1ML0', 'P1QL0', 'P1HL0', 'P1YL0'].map((text) => third(text))).toEqual([
      '2024-02-20',
      '2024-02-28',
      '2024-03-31',
      '2024-07-31',
      '2025-01-31',
      '2026-01-31',
    ])
    expect(third('P1ML0', '2024-02-29', true)).toBe('2024-04-30')
    expect(third('P1ML0', '2024-02-29', false)).toBe('2024-04-29')
    expect(() => parseCycle('P1M')).toThrow('BAD_CYCLE')
    expect(() => parseCycle('P0ML0')).toThrow('BAD_CYCLE')
  })
  it('join a short last period to the one before (L0) or keep it (L1)', () => {
    const dates = (text: string) => cycleDates(d('2024-01-01'), parseCycle(text), d('2024-03-15'), false)
    expect(dates('P1ML0')).toEqual(['2024-01-01', '2024-02-01'])
    expect(dates('P1ML1')).toEqual(['2024-01-01', '2024-02-01', '2024-03-01'])
  })
})

describe('business days', () => {
  it('SCF moves to the following business day, over the month end too, and calculates there', () => {
    const terms: ActusTerms = {
      ...pam,
      calendar: 'MF',
      businessDayConvention: 'SCF',
      cycleAnchorDateOfInterestPayment: d('2024-08-31'),
      cycleOfInterestPayment: 'P1YL1',
    }
    expect(businessDate(d('2024-08-31'), terms)).toBe('2024-09-02')
    const [first] = contractEvents(terms).filter(({ type }) => type === 'IP')
    // 245 days from 1 January to 2 September
    expect(first).toMatchObject({ date: '2024-09-02' })
    expect(first?.payoff).toBeCloseTo((36_000 * 0.1 * 245) / 360, 9)
  })
})

describe('day counts', () => {
  it('A360 counts actual days over 360, AA the days of leap years over 366', () => {
    expect(payoffs(pam, 'IP')).toEqual([expect.closeTo(3660, 9)])
    expect(payoffs({ ...pam, dayCountConvention: 'AA' }, 'IP')).toEqual([expect.closeTo(3600, 9)])
  })
})

describe('interest bases and scaling', () => {
  const lam: ActusTerms = {
    ...pam,
    contractType: 'LAM',
    dayCountConvention: '30E360',
    cycleAnchorDateOfPrincipalRedemption: d('2024-07-01'),
    cycleOfPrincipalRedemption: 'P6ML0',
    cycleAnchorDateOfInterestPayment: d('2024-07-01'),
    cycleOfInterestPayment: 'P6ML0',
    nextPrincipalRedemptionPayment: 18_000,
  }
  it('NT accrues on what is open, NTIED on the start, or on the stated base amount', () => {
    expect(payoffs(lam, 'IP')).toEqual([expect.closeTo(1800, 9), expect.closeTo(900, 9)])
    expect(payoffs({ ...lam, interestCalculationBase: 'NTIED' }, 'IP')[1]).toBeCloseTo(1800, 9)
    const stated = { ...lam, interestCalculationBase: 'NTIED' as const, interestCalculationBaseAmount: 12_000 }
    expect(payoffs(stated, 'IP')).toEqual([expect.closeTo(600, 9), expect.closeTo(600, 9)])
  })
  it('NTL accrues on the notional of the last base date', () => {
    const terms: ActusTerms = {
      ...lam,
      interestCalculationBase: 'NTL',
      cycleAnchorDateOfInterestCalculationBase: d('2024-10-01'),
      cycleOfInterestCalculationBase: 'P1YL1',
    }
    // 6 months on 36,000; then 3 months on 36,000 and 3 on 18,000
    expect(payoffs(terms, 'IP')).toEqual([expect.closeTo(1800, 9), expect.closeTo(900 + 450, 9)])
    expect(contractEvents(terms).filter(({ type }) => type === 'IPCB')).toHaveLength(1)
  })
  it('IOO scales interest alone, INO the notional too', () => {
    const scaled: ActusTerms = {
      ...pam,
      scalingEffect: 'IOO',
      marketObjectCodeOfScalingIndex: 'CPI',
      scalingIndexAtContractDealDate: 100,
      cycleAnchorDateOfScalingIndex: d('2024-07-01'),
      cycleOfScalingIndex: 'P1YL1',
    }
    const observed = { CPI: [[d('2024-07-01'), 110]] as const }
    expect(payoffs(scaled, 'IP', observed)[0]).toBeCloseTo(3660 * 1.1, 9)
    expect(payoffs(scaled, 'MD', observed)).toEqual([36_000])
    expect(payoffs({ ...scaled, scalingEffect: 'INO' }, 'MD', observed)[0]).toBeCloseTo(39_600, 9)
    expect(payoffs({ ...scaled, interestScalingMultiplier: 2, cycleAnchorDateOfScalingIndex: d('2026-01-01') }, 'IP')[0]).toBeCloseTo(7320, 9) // prettier-ignore
    expect(payoffs({ ...pam, notionalScalingMultiplier: 2 }, 'MD')).toEqual([72_000])
  })
})

describe('starts, ends and resets', () => {
  it('a contract that runs already accrues from the status date', () => {
    const running = { ...pam, statusDate: d('2024-07-01'), accruedInterest: 100 }
    // 184 days from 1 July, and what was accrued
    expect(payoffs(running, 'IP')).toEqual([expect.closeTo(100 + (36_000 * 0.1 * 184) / 360, 9)])
    expect(payoffs(running, 'IED')).toEqual([])
  })
  it('terminates at a price with what is accrued', () => {
    const events = contractEvents({ ...pam, terminationDate: d('2024-07-01'), priceAtTerminationDate: 35_000 })
    expect(events.at(-1)).toMatchObject({ type: 'TD', notional: 0, accrued: 0 })
    expect(events.at(-1)?.payoff).toBeCloseTo(35_000 + 1820, 9)
  })
  it('terminates a negative amortiser that no maturity ends', () => {
    // 36,000 at 10 %: 300 a month of interest, 1,300 paid; ended after two payments.
    const { maturityDate: _maturity, ...open } = pam
    const nam: ActusTerms = {
      ...open,
      contractType: 'NAM',
      cycleAnchorDateOfInterestPayment: d('2024-02-01'),
      cycleOfInterestPayment: 'P1ML0',
      cycleAnchorDateOfPrincipalRedemption: d('2024-02-01'),
      cycleOfPrincipalRedemption: 'P1ML0',
      nextPrincipalRedemptionPayment: 1300,
      terminationDate: d('2024-03-15'),
      priceAtTerminationDate: 100,
    }
    expect(contractEvents(nam).filter(({ type }) => type === 'PR')).toHaveLength(2)
    expect(contractEvents(nam).at(-1)).toMatchObject({ date: '2024-03-15', type: 'TD', notional: 0 })
  })

  it('fixes in the same day whatever fixingDays says, and takes 0 for a value never observed', () => {
    const reset: ActusTerms = {
      ...pam,
      cycleAnchorDateOfRateReset: d('2024-07-01'),
      cycleOfRateReset: 'P1YL1',
      marketObjectCodeOfRateReset: 'LPR',
      rateSpread: 0.01,
      rateMultiplier: 2,
      fixingDays: 'P2D',
    }
    const rate = (observed: object) => contractEvents(reset, observed as never).find(({ type }) => type === 'RR')?.rate
    expect(rate({ LPR: [[d('2024-06-01'), 0.03], [d('2024-07-02'), 0.09]] })).toBeCloseTo(0.07, 12) // prettier-ignore
    expect(rate({})).toBeCloseTo(0.01, 12)
  })
  it('says what is missing', () => {
    const { maturityDate: _end, ...open } = pam
    expect(() => contractEvents(open)).toThrow('MISSING_TERM')
    expect(() => contractEvents({ ...open, contractType: 'NAM', cycleOfPrincipalRedemption: 'P1ML0' })).toThrow()
  })
})
