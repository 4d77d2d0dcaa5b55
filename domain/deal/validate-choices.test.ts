import { describe, expect, it } from 'vitest'
import { isoDate } from '../date.ts'
import { run } from '../waterfall/run.ts'
import { dealA } from './example-deals.ts'
import type { DealTerms } from './terms.ts'
import { termsProblems } from './validate.ts'

type Step = NonNullable<DealTerms['waterfalls']['revolving']>[number]

/** The first problem of deal A after a change. */
function problem(change: (terms: DealTerms) => void): readonly [string, string] {
  const terms = structuredClone(dealA())
  change(terms)
  const [first] = termsProblems(terms)
  return [first?.path ?? 'none', first?.reason ?? '']
}

const stepOf = (terms: DealTerms, list: 'revolving' | 'clean-up', action: Step['action']) => {
  const index = terms.waterfalls[list]!.findIndex((step) => step.action === action)
  return { index, step: terms.waterfalls[list]![index]! }
}

const perUnit = (terms: DealTerms, residueAccount = 'residue'): void => {
  terms.accounts.push({ id: 'residue', kind: 'residue', name: { zh: '尾差', en: 'residue' } })
  terms.conventions.holders = { method: 'per-unit', decimals: 2, residueAccount }
}

describe('choices of the terms', () => {
  it('are accepted with everything they need', () => {
    expect(problem(() => undefined)).toEqual(['none', ''])
    expect(problem((terms) => perUnit(terms))).toEqual(['none', ''])
  })

  it.each<[string, (terms: DealTerms) => void, string, RegExp]>([
    ['an unknown residue account', (t) => perUnit(t, 'nowhere'), '/conventions/holders/residueAccount', /no account called/],
    ['a residue account of another kind', (t) => perUnit(t, 'plan'), '/conventions/holders/residueAccount', /kind plan/],
    ['per unit without units', (t) => (perUnit(t), t.tranches.forEach((x) => delete x.unitFen)), '/conventions/holders', /unitFen/],
    ['a unit of nothing', (t) => void (t.tranches[0]!.unitFen = '0'), '/tranches/0/unitFen', /above 0/],
    ['a part of a unit', (t) => void (t.tranches[0]!.unitFen = '7'), '/tranches/0/original', /whole number of units of 7/],
    ['a facility that pays per unit', (t) => {
      perUnit(t)
      t.facilities = [{ id: 'bank', kind: 'liquidity', credit: '100', drawnRate: '0.05', unusedRate: '0', start: '2026-07-01', clause: '1', text: { zh: '', en: '' } }]
      Object.assign(t.waterfalls.amortising!.find((step) => step.action === 'pay-interest')!, { support: [{ facility: 'bank' }] })
    }, '/waterfalls/amortising/4', /directly/],
    ['two prices of a purchase', (t) => void (t.purchase!.price = '0.98'), '/waterfalls/revolving/5/price/performing', /1 is not the price .* 0\.98/],
    ['a call price without a sale', (t) => {
      t.call!.price = '1'
      const { index } = stepOf(t, 'clean-up', 'sell-pool')
      t.waterfalls['clean-up']!.splice(index, 1)
    }, '/call/price', /sell-pool/],
    ['a call price that is not the sale’s', (t) => void (t.call!.price = '0.9'), '/call/price', /0\.9 is not the price/],
    ['business days without a calendar', (t) => void (t.tranches[0]!.coupons[0]!.dayCount = 'BUS_252'), '/tranches/0/coupons/0/dayCount', /calendar/],
  ])('are refused: %s', (_, change, path, reason) => {
    const [at, sentence] = problem(change)
    expect(at).toBe(path)
    expect(sentence).toMatch(reason)
  }) // prettier-ignore
})

describe('BUS/252', () => {
  it('counts the business days of the calendar in the terms', () => {
    const terms = structuredClone(dealA())
    terms.dates.businessDays = { calendar: 'weekends', rule: 'none', moveAccrual: false }
    for (const { coupons } of terms.tranches) for (const coupon of coupons) coupon.dayCount = 'BUS_252'
    expect(termsProblems(terms)).toEqual([])
    const flows = [{ date: isoDate('2026-09-30'), interest: 100_000_000_00n, balance: 1_500_000_000_00n }]
    const zero = {
      principal: 0n,
      prepayment: 0n,
      default: 0n,
      recovery: 0n,
      loss: 0n,
      prepayPenalty: 0n,
      rateMicro: 0n,
    }
    const pool = { openingBalance: 1_500_000_000_00n, rows: flows.map((row) => ({ ...zero, ...row })) }
    const { periods } = run(terms, [pool])
    // 1 July to 1 October 2026: 66 weekdays. 112,500,000,000 × 5.10 % × 66 ÷ 252 = 1,502,678,571.43
    expect(periods[0]!.tranches[0]!.interestPaid).toBe(1_502_678_571n)
  })
})
