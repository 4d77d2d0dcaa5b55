import { describe, expect, it } from 'vitest'
import { assetFromJson } from '../conformance/asset-json.ts'
import { isoDate } from '../date.ts'
import { rateFromNumber } from '../rate.ts'
import { flatScenario, stress, total } from './estimate.ts'
import { sumsOfAssets } from './estimate-assets.ts'
import { projectPool } from './project.ts'

const asset = (type: string, rate: number, balance: number, more: object = {}) =>
  assetFromJson({
    assetType: 'Mortgage',
    originBalance: balance,
    originTerm: 36,
    freq: 'Monthly',
    originDate: '2025-12-31',
    currentBalance: balance,
    remainingTerm: 36,
    originRate: rate,
    amortization: { type },
    ...more,
  } as Parameters<typeof assetFromJson>[0])

describe('a pool of assets in columns', () => {
  const assets = [asset('Level', 0.08, 300_000), asset('Even', 0.06, 200_000), asset('I_P', 0.1, 100_000)]

  it('pays what the exact projection pays, within 1 % of the opening and two fen a loan and month', () => {
    const asOf = isoDate('2025-12-31')
    const recovery = { rate: rateFromNumber(0.4), lag: 6 }
    const exact = projectPool(assets, { asOf, assumption: { CDR: 0.04, CPR: 0.1, recovery } })
    const flow = stress(sumsOfAssets(assets)!, flatScenario(0.04, 0.1, { rate: 0.4, lagMonths: 6 }))
    const bound = Number(exact.openingBalance) * 0.01 + 2 * 3 * 42
    expect(Number(exact.openingBalance)).toBe(60_000_000)
    for (const column of ['principal', 'interest', 'prepayment', 'default', 'recovery', 'loss'] as const) {
      const sum = Number(exact.rows.reduce((all, row) => all + row[column], 0n))
      expect(sum, column).toBeGreaterThan(0)
      expect(Math.abs(total(flow[column]) - sum), column).toBeLessThan(bound)
    }
  })
  it('is none where the estimate does not know the cash flow', () => {
    expect(sumsOfAssets([...assets, asset('Level', 0.08, 1, { freq: 'Quarterly' })])).toBeNull()
    expect(
      sumsOfAssets([...assets, asset('Balloon', 0.08, 1, { amortization: { type: 'Balloon', term: 60 } })]),
    ).toBeNull()
    expect(sumsOfAssets([...assets, asset('Level', 0.08, 1, { status: { defaulted: null } })])).toBeNull()
  })
})
