// Places where the vocabulary can be misread, with figures worked out by hand.
import { describe, expect, it } from 'vitest'
import { accrue, amortizing, compute, deal, rows, type Json } from './small-deal.ts'

describe('readings of the vocabulary in a run', () => {
  const feb = { left: { stat: 'date' }, op: '<', right: '2022-03-01' }
  const events = (parts: Json) => (compute('runDeal', deal(parts))['events'] as Json[]).slice(-1)[0]

  it('stop after the last event and before stated maturity ends the run there', () => {
    const dates = { ...(deal({})['dates'] as Json), payPattern: { custom: [] }, collectPattern: { custom: [] } }
    expect(events({ dates, stop: '2022-12-30' })).toEqual({ event: 'EndRun', date: '2022-12-30', why: 'stopDate' })
    expect(events({ dates })).toEqual({ event: 'EndRun', date: '2023-01-01', why: 'statedMaturity' })
  })

  it('a swap that started before the deal accrues on its own dates', () => {
    const swap = { pay: { fix: 0.03 }, receive: { fix: 0.04 }, notional: 36500, dayCount: 'ACT_365F' }
    const swaps = { S: { ...swap, accruePattern: 'MonthEnd', start: '2021-11-30' } }
    expect(rows({ swaps }, ['swaps', 'S', 'accruals'], 2)).toEqual([
      ['2021-12-31', 36500, 31, 0.03, 0.04, 31],
      ['2022-01-31', 36500, 31, 0.03, 0.04, 62],
    ])
  })

  it('poolDefaultedBalance: of the assets in default, whatever the others do', () => {
    const { pools } = deal({}) as { pools: { P: { assets: Json[]; asOf: string } } }
    const bad = { ...pools.P.assets[0]!, assetType: 'Mortgage', currentBalance: 500, status: { defaulted: null } }
    const parts = {
      pools: { P: { ...pools.P, assets: [...pools.P.assets, bad] } },
      assumption: { CDR: 0.1, recovery: { rate: 0.5, lag: 3 } },
      inspect: { pattern: { custom: ['2022-04-30'] }, formulas: { x: { stat: 'poolDefaultedBalance' } } },
    }
    expect(rows(parts, ['inspections', 'x'], 2)).toEqual([
      ['2022-01-01', 500],
      ['2022-04-30', 500],
    ])
  })

  it('a curable trigger acts at every test that finds it true; one day is one change', () => {
    const on = (date: string, setStatus: string, curable: boolean) => ({
      if: { left: { stat: 'date' }, op: '>=', right: date },
      then: { setStatus },
      curable,
    })
    const triggers = {
      beforeWaterfall: { a: on('2022-02-15', 'Accelerated', true), b: on('2022-03-15', 'Amortizing', false) },
    }
    const changes = (compute('runDeal', deal({ triggers }))['events'] as Json[]).slice(0, 3)
    expect(changes.map(({ date, from, to }) => [date, from, to])).toEqual([
      ['2022-02-15', 'Amortizing', 'Accelerated'],
      ['2022-03-15', 'Accelerated', 'Amortizing'],
      ['2022-04-15', 'Amortizing', 'Accelerated'],
    ])
  })

  it('a balance sheet shows interest on unpaid interest too: 443.83 due, 45 days on', () => {
    // 90,000 · 4 % · 45/365 = 443.83 due on 2022-02-15; to 2022-03-31, 44 days: 433.97, and 443.83 · 4 % · 44/365 = 2.14.
    const parts = {
      waterfall: { Amortizing: [{ action: 'IfElse', if: feb, then: [accrue], else: [] }] },
      reports: { pattern: 'QuarterEnd' },
    }
    const [report] = compute('runDeal', deal(parts))['reports'] as [
      { balanceSheet: { liabilities: { bonds: { A: Json } } } },
    ]
    expect(report.balanceSheet.liabilities.bonds.A['dueInterest']).toBe(879.94)
  })

  it('LiqAccrue twice on a day: a row of its own, nothing more due', () => {
    const liquidity = {
      L: { type: 'fixed', credit: 1000, drawnRate: 0.05, unusedPremiumRate: 0.01, start: '2022-01-01' },
    }
    const step = { action: 'LiqAccrue', facilities: ['L'] }
    const table = rows({ liquidity, waterfall: amortizing(step, step) }, ['liquidity', 'L'], 3)
    expect(table[1]).toEqual(['2022-02-15', 1000, 0, 0, 1.23, 0, 'accrue'])
    expect(table[2]).toEqual(table[1])
  })

  it('receivables can be bought: scaled to the cash, due as long after the purchase', () => {
    const receivable = { assetType: 'Receivable', originDate: '2021-01-01', faceValue: 100, advance: 90 }
    const parts = {
      revolvingPool: { constant: [{ ...receivable, dueDate: '2021-01-31' }] },
      waterfall: amortizing({ action: 'BuyAsset', from: 'General', price: { performing: 0.5, defaulted: 0 } }),
    }
    // 1,000 of cash at 0.5 buys a face of 2,000 on 2022-02-15, due 30 days later.
    const collected = rows(parts, ['pools', 'P'], 3)
    expect(collected.map((row) => (row as unknown[]).slice(0, 3))).toEqual([
      ['2022-01-31', 120000, 0],
      ['2022-02-28', 122000, 0],
      ['2022-03-31', 121200, 2000],
    ])
  })

  it('a floating mortgage in default recovers without an index: its rate is the current one', () => {
    const asset = {
      assetType: 'Mortgage',
      originBalance: 1000,
      originTerm: 12,
      freq: 'Monthly',
      originDate: '2022-01-01',
      currentBalance: 500,
      remainingTerm: 6,
      originRate: { index: 'L', spread: 0.01, initial: 0.05, resetPattern: 'YearEnd' },
      currentRate: 0.04,
      amortization: { type: 'Level' },
      status: { defaulted: '2022-03-01' },
    }
    const assumption = { defaultedRecovery: { rate: 0.5, lag: 2, timing: [0.5, 0.5] } }
    const items = [{ asset, asOf: '2022-01-01', assumption }]
    const [{ schedule }] = compute('projectAsset', { items })['results'] as [
      { schedule: { columns: string[]; rows: unknown[][] } },
    ]
    const [date, recovery, rate] = ['date', 'recovery', 'rate'].map((name) => schedule.columns.indexOf(name))
    expect(schedule.rows.map((row) => [row[date!], row[recovery!], row[rate!]])).toEqual([
      ['2022-04-01', 0, 0.04],
      ['2022-05-01', 125, 0.04],
      ['2022-06-01', 125, 0.04],
    ])
  })

  it('names may hold quotes and backslashes', () => {
    const name = 'a"b\\c'
    const parts = {
      accounts: { General: { balance: 1000 }, [name]: { balance: 7, target: { fixed: 9 } } },
      inspect: { pattern: { custom: [] }, formulas: { x: { stat: 'reserveGap', account: name } } },
    }
    expect(rows(parts, ['inspections', 'x'])).toEqual([['2022-01-01', 2]])
  })
})

describe('formulas wherever a formula may stand', () => {
  const pay = (more: Json) => amortizing({ action: 'PayPrin', from: 'General', bonds: ['A'], ...more })
  const paid = (waterfall: Json) => rows({ waterfall }, ['bonds', 'A', 'txns']).map((row) => (row as unknown[])[3])

  it('a list of no names is nobody; without a list everybody is meant', () => {
    const bonds = { A: { type: 'Sequential', balance: 100 }, B: { type: 'Sequential', balance: 50 } }
    const query = [
      { stat: 'bondBalance' },
      { stat: 'bondBalance', bonds: [] },
      { stat: 'bondBalance', bonds: ['B'] },
      { stat: 'originBondBalance', bonds: [] },
      { stat: 'poolBalance', pools: [] },
      { stat: 'collected', sources: [] },
      { stat: 'dueInterest', bonds: [] },
    ]
    const assets = [{ balance: 70, status: 'Current' }]
    expect(compute('dealQuery', { assets, bonds, query })).toEqual({ values: [150, 0, 50, 0, 0, 0, 0] })
  })
  it('a ratio is an amount of the same number: a limit of the pool factor is 1.00', () => {
    expect(paid(pay({ limit: { stat: 'poolFactor' } }))).toEqual([1])
    expect(paid(pay({ limit: { stat: 'bondCount' } }))).toEqual([1])
  })
  it('an amount is a number of its units: a rate of the balance / 1,000,000', () => {
    const rate = {
      ref: { stat: 'poolBalance' },
      factor: 0.0000001,
      resetPattern: { custom: ['2022-01-31'] },
      initial: 0.04,
      dayCount: 'ACT_365F',
    }
    const bonds = { A: { type: 'Sequential', balance: 90000, rate, accrueFrom: '2022-01-01' } }
    const waterfall = amortizing({ action: 'AccrueAndPayInt', from: 'General', bonds: ['A'] })
    expect((rows({ bonds, waterfall }, ['bonds', 'A', 'txns'])[0] as unknown[])[4]).toBe(0.012)
  })
  it('a ratio may be the base of a fee and a notional', () => {
    const fees = { F: { type: 'percentage', rate: 0.5, of: { stat: 'bondCount' }, start: '2022-01-01' } }
    const waterfall = amortizing({ action: 'CalcAndPayFee', from: 'General', fees: ['F'] })
    expect(rows({ fees, waterfall }, ['fees', 'F', 'txns'])).toEqual([['2022-02-15', 0, 0.5]])
  })
  it('a target that asks for its own gap is said to', () => {
    const accounts = { General: { balance: 0, target: { pct: 1, of: { stat: 'reserveGap', account: 'General' } } } }
    expect(() => compute('reserveTarget', { accounts, poolBalance: 1 })).toThrow('depends on itself')
  })
  it('one coupon in a list is one coupon: the product is floored once', () => {
    const bonds = (balance: number) => ({
      A: { type: 'Sequential', balance, coupons: [{ fix: 0.033333, dayCount: 'ACT_360' }], accrueFrom: '2022-01-01' },
    })
    const waterfall = amortizing({ action: 'AccrueAndPayInt', from: 'General', bonds: ['A'] })
    // 777.77 · 0.033333 = 25.9254…; · 45 / 360 = 3.2406…
    expect((rows({ bonds: bonds(777.77), waterfall }, ['bonds', 'A', 'txns'])[0] as unknown[])[2]).toBe(3.24)
  })
})

describe('pools', () => {
  const loan = (balance: number, rate: number, more: Json = {}): Json => ({
    assetType: 'Loan',
    originBalance: balance,
    originRate: rate,
    dayCount: '30_360_US',
    originTerm: 6,
    freq: 'Monthly',
    originDate: '2022-01-01',
    amortization: { type: 'I_P' },
    currentBalance: balance,
    remainingTerm: 6,
    ...more,
  })
  const rate = (pools: Json) => {
    const inspect = { pattern: { custom: ['2022-03-01'] }, formulas: { r: { stat: 'poolWeightedRate' } } }
    return rows({ pools, inspect, bonds: {}, collection: [] }, ['inspections', 'r'], 2).map(
      (row) => (row as unknown[])[1],
    )
  }

  it('the weighted rate over several pools is floored once', () => {
    const two = (a: number, b: number, c: number) => [loan(100, a), loan(100, b), loan(100, c)]
    const pools = {
      P: { asOf: '2022-01-01', assets: two(0.05, 0.05, 0.050001) },
      Q: { asOf: '2022-01-01', assets: two(0.05, 0.050001, 0.050001) },
    }
    // (4 · 0.050001 … three of six): 0.0500005, floored; each pool's own floor would give 0.05.
    expect(rate(pools)).toEqual([0.05, 0.05])
    const more = { ...pools, Q: { asOf: '2022-01-01', assets: two(0.050001, 0.050002, 0.050002) } }
    // 0.300006 / 6 = 0.050001 exactly; floors of 0.050000 and 0.050001 would give 0.05.
    expect(rate(more)).toEqual([0.050001, 0.050001])
  })

  const buying = (assets: Json[]) => ({
    status: 'Revolving',
    pools: { P: { asOf: '2022-01-01', assets: [loan(120000, 0.06)] } },
    revolvingPool: { constant: assets },
    waterfall: { Revolving: [{ action: 'BuyAsset', from: 'General', price: { performing: 0.5, defaulted: 0 } }] },
    bonds: {},
    stop: '2022-03-01',
  })
  const balances = (assets: Json[]) =>
    rows(buying(assets), ['pools', 'P'], 3).map((row) => (row as unknown[]).slice(0, 4))

  it('BuyAsset: 1,000 buys 2,000 at a price of 50 %; what is in default is not bought', () => {
    const { originDate: _, freq: __, ...offered } = loan(500, 0.12)
    const defaulted = {
      ...loan(500, 0.24),
      assetType: 'Mortgage',
      freq: 'Monthly',
      amortization: { type: 'Level' },
      status: { defaulted: null },
    }
    const bought = balances([offered])
    // 600 of interest came before the purchase on 15 February; nothing of the bought loan is due in February.
    expect(bought).toEqual([
      ['2022-01-31', 120000, 0, 0],
      ['2022-02-28', 122000, 0, 600],
    ])
    expect(balances([offered, defaulted])).toEqual(bought)
  })
  it('BuyAsset: a lease is scaled by the rents to come', () => {
    const lease = {
      assetType: 'Lease',
      originDate: '2020-01-01',
      originTerm: 2,
      remainingTerm: 2,
      rentalPerDay: 10,
      payPattern: 'MonthEnd',
    }
    // Bought on 15 February: 13 + 31 days at 10 are 440; 2,000 / 440 scales the day rate to 45.45, rents 590.85 and 1,408.95.
    const row = balances([lease])[1]!
    expect(row).toEqual(['2022-02-28', 121408.95, 0, 600])
  })
})
