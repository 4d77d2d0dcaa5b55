import { describe, expect, it } from 'vitest'
import { parseAssumptions, parsePool } from './pool-file.ts'

type Json = Record<string, unknown>
const loan: Json = {
  assetType: 'Loan',
  originBalance: 1000,
  originTerm: 6,
  freq: 'Monthly',
  originDate: '2026-06-30',
  currentBalance: 1000,
  remainingTerm: 6,
  originRate: 0.1,
  dayCount: 'ACT_365F',
  amortization: { type: 'Level' },
}
const flow: Json = { date: '2026-07-31', balance: '90', principal: '10', interest: '1' }
const assets = (change: Json) => () => parsePool({ asOf: '2026-06-30', assets: [loan, { ...loan, ...change }] })
const flows = (change: Json) => () =>
  parsePool({ opening: '100', flows: [flow, { ...flow, date: '2026-08-31', ...change }] })

describe('pool and assumption files', () => {
  it('are read when they make sense', () => {
    expect(assets({})().kind).toBe('assets')
    expect(flows({})().kind).toBe('flows')
    expect(parseAssumptions({ assumption: { CDR: 0.1, recovery: { rate: 0.4, lag: 6 } } }).assumption).toBeDefined()
  })

  it.each<[string, () => unknown, string]>([
    ['a rate in percent', assets({ originRate: 10.2 }), '/assets/1/originRate: 10.2, expected at most 1'],
    ['a negative balance', assets({ currentBalance: -5 }), '/assets/1/currentBalance: -5, expected at least 0'],
    ['no number', assets({ currentBalance: NaN }), '/assets/1/currentBalance: NaN, expected a finite number'],
    ['infinity', assets({ originBalance: Infinity }), '/assets/1/originBalance: Infinity, expected a finite number'],
    ['more yuan than a double counts', assets({ originBalance: 1e300 }), '/assets/1/originBalance: 1e+300, expected at most'],
    ['parts of a cent', assets({ currentBalance: 1.005 }), '/assets/1/currentBalance: 1.005, expected yuan with at most two'],
    ['a day that does not exist', assets({ originDate: '2026-02-30' }), '/assets/1/originDate: "2026-02-30"'],
    ['more periods left than there were', assets({ remainingTerm: 7 }), '/assets/1/remainingTerm: 7, expected at most the 6'],
    ['a negative flow', flows({ principal: '-5' }), '/flows/1/principal: -5, expected at least 0'],
    ['a flow in percent', flows({ rate: '12.5' }), '/flows/1/rate: 12.5, expected a fraction'],
    ['a date twice', flows({ date: '2026-07-31' }), '/flows/1/date: 2026-07-31 does not come after 2026-07-31'],
    ['a default speed in percent', () => parseAssumptions({ assumption: { CDR: 5 } }), '/assumption/CDR: 5'],
    ['a recovery without a time', () => parseAssumptions({ assumption: { recovery: { rate: 0.4 } } }), '/assumption/recovery: has no time'],
    ['a curve out of order', () => parseAssumptions({ indexCurves: { L: [['2026-02-01', 0.03], ['2026-01-01', 0.02]] } }), '/indexCurves/L/1: 2026-01-01 does not come after'],
  ])('refuse %s', (_, read, message) => expect(read).toThrow(message)) // prettier-ignore
})
