import { describe, expect, it } from 'vitest'
import { isoDate } from '../date.ts'
import { tapePlanTerms } from '../deal/tape-plan.ts'
import type { DealTerms } from '../deal/terms.ts'
import { openingState, step, type PeriodInput } from './step.ts'

const poolFen = 6_912_035_362n
const plan = (decimals: number): DealTerms => {
  const terms = structuredClone(
    tapePlanTerms({
      poolFen,
      cutOff: isoDate('2010-12-31'),
      firstPayDate: isoDate('2011-02-10'),
      statedMaturity: isoDate('2017-12-31'),
      names: { dealId: 'tape', zh: '真实资产包', en: 'Real tape' },
    }),
  )
  terms.accounts.push({ id: 'residue', kind: 'residue', name: { zh: '尾差', en: 'residue' } })
  terms.conventions.holders = { method: 'per-unit', decimals, residueAccount: 'residue' }
  return terms
}

const january: PeriodInput = {
  periodId: '2011-01',
  accrualFrom: isoDate('2010-12-31'),
  accrualTo: isoDate('2011-02-10'),
  payDate: isoDate('2011-02-10'),
  collections: { principal: 169_050_379n, interest: 70_461_832n },
  pool: { opening: poolFen, closing: poolFen - 169_050_379n, defaulted: 0n },
}

describe('amounts per unit of 100 yuan', () => {
  // A: 552,962 units; interest 5,529,620,000 × 5.10 % × 41 ÷ 365 = 31,677,905.26 fen, 57.28 a unit
  const A = { units: 552_962n, interest: 31_677_905n }
  const paid = (decimals: number) => {
    const terms = plan(decimals)
    const result = step(terms, openingState(terms), january)
    const residue = result.transfers.filter(({ to }) => to.kind === 'account' && to.id === 'residue')
    return { result, a: result.tranches[0]!, residue }
  }

  it('cuts interest to whole fen a unit, the rest goes to the residue account', () => {
    const { result, a, residue } = paid(2)
    expect(a.interestPaid).toBe(57n * A.units)
    expect(a.interestDue).toBe(A.interest)
    expect(a.interestShortfall).toBe(0n)
    expect(residue[0]).toMatchObject({ amount: A.interest - 57n * A.units, stepId: 'A-interest' })
    const held = result.state.accounts.find(({ id }) => id === 'residue')!.balance
    expect(held).toBe(residue.reduce((sum, { amount }) => sum + amount, 0n))
    expect(result.cash.in).toBe(result.cash.out + result.cash.closing)
  })
  it('pays principal in whole fen a unit, the rest stays due', () => {
    const { a, result } = paid(2)
    expect(a.principalPaid > 0n).toBe(true)
    expect(a.principalPaid % A.units).toBe(0n)
    expect(a.closing).toBe(a.opening - a.principalPaid)
    expect(result.transfers.filter(({ to, kind }) => to.id === 'residue' && kind === 'principal')).toEqual([])
  })
  it('cuts less with more decimals', () => {
    // 57.2877 fen a unit at four decimals of a yuan: 57.28
    expect(paid(4).a.interestPaid).toBe((5728n * A.units) / 100n)
    expect(paid(10).a.interestPaid).toBe(A.interest - 1n)
  })
})
