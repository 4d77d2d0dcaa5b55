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
