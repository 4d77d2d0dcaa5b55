import { describe, expect, it } from 'vitest'
import type { Fact } from './fact.ts'
import { PlanCash } from './plan-cash.ts'
import { PlanPeriods } from './plan-periods.ts'

const deal = 'd'
const servicing = (event: string, data: object): Fact => ({
  contract: 'servicing',
  event,
  data: { deal, period: '2011-01', ...data },
})
const cash = (event: string, data: object): Fact => ({ contract: 'cash', event, data: data as Fact['data'] })
const account = (id: string, kind: string, owner: string, of: string | null = deal): Fact =>
  cash('AccountOpened', { account: id, kind, owner, bank: 'bank', deal: of })

describe('the periods of a plan', () => {
  it('are what was reported, calculated and settled; a restated report replaces the one before', () => {
    const periods = new PlanPeriods(deal)
    const report = {
      payDate: '2011-02-15',
      defaultedFen: '5',
      collections: { principal: '100', interest: '20', repurchase: '3' },
    }
    periods.take(servicing('CollectionsReported', { ...report, collections: { principal: '1' } }))
    periods.take(servicing('CollectionsReported', report))
    periods.take(servicing('DistributionCalculated', { fees: [{ paidFen: '4' }, { paidFen: '2' }] }))
    const paid = {
      tranche: 'A',
      openingFen: '200',
      interestFen: '9',
      principalFen: '100',
      residualFen: '0',
      closingFen: '100',
    }
    periods.take(servicing('PeriodSettled', { tranches: [paid] }))
    periods.take({
      ...servicing('CollectionsReported', report),
      data: { ...report, deal: 'another', period: '2011-02' },
    })
    expect(periods.all).toHaveLength(1)
    const row = periods.row('2011-01')!
    expect(row.collected).toEqual({ principal: 100n, interest: 20n, lateFee: 0n, defaulted: 5n, recovery: 0n })
    expect(row.feesFen).toBe(6n)
    expect(row.tranches[0]).toMatchObject({ originalFen: 200n, closingFen: 100n, principalFen: 100n })
    expect(periods.cleanUpFen).toBe(3n)
    expect(periods.totals.principal).toBe(100n)
  })
})

describe('the cash of a plan', () => {
  it('counts what crosses its border after establishment, by who owns the receiving account', () => {
    const plan = new PlanCash(deal)
    const facts = [
      account('obligors', 'external', 'servicer'),
      account('collection', 'collection', 'manager'),
      account('plan', 'plan', 'manager'),
      account('fee', 'fee', 'custodian'),
      account('tranche', 'tranche', 'depository'),
      account('holder', 'holder', 'investor', null),
      cash('CashCredited', { account: 'collection', from: 'obligors', amountFen: '7' }),
      { contract: 'deal', event: 'Established', data: { deal } },
      cash('CashCredited', { account: 'collection', from: 'obligors', amountFen: '100' }),
      cash('TransfersPosted', { legs: [{ from: 'collection', to: 'plan', amountFen: '100' }] }),
      cash('TransfersPosted', {
        legs: [
          { from: 'plan', to: 'fee', amountFen: '30' },
          { from: 'plan', to: 'tranche', amountFen: '70' },
        ],
      }),
      cash('TransfersPosted', { legs: [{ from: 'tranche', to: 'holder', amountFen: '70' }] }),
    ]
    for (const fact of facts) plan.take(fact)
    expect(plan.paidIn).toBe(100n)
    expect(plan.paidOut).toEqual({ custodian: '30', investor: '70' })
    expect(plan.paidOutFen).toBe(100n)
  })
})
