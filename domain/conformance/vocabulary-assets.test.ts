/** Words of VOCABULARY.md that no given case uses; expected figures worked out by hand (the arithmetic is beside them). */
import { describe, expect, it } from 'vitest'
import { outcomeLine, runCase } from './run.ts'

const file = { profile: 'hastructure', compare: { tolerance: 1e-9 } }
const passes = (input: Record<string, unknown>, expected: unknown, tolerance?: Record<string, number>): void => {
  const line = outcomeLine(runCase({ id: 'case', input, expected, ...(tolerance && { tolerance }) }, file))
  expect(line).toBe('PASS case')
}
const projected = (asset: Record<string, unknown>, more: Record<string, unknown>, result: unknown): void =>
  passes({ compute: 'projectAsset', items: [{ asset, ...more }] }, { results: [result] })

const range = (rangeType: string, pattern: unknown, start = '2024-01-01', end = '2024-12-31') => ({
  op: 'range',
  rangeType,
  pattern,
  start,
  end,
})

describe('dates', () => {
  it('QuarterFirst, QuarterEnd, YearFirst, YearEnd, monthDay, custom', () => {
    passes(
      {
        compute: 'dates',
        items: [
          range('NO_IE', 'QuarterFirst'),
          range('NO_IE', 'QuarterEnd'),
          range('NO_IE', 'YearFirst'),
          range('NO_IE', 'YearEnd'),
          range('NO_IE', { monthDay: [2, 29] }, '2023-01-01', '2024-12-31'),
          range('NO_IE', { custom: ['2024-05-02', '2023-01-01', '2024-03-01'] }),
        ],
      },
      {
        values: [
          ['2024-03-01', '2024-06-01', '2024-09-01', '2024-12-01'],
          ['2024-03-31', '2024-06-30', '2024-09-30', '2024-12-31'],
          ['2024-01-01'],
          ['2024-12-31'],
          ['2023-02-28', '2024-02-29'],
          ['2024-03-01', '2024-05-02'],
        ],
      },
    )
  })
  it('all, exclude and remove, offsetDays (past the end of the range), II, EE', () => {
    passes(
      {
        compute: 'dates',
        items: [
          range('NO_IE', { all: ['QuarterEnd', { custom: ['2024-03-31', '2024-02-15'] }] }, '2024-01-01', '2024-06-30'),
          range('NO_IE', { exclude: 'MonthEnd', remove: ['QuarterEnd'] }, '2024-01-01', '2024-06-30'),
          range('NO_IE', { offsetDays: 5, of: 'MonthEnd' }, '2024-01-01', '2024-02-29'),
          range('II', 'MonthEnd', '2024-01-15', '2024-02-15'),
          range('EE', 'MonthEnd', '2024-01-31', '2024-03-31'),
        ],
      },
      {
        values: [
          ['2024-02-15', '2024-03-31', '2024-06-30'],
          ['2024-01-31', '2024-02-29', '2024-04-30', '2024-05-31'],
          ['2024-02-05', '2024-03-05'],
          ['2024-01-15', '2024-01-31', '2024-02-15'],
          ['2024-02-29'],
        ],
      },
    )
  })
  it('dealDates of a running deal', () => {
    const dates = {
      type: 'current',
      stated: '2024-05-01',
      collectPattern: 'MonthEnd',
      payPattern: { dayOfMonth: 10 },
      lastCollect: '2024-01-31',
      lastPay: '2024-02-10',
      nextCollect: '2024-02-29',
      nextPay: '2024-03-10',
    }
    passes(
      { compute: 'dealDates', dates },
      {
        startDate: '2024-01-31',
        firstPayDate: '2024-03-10',
        collectionDates: ['2024-02-29', '2024-03-31', '2024-04-30'],
        payDates: ['2024-03-10', '2024-04-10'],
        endDate: '2024-05-01',
      },
    )
  })
})

describe('numbers', () => {
  it('periodSpeed, levelPayment, roundTo', () => {
    // 1 − 0.9^(31/365)
    passes(
      { compute: 'periodSpeed', items: [{ annual: 0.1, days: 31 }, { annual: 0.1, days: 365 }] }, // prettier-ignore
      { values: [0.008908509337724912, 0.1] },
      { '': 1e-12 },
    )
    passes(
      {
        compute: 'levelPayment',
        items: [
          { balance: 12_000, periodRate: 0.005, periods: 12 },
          { balance: 100, periodRate: 0, periods: 3 },
        ],
      },
      { values: [1032.79, 33.33] },
    )
    passes(
      {
        compute: 'roundTo',
        items: [
          { mode: 'floor', step: 0.25, x: 1.37 },
          { mode: 'ceil', step: 0.25, x: 1.37 },
          { mode: 'floor', step: 0.05, x: -0.12 },
          { mode: 'ceil', step: 0.1, x: 0.3 },
        ],
      },
      { values: [1.25, 1.5, -0.15, 0.3] },
    )
  })
  it('a fortnight has no period rate', () => {
    const input = { compute: 'periodRate', items: [{ period: 'BiWeekly', annual: 0.05 }] }
    expect(outcomeLine(runCase({ id: 'c', input, expected: {} }, file))).toContain('FAIL c: NO_PERIOD_RATE')
  })
  it('step and threshold curves, inclusive and exclusive; an operator <', () => {
    const points = [['2024-01-10', 1], ['2024-02-10', 2]] // prettier-ignore
    const at = ['2024-01-09', '2024-01-10', '2024-02-10', '2024-03-01']
    passes(
      {
        compute: 'curve',
        items: [
          { kind: 'step', points, lookup: 'inclusive', at },
          { kind: 'step', points, lookup: 'exclusive', at },
          { kind: 'threshold', points, lookup: 'inclusive', at },
        ],
      },
      { values: [[0, 1, 2, 2], [0, 0, 1, 2], [1, 1, 2, 2]] }, // prettier-ignore
    )
    const test = { left: 'key', op: '<', right: 12 }
    passes(
      { compute: 'tableLookup', rows: [[5, 1], [10, 2], [15, 3]], lookups: [{ scan: 'up', test }], intervals: [{ scan: 'up', test }] }, // prettier-ignore
      { values: [2], intervals: [[[10, 2], [5, 1]]] }, // prettier-ignore
    )
  })
})

const terms = { originBalance: 1000, currentBalance: 1000, freq: 'Monthly', originDate: '2024-01-01' }
const interestOnly = { ...terms, assetType: 'Mortgage', originTerm: 3, remainingTerm: 3, originRate: 0, amortization: { type: 'I_P' } } // prettier-ignore

describe('assets', () => {
  it('AdjustRateMortgage: first reset within its cap, later ones within theirs', () => {
    // 6 % /12 = 0.005; 6 + 2 = 8 % → 0.006666; min(10 %, 8 + 1 %) = 9 % → 0.0075
    projected(
      {
        assetType: 'AdjustRateMortgage',
        ...terms,
        originBalance: 1200,
        currentBalance: 1200,
        originTerm: 3,
        remainingTerm: 3,
        originRate: { index: 'I', spread: 0.01, initial: 0.06, resetPattern: 'MonthFirst' },
        amortization: { type: 'I_P' },
        arm: { initPeriods: 1, firstResetCap: 0.02, periodicCap: 0.01, lifeCap: 0.5, lifeFloor: 0.01 },
      },
      { asOf: '2024-01-01', indexCurves: { I: [['2024-01-01', 0.09]] } },
      {
        rowsAt: {
          '1': { interest: 6, rate: 0.06 },
          '2': { interest: 7.99, rate: 0.08 },
          '3': { interest: 9, rate: 0.09, principal: 1200, balance: 0 },
        },
      },
    )
  })
  it('Loan with a Schedule: its own dates, no freq', () => {
    // 100 · 31/365 · 12 % = 1.0191; 60 · 60/365 · 12 % = 1.1835
    projected(
      {
        assetType: 'Loan',
        originBalance: 100,
        currentBalance: 100,
        originTerm: 2,
        remainingTerm: 2,
        originDate: '2024-01-01',
        originRate: 0.12,
        dayCount: 'ACT_365F',
        amortization: { type: 'Schedule', principal: [['2024-02-01', 40], ['2024-04-01', 60]] }, // prettier-ignore
      },
      { asOf: '2024-01-01' },
      {
        schedule: {
          columns: ['date', 'balance', 'principal', 'interest'],
          rows: [['2024-01-01', 100, 0, 0], ['2024-02-01', 60, 40, 1.01], ['2024-04-01', 0, 60, 1.18]], // prettier-ignore
        },
      },
    )
  })
  it('Installment PO_FirstN: no fee in the first periods of the original term', () => {
    projected(
      { assetType: 'Installment', originBalance: 100, currentBalance: 75, originTerm: 4, remainingTerm: 3, freq: 'Monthly', originDate: '2024-01-01', feeRatePerPeriod: 0.01, amortization: { type: 'PO_FirstN', periods: 2 } }, // prettier-ignore
      { asOf: '2024-02-02' },
      { rowsAt: { '0': { principal: 25, interest: 0 }, '1': { interest: 1 }, '2': { interest: 1, balance: 0 } } },
    )
  })
  it('Lease with a step-up: one multiplier, or one a period', () => {
    const lease = { assetType: 'Lease', originDate: '2023-01-01', originTerm: 3, remainingTerm: 3, rentalPerDay: 1.05, payPattern: 'MonthEnd' } // prettier-ignore
    // 30, 28, 31 days at 1.05, 1.15 (1.155 floored), 1.26 (1.265 floored)
    projected({ ...lease, stepUp: { multiplier: 1.1 } }, { asOf: '2023-01-01' }, { rowsAt: { '1': { rental: 31.5 }, '2': { rental: 32.2 }, '3': { rental: 39.06, balance: 0 } }, openingBalance: 102.76 }) // prettier-ignore
    projected({ ...lease, stepUp: { multipliers: [2, 0.5] } }, { asOf: '2023-01-01' }, { rowsAt: { '1': { rental: 31.5 }, '2': { rental: 58.8 }, '3': { rental: 32.55 } } }) // prettier-ignore
  })
  it('Lease renewal with a rent that grows', () => {
    // Ends 2023-03-31, next starts 2023-04-11 (gap 10): 100 days after; 1 · (1 + 0.365 · 100/365) = 1.10
    projected(
      { assetType: 'Lease', originDate: '2023-01-01', originTerm: 3, remainingTerm: 3, rentalPerDay: 1, payPattern: 'MonthEnd' }, // prettier-ignore
      {
        asOf: '2023-01-01',
        assumption: { renewal: { gapDays: 10, rentChangeAnnual: 0.365, endByDate: '2023-05-01' } },
      },
      { rowCount: 7, rowsAt: { '4': { date: '2023-04-30', rental: 20.9 }, '5': { rental: 34.1 } } },
    )
  })
  it('FixedAsset doubleDeclining, never below the residual', () => {
    const asset = { assetType: 'FixedAsset', originDate: '2024-01-01', originBalance: 1000, currentBalance: 1000, residualBalance: 100, originTerm: 5, remainingTerm: 5, freq: 'Annually', capacity: 10.9, utilization: [['2024-01-01', 0.5]], price: [['2024-01-01', 2.5]], extendPeriods: 0, method: 'doubleDeclining' } // prettier-ignore
    projected(
      asset,
      {},
      { schedule: { columns: ['balance', 'newDepreciation', 'units', 'cash'], rows: [[600, 400, 5, 12.5], [360, 240, 5, 12.5], [216, 144, 5, 12.5], [129.6, 86.4, 5, 12.5], [100, 29.6, 5, 12.5]] } }, // prettier-ignore
    )
  })
})

describe('assumptions', () => {
  it('defaultByAmount, and the whole balance where that is less', () => {
    const planned = (total: number, split: number[]) => ({ assumption: { defaultByAmount: { total, split } } })
    const rows = (values: number[]) => ({ schedule: { columns: ['default'], rows: [[0], ...values.map((v) => [v])] } })
    projected(interestOnly, planned(100, [0.5, 0.5]), rows([50, 50, 0]))
    projected(interestOnly, planned(2000, [0.25, 0.75]), rows([500, 500]))
  })
  it('defaultAtEndByRate: the last rate over the whole horizon', () => {
    // floor(1000 · (1 − 0.9^(366/365))) = 100.25; floor(899.75 · (1 − 0.8^(731/365))) = 324.26
    projected(
      { ...interestOnly, freq: 'Annually', originTerm: 2, remainingTerm: 2 },
      { assumption: { defaultAtEndByRate: { CDR: 0.1, lastCDR: 0.2 } } },
      { rowsAt: { '1': { default: 100.25 }, '2': { default: 324.26, principal: 575.49 } } },
    )
  })
  it('recovery by timing: shares in the row of the default and after, the loss with the last', () => {
    projected(
      interestOnly,
      { assumption: { CDR: 0.1, recovery: { rate: 0.5, timing: [0.2, 0.8] } } },
      { schedule: { columns: ['default', 'recovery', 'loss'], rows: [[0, 0, 0], [8.9, 0.89, 0], [8.26, 4.38, 4.45], [8.75, 4.17, 4.13], [0, 3.49, 4.37]] } }, // prettier-ignore
    )
  })
})

describe('flows', () => {
  it('aggregateByDates: buckets (previous, cutoff], empty ones keep the balance', () => {
    passes(
      {
        compute: 'aggregateByDates',
        columns: ['date', 'balance', 'principal', 'rate'],
        rows: [['2024-01-10', 90, 10, 0.05], ['2024-01-31', 80, 10, 0.06], ['2024-03-05', 70, 10, 0.06], ['2024-04-01', 60, 10, 0.06]], // prettier-ignore
        items: [{ cutoffs: ['2024-01-31', '2024-02-29', '2024-03-31'] }],
      },
      { values: [[['2024-01-31', 80, 20, 0.06], ['2024-02-29', 80, 0, 0.06], ['2024-03-31', 70, 10, 0.06]]] }, // prettier-ignore
    )
  })
  it('haircut floors what is left of each named field', () => {
    passes(
      { compute: 'haircut', row: { interest: 10.01, principal: 100 }, items: [{ interest: 0.5 }, { principal: 0.1 }] },
      { values: [{ interest: 5 }, { principal: 90 }] },
    )
  })
  it('projectSchedule: delinquency that is decided a row later', () => {
    // r1 = 1 − 0.5^(30/365) = 0.055378, r2 = 1 − 0.5^(29/365) = 0.053582; row 2: 54.47 − 2.91 − 56.67 leaves nothing
    // (principal is scaled by the EARLIER rows alone). What performs again: 4.14/100 of the schedule (1.65, then 2.48) and,
    // a row later, 2.18/54.47 of its last row (60 · 0.040022 = 2.40); open between: 2.48 + 2.40.
    passes(
      {
        compute: 'projectSchedule',
        flows: { columns: ['date', 'balance', 'principal', 'interest', 'rate'], rows: [['2024-01-31', 60, 40, 1, 0.1], ['2024-02-29', 0, 60, 0.6, 0.1]] }, // prettier-ignore
        asOf: '2024-01-01',
        extendPattern: 'MonthEnd',
        items: [{ assumption: { delinquency: { CDR: 0.5, lag: 1, defaultShare: 0.25 } } }],
      },
      {
        results: [
          {
            openingBalance: 100,
            schedule: {
              columns: ['date', 'balance', 'principal', 'interest', 'delinquent', 'default', 'loss'],
              rows: [
                ['2024-01-31', 54.47, 40, 1, 5.53, 0, 0],
                ['2024-02-29', 4.88, 58.32, 0.6, 2.91, 1.38, 1.38],
                ['2024-03-31', 0, 4.88, 0.04, 0, 0.72, 0.72],
              ],
            },
          },
        ],
      },
    )
  })
})

describe('valuation', () => {
  it('duration and convexity of two flows', () => {
    // PVs 45.45 and 49.58 at 1 and 2 years
    const flows = [['2025-01-01', 50], ['2026-01-01', 60]] // prettier-ignore
    const asked = { asOf: '2024-01-02', items: [{ flows, rate: 0.1 }] }
    passes({ compute: 'duration', ...asked }, { values: [1.521729980006314] }, { '': 1e-9 })
    passes({ compute: 'convexity', ...asked }, { values: [3.3780524468229314] }, { '': 1e-9 })
  })
  it('assetPrice: with accrued interest, and with it taken off the first interest', () => {
    // Cash 0.81, 0.76, 120.81 after 17, 46 and 77 days at 5 %; accrued 120 · 8 % · 14/365 = 0.36
    const asset = { assetType: 'Loan', originBalance: 120, currentBalance: 120, originTerm: 3, remainingTerm: 3, freq: 'Monthly', originDate: '2024-01-01', originRate: 0.08, dayCount: 'ACT_365F', amortization: { type: 'I_P' } } // prettier-ignore
    const at = { pricingDate: '2024-01-15', discountRate: 0.05 }
    passes(
      {
        compute: 'assetPrice',
        asset,
        items: [
          { ...at, includeAccrued: true },
          { ...at, includeAccrued: false },
        ],
      },
      {
        results: [
          { valuation: 121.12, wal: 0.21, accruedInterest: 0.36, duration: 0.2093472340348528, convexity: 0.22985010131998626 }, // prettier-ignore
          { valuation: 120.76, duration: 0.209832476507235, flows: { columns: ['date', 'interest'], rows: [['2024-02-01', 0.45], ['2024-03-01', 0.76], ['2024-04-01', 0.81]] } }, // prettier-ignore
        ],
      },
      { '/results/*/duration': 1e-9, '/results/*/convexity': 1e-9 },
    )
  })
})
