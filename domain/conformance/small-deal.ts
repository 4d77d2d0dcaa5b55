/** One small deal of the vocabulary, for the tests of its words: figures that can be worked out by hand. */
import { COMPUTES } from './compute/index.ts'
import { CONVENTIONS } from '../conventions.ts'

export type Json = Record<string, unknown>
export const compute = (name: string, input: Json): Json =>
  COMPUTES.get(name)!.run(input, CONVENTIONS.hastructure) as Json

export const A = {
  type: 'Sequential',
  balance: 90000,
  rate: { fix: 0.04, dayCount: 'ACT_365F' },
  accrueFrom: '2022-01-01',
}
/** 120,000 at 6 %: 600 on the first of each month from February, principal on 2022-07-01; paid on the 15th. */
export const deal = (parts: Json): Json => ({
  status: 'Amortizing',
  dates: {
    type: 'current',
    lastCollect: '2022-01-01',
    lastPay: '2022-01-01',
    stated: '2023-01-01',
    nextCollect: '2022-01-31',
    collectPattern: 'MonthEnd',
    nextPay: '2022-02-15',
    payPattern: { dayOfMonth: 15 },
  },
  pools: {
    P: {
      asOf: '2022-01-01',
      assets: [
        {
          assetType: 'Loan',
          originBalance: 120000,
          originRate: 0.06,
          dayCount: '30_360_US',
          originTerm: 6,
          freq: 'Monthly',
          originDate: '2022-01-01',
          amortization: { type: 'I_P' },
          currentBalance: 120000,
          remainingTerm: 6,
        },
      ],
    },
  },
  accounts: { General: { balance: 1000 } },
  bonds: { A },
  collection: [{ source: 'CollectedCash', account: 'General' }],
  waterfall: { Amortizing: [] },
  ...parts,
})
export const amortizing = (...actions: Json[]): Json => ({ Amortizing: actions })
export const accrue = { action: 'CalcBondInt', bonds: ['A'] }

/** Rows of a statement from a run, by path, as far as `count`. */
export function rows(parts: Json, path: readonly string[], count = 1): unknown[] {
  let place: unknown = compute('runDeal', deal(parts))
  for (const key of path) place = (place as Json)[key]
  return (place as { rows: unknown[] }).rows.slice(0, count)
}
export const bond = (parts: Json, id = 'A', count = 1) => rows(parts, ['bonds', id, 'txns'], count)
export const general = (parts: Json, count = 1) => rows(parts, ['accounts', 'General', 'txns'], count)
