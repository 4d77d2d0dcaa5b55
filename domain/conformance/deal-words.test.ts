// Every word of the vocabulary's deal side that no given case uses, each with figures worked out by hand here.
import { describe, expect, it } from 'vitest'
import { runCase } from './run.ts'
import { A, accrue, amortizing, bond, compute, deal, general, rows, type Json } from './small-deal.ts'

describe('bond interest', () => {
  it('CalcBondInt accrues, PayInt pays: 90,000 · 4 % · 45 / 365', () => {
    const waterfall = amortizing(accrue, { action: 'PayInt', from: 'General', bonds: ['A'] })
    expect(bond({ waterfall })).toEqual([['2022-02-15', 90000, 443.83, 0, 0.04, 443.83, 0, 0]])
  })
  it('coupons and PayIntByRateIndex: one strip of several', () => {
    const { rate: _, ...rest } = A
    const coupons = [
      { fix: 0.04, dayCount: 'ACT_365F' },
      { fix: 0.01, dayCount: 'ACT_365F' },
    ]
    const waterfall = amortizing(accrue, { action: 'PayIntByRateIndex', from: 'General', bonds: ['A'], coupon: 1 })
    expect(bond({ bonds: { A: { ...rest, coupons } }, waterfall })).toEqual([
      ['2022-02-15', 90000, 110.95, 0, 0.05, 110.95, 443.83, 0],
    ])
  })
  it('interestOnInterest: 443.83 · (4 % + 1 %) · 28 / 365', () => {
    const rate = { fix: 0.04, dayCount: 'ACT_365F', interestOnInterest: { spread: 0.01 } }
    const parts = {
      accounts: { General: { balance: 0 } },
      bonds: { A: { ...A, rate } },
      waterfall: amortizing({ action: 'AccrueAndPayInt', from: 'General', bonds: ['A'] }),
    }
    // 600 collected on 2022-02-28; 1.70 + 443.83 + 276.16 = 721.69 is due on 2022-03-15.
    expect(bond(parts)).toEqual([['2022-03-15', 90000, 600, 0, 0.04, 600, 121.69, 0]])
  })
  it('ref and factor: half the pool’s rate from the reset on', () => {
    const rate = {
      ref: { stat: 'poolWeightedRate' },
      factor: 0.5,
      resetPattern: 'MonthEnd',
      initial: 0.04,
      dayCount: 'ACT_365F',
    }
    const waterfall = amortizing({ action: 'AccrueAndPayInt', from: 'General', bonds: ['A'] })
    // 30 days at 4 % (295.89), 15 days at 3 % (110.95), and 3 % on the 295.89 that the reset left due (0.36, C9).
    expect(bond({ bonds: { A: { ...A, rate } }, waterfall })).toEqual([
      ['2022-02-15', 90000, 407.2, 0, 0.03, 407.2, 0, 0],
    ])
  })
  it('IO: on a notional, no principal due', () => {
    const bonds = {
      A,
      X: { type: 'IO', balance: 0, rate: { fix: 0.02, dayCount: 'ACT_365F', notional: 50000 } },
    }
    const waterfall = amortizing(
      { action: 'AccrueAndPayInt', from: 'General', bonds: ['X'] },
      { action: 'PayPrin', from: 'General', bonds: ['X'] },
    )
    expect(bond({ bonds, waterfall }, 'X')).toEqual([['2022-02-15', 0, 123.28, 0, 0.02, 123.28, 0, 0]])
  })
})

describe('bond principal', () => {
  it('PAC: down to the last target', () => {
    const { accrueFrom, rate, balance } = A
    const targets = [
      ['2022-02-15', 89500],
      ['2022-03-15', 89200],
    ]
    const bonds = { A: { type: 'PAC', balance, rate, accrueFrom, targets } }
    const waterfall = amortizing({ action: 'PayPrin', from: 'General', bonds: ['A'] })
    expect(bond({ bonds, waterfall }, 'A', 3).map((row) => (row as unknown[]).slice(0, 4))).toEqual([
      ['2022-02-15', 89500, 0, 500],
      ['2022-03-15', 89200, 0, 300],
    ])
  })
  it('groups: interest and principal among the members, the residue to the first', () => {
    const { type, rate, accrueFrom } = A
    const member = (balance: number) => ({ type, rate, accrueFrom, balance })
    const bonds = { G: { type: 'Group', members: { A1: member(60000), A2: member(30000) } } }
    const accounts = { General: { balance: 100 } }
    const pay = (action: string) => amortizing({ action, from: 'General', group: 'G', order: 'proRata' })
    // Dues 295.89 and 147.94 share 100: floors 66.66 and 33.33.
    expect(bond({ accounts, bonds, waterfall: pay('AccrueAndPayIntGroup') }, 'A1')).toEqual([
      ['2022-02-15', 60000, 66.67, 0, 0.04, 66.67, 229.22, 0],
    ])
    expect(bond({ accounts, bonds, waterfall: pay('PayPrinGroup') }, 'A2')).toEqual([
      ['2022-02-15', 29966.67, 0, 33.33, 0.04, 33.33, 0, 0],
    ])
  })
  it('WriteOff: interest accrues first, no cash', () => {
    const waterfall = { Amortizing: [{ action: 'WriteOff', bond: 'A', amount: 500 }] }
    expect(bond({ waterfall })).toEqual([['2022-02-15', 89500, 0, 0, 0.04, 0, 443.83, 0]])
  })
  it('FundWith: the balance rises and the account receives', () => {
    const waterfall = amortizing({ action: 'FundWith', to: 'General', bond: 'A', amount: 250 })
    expect(bond({ waterfall })).toEqual([['2022-02-15', 90250, 0, -250, 0.04, 0, 443.83, 0]])
    expect(general({ waterfall })).toEqual([['2022-02-15', 1250, 250]])
  })
})

describe('cash', () => {
  it('split: shares floored', () => {
    const accounts = { General: { balance: 0 }, Other: { balance: 0 } }
    const split = [
      { share: 0.333333, account: 'General' },
      { share: 0.666667, account: 'Other' },
    ]
    const parts = { accounts, collection: [{ source: 'CollectedInterest', split }] }
    expect(general(parts)).toEqual([['2022-02-28', 199.99, 199.99]])
    expect(rows(parts, ['accounts', 'Other', 'txns'])).toEqual([['2022-02-28', 400, 400]])
  })
  it('LiquidatePool: 90 % of what performs, and nothing is collected after', () => {
    const waterfall = amortizing({ action: 'LiquidatePool', to: 'General', price: { performing: 0.9, defaulted: 0.1 } })
    expect(general({ waterfall }, 5)).toEqual([['2022-02-15', 109000, 108000]])
  })
  it('call and CleanUp: instead of the day’s list, then the run ends', () => {
    const result = compute(
      'runDeal',
      deal({
        call: { if: { left: { stat: 'poolFactor' }, op: '<', right: 1.5 }, when: 'beforeWaterfall' },
        waterfall: { Amortizing: [], CleanUp: [{ action: 'PayPrin', from: 'General', bonds: ['A'] }] },
      }),
    )
    expect(result['events']).toEqual([
      { event: 'StatusChange', date: '2022-02-15', from: 'Amortizing', to: 'Called', why: 'call' },
      { event: 'EndRun', date: '2022-02-15', why: 'called' },
    ])
    expect(result['finalStatus']).toBe('Called')
    expect((result['bonds'] as { A: Json }).A['finalBalance']).toBe(89000)
  })
  it('stop: events of that date and later do not happen', () => {
    const result = compute('runDeal', deal({ stop: '2022-02-28' }))
    expect(result['events']).toEqual([{ event: 'EndRun', date: '2022-02-28', why: 'stopDate' }])
    expect((result['pools'] as { P: { rows: unknown[] } }).P.rows).toHaveLength(1)
  })
  it('poolFactor, poolWeightedRate and dueInterest, asked for on dates', () => {
    const inspect = {
      pattern: { custom: ['2022-07-31'] },
      formulas: {
        factor: { stat: 'poolFactor' },
        rate: { stat: 'poolWeightedRate' },
        due: { stat: 'dueInterest', bonds: ['A'] },
      },
    }
    const parts = { inspect, waterfall: amortizing(accrue), accounts: { General: { balance: 0 } } }
    expect(rows(parts, ['inspections', 'factor'], 2)).toEqual([
      ['2022-01-01', 1],
      ['2022-07-31', 0],
    ])
    expect(rows(parts, ['inspections', 'rate'], 2)).toEqual([
      ['2022-01-01', 0.06],
      ['2022-07-31', 0.06],
    ])
    // 443.83 + 276.16 + 305.75 + 295.89 + 305.75 + 295.89 by 2022-07-15.
    expect(rows(parts, ['inspections', 'due'], 2)).toEqual([
      ['2022-01-01', 0],
      ['2022-07-31', 1923.27],
    ])
  })
})

describe('facilities and hedges', () => {
  const facility = { type: 'fixed', credit: 1000, drawnRate: 0.05, unusedPremiumRate: 0.01, start: '2022-01-01' }
  it('LiqAccrue, LiqSupport, LiqRepay', () => {
    const parts = {
      accounts: { General: { balance: 0 } },
      liquidity: { L: facility },
      waterfall: amortizing(
        { action: 'LiqAccrue', facilities: ['L'] },
        accrue,
        { action: 'LiqSupport', facility: 'L', pay: 'bondInterest', bonds: ['A'] },
        { action: 'LiqRepay', from: 'General', facility: 'L', order: ['premium', 'interest', 'balance'] },
      ),
    }
    expect(rows(parts, ['liquidity', 'L'], 8)).toEqual([
      ['2022-01-01', 1000, 0, 0, 0, 0, 'open'],
      ['2022-02-15', 1000, 0, 0, 1.23, 0, 'accrue'],
      ['2022-02-15', 556.17, 443.83, 0, 1.23, -443.83, 'draw'],
      ['2022-03-15', 556.17, 443.83, 1.7, 1.65, 0, 'accrue'],
      ['2022-03-15', 280.01, 719.99, 1.7, 1.65, -276.16, 'draw'],
      ['2022-03-15', 280.01, 719.99, 1.7, 0, 1.65, 'repayPremium'],
      ['2022-03-15', 280.01, 719.99, 0, 0, 1.7, 'repayInterest'],
      ['2022-03-15', 280.01, 123.34, 0, 0, 596.65, 'repayBalance'],
    ])
    expect(bond(parts, 'A', 2).map((row) => (row as unknown[])[2])).toEqual([443.83, 276.16])
    expect(general(parts, 2)).toEqual([
      ['2022-02-28', 600, 600],
      ['2022-03-15', 0, -600],
    ])
  })
  it('LiqSupport with a limit', () => {
    const waterfall = amortizing(accrue, {
      action: 'LiqSupport',
      facility: 'L',
      pay: 'bondInterest',
      bonds: ['A'],
      limit: 100,
    })
    expect(bond({ liquidity: { L: facility }, waterfall })).toEqual([
      ['2022-02-15', 90000, 100, 0, 0.04, 100, 343.83, 0],
    ])
  })
  const curves = { indexCurves: { LPR: [['2021-01-01', 0.04]] } }
  const swap = (pay: number) => ({
    pay: { fix: pay },
    receive: { index: 'LPR', spread: 0 },
    notional: 100000,
    accruePattern: 'MonthEnd',
    dayCount: 'ACT_365F',
    start: '2022-01-01',
  })
  it('SwapSettle: receives a positive net whole', () => {
    const parts = {
      ...curves,
      swaps: { S: swap(0.03) },
      waterfall: amortizing({ action: 'SwapSettle', account: 'General', swap: 'S' }),
    }
    expect(rows(parts, ['swaps', 'S', 'accruals'], 2)).toEqual([
      ['2022-01-31', 100000, 82.19, 0.03, 0.04, 82.19],
      ['2022-02-28', 100000, 76.71, 0.03, 0.04, 76.71],
    ])
    expect(rows(parts, ['swaps', 'S', 'settlements'])).toEqual([['2022-02-15', 82.19]])
    expect(general(parts)).toEqual([['2022-02-15', 1082.19, 82.19]])
  })
  it('autoSettle: pays a negative net as far as the account reaches, the rest stays', () => {
    const autoSettle = { pattern: { custom: ['2022-01-31'] }, account: 'General' }
    const parts = { ...curves, accounts: { General: { balance: 50 } }, swaps: { S: { ...swap(0.05), autoSettle } } }
    expect(rows(parts, ['swaps', 'S', 'settlements'])).toEqual([['2022-01-31', -50]])
    // −82.20 after the floor, −32.20 after the settlement, −108.92 after the next accrual of −76.72.
    expect(rows(parts, ['swaps', 'S', 'accruals'], 2).map((row) => (row as unknown[])[5])).toEqual([-82.2, -108.92])
  })
  it('CollectRateCap: index above strike', () => {
    const rateCaps = {
      C: {
        index: 'LPR',
        strike: [['2021-01-01', 0.03]],
        notional: 100000,
        accruePattern: 'MonthEnd',
        start: '2022-01-01',
        end: '2022-02-15',
      },
    }
    const parts = {
      ...curves,
      rateCaps,
      waterfall: amortizing({ action: 'CollectRateCap', to: 'General', rateCap: 'C' }),
    }
    expect(rows(parts, ['rateCaps', 'C', 'accruals'], 3)).toEqual([['2022-01-31', 82.19]])
    expect(rows(parts, ['rateCaps', 'C', 'settlements'], 2)).toEqual([['2022-02-15', 82.19]])
  })
})

describe('reports', () => {
  it('balance sheet at the date and cash of the period', () => {
    const waterfall = amortizing({ action: 'AccrueAndPayInt', from: 'General', bonds: ['A'] })
    const { reports } = compute('runDeal', deal({ waterfall, reports: { pattern: 'MonthEnd' } })) as { reports: Json[] }
    expect(reports[0]).toMatchObject({
      from: '2022-01-01',
      to: '2022-01-31',
      balanceSheet: {
        assets: {
          accounts: { General: { balance: 1000, accruedInterest: 0 } },
          pools: { P: { performing: 120000, defaulted: 0, recovery: 0 } },
        },
        liabilities: { bonds: { A: { balance: 90000, dueInterest: 295.89 } } },
        netAsset: 30704.11,
      },
      cashFlow: { net: 0 },
    })
    expect(reports[1]).toMatchObject({
      from: '2022-01-31',
      to: '2022-02-28',
      cashFlow: {
        inflow: { columns: ['action', 'target', 'amount'], rows: [['CollectedCash', 'General', 600]] },
        outflow: { rows: [['AccrueAndPayInt', 'A', 443.83]] },
        net: 156.17,
      },
    })
  })
})

describe('computations of their own', () => {
  it('reserveTarget: share, amount, greatest', () => {
    const target = { max: [{ fixed: 150 }, { pct: 0.01, of: { stat: 'poolBalance' } }] }
    const accounts = { R: { balance: 100, target }, S: { balance: 500, target: { fixed: 300 } } }
    expect(compute('reserveTarget', { accounts, poolBalance: 20000.55 })).toEqual({
      target: { R: 200, S: 300 },
      gap: { R: 100, S: 0 },
    })
  })
  it('liquidityAccrual: over the spells of the history', () => {
    const history = {
      columns: ['date', 'credit', 'drawn', 'dueInt', 'duePremium'],
      rows: [
        ['2022-01-01', 1000, 0, 0, 0],
        ['2022-01-15', 600, 400, 0, 0],
      ],
    }
    const item = { drawn: 400, credit: 600, dueInt: 1, duePremium: 2, from: '2022-01-01', to: '2022-01-31', history }
    // Drawn 17.53 · 5 %; available (38.35 + 26.30) · 1 %.
    expect(compute('liquidityAccrual', { drawnRate: 0.05, unusedPremiumRate: 0.01, items: [item] })).toEqual({
      accrued: [{ int: 0.87, premium: 0.64 }],
      due: [{ int: 1.87, premium: 2.64 }],
    })
  })
  it('consolidateBondRows: principal added, balance and factor of the later', () => {
    const pairs = [
      { earlier: { balance: 90, principal: 10, factor: 0.9 }, later: { balance: 85, principal: 5, factor: 0.85 } },
    ]
    expect(compute('consolidateBondRows', { date: '2022-01-01', pairs })).toMatchObject({
      values: [{ balance: 85, principal: 15, factor: 0.85 }],
    })
  })
  it('triggerStatus: the last status set', () => {
    const trigger = (right: string, setStatus: string) => ({
      if: { left: { stat: 'date' }, op: '>=', right },
      then: { setStatus },
      curable: false,
    })
    const triggers = {
      beforeWaterfall: { a: trigger('2022-02-15', 'Amortizing'), b: trigger('2022-03-15', 'Accelerated') },
    }
    const input = (last: string) => ({ status: 'Revolving', triggers, payDates: ['2022-01-15', last] })
    expect(compute('triggerStatus', input('2022-02-15'))).toEqual({ finalStatus: 'Amortizing' })
    expect(compute('triggerStatus', input('2022-03-15'))).toEqual({ finalStatus: 'Accelerated' })
  })
})

describe('unknown words', () => {
  const verdict = (input: Json): string =>
    runCase(
      { id: 'x', input: { compute: 'runDeal', ...input }, expected: {} },
      { profile: 'hastructure', compare: { tolerance: 0 } },
    ).detail
  it('are named with their pointer', () => {
    expect(verdict(deal({ bonds: { A: { ...A, balloon: 1 } } }))).toBe('/input/bonds/A/balloon unknown key')
    expect(verdict(deal({ waterfall: amortizing({ action: 'PayDividend', from: 'General' }) }))).toContain(
      '/input/waterfall/Amortizing/0/action unknown word',
    )
    expect(verdict(deal({ waterfall: amortizing({ ...accrue, from: 'General' }) }))).toBe(
      '/input/waterfall/Amortizing/0/from unknown key',
    )
  })
})
