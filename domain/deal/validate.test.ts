import { describe, expect, it } from 'vitest'
import { isoDate } from '../date.ts'
import { tapePlanTerms } from './tape-plan.ts'
import type { DealTerms } from './terms.ts'
import { parseTerms, termsProblems } from './validate.ts'

const plan = (): DealTerms =>
  structuredClone(
    tapePlanTerms({
      poolFen: 100_000_000_00n,
      cutOff: isoDate('2025-12-31'),
      firstPayDate: isoDate('2026-02-10'),
      statedMaturity: isoDate('2030-12-31'),
      names: { dealId: 'plan', zh: '计划', en: 'Plan' },
    }),
  )

/** The first problem after a change to good terms. */
function problem(change: (terms: DealTerms & Record<string, unknown>) => void): { path: string; reason: string } {
  const terms = plan() as DealTerms & Record<string, unknown>
  change(terms)
  const [first] = termsProblems(terms)
  return first ?? { path: 'none', reason: '' }
}

describe('deal terms', () => {
  it('are accepted when they add up', () => {
    expect(termsProblems(plan())).toEqual([])
    expect(parseTerms(JSON.parse(JSON.stringify(plan())))).toEqual(plan())
  })

  const cases: [string, (terms: DealTerms & Record<string, unknown>) => void, string, RegExp][] = [
    ['a newer schema version', (t) => void Object.assign(t, { schema: 'sluice/deal-terms/2' }), '/schema', /newer/],
    [
      'an unknown key',
      (t) => void Object.assign(t.tranches[0]!, { colour: 'red' }),
      '/tranches/0/colour',
      /unknown key/,
    ],
    [
      'a missing key',
      (t) => void delete (t.tranches[0] as Record<string, unknown>)['original'],
      '/tranches/0/original',
      /missing/,
    ],
    ['an amount that is a number', (t) => void Object.assign(t.pool, { initial: 1.5 }), '/pool/initial', /1.5/],
    [
      'a negative balance',
      (t) => void Object.assign(t.tranches[1]!, { original: '-5' }),
      '/tranches/1/original',
      /negative/,
    ],
    [
      'a rate in percent',
      (t) => void Object.assign(t.tranches[0]!.coupons[0]!, { rate: '5.10' }),
      '/tranches/0/coupons/0/rate',
      /above 1/,
    ],
    ['an impossible date', (t) => void (t.dates.firstPay = '2026-02-30'), '/dates/firstPay', /no day/],
    [
      'dates in the wrong order',
      (t) => void (t.dates.statedMaturity = '2026-01-31'),
      '/dates/statedMaturity',
      /first pay date/,
    ],
    [
      'overlapping fee dates',
      (t) =>
        void Object.assign(t.fees[4]!, {
          entries: [
            ['2026-02-10', '1'],
            ['2026-02-10', '1'],
          ],
        }),
      '/fees/4/entries/1',
      /overlap/,
    ],
    [
      'an unreadable date pattern',
      (t) => void (t.dates.payDates = { everyFullMoon: true }),
      '/dates/payDates',
      /no date pattern/,
    ],
    [
      'an unknown day count',
      (t) => void (t.tranches[0]!.coupons[0]!.dayCount = 'ACT_400'),
      '/tranches/0/coupons/0/dayCount',
      /day count/,
    ],
    [
      'an unknown account',
      (t) => void Object.assign(t.waterfalls.amortising![0]!, { from: 'pln' }),
      '/waterfalls/amortising/0/from',
      /no account called "pln"; known: collection, plan/,
    ],
    [
      'an unknown tranche',
      (t) => void Object.assign(t.waterfalls.amortising![3]!, { tranches: ['Z'] }),
      '/waterfalls/amortising/3/tranches/0',
      /no tranche/,
    ],
    [
      'an unknown figure',
      (t) => void Object.assign(t.fees[1]!, { of: 'poolBalanec' }),
      '/fees/1/of',
      /no figure called poolBalanec/,
    ],
    [
      'a formula of the wrong type',
      (t) => void Object.assign(t.fees[1]!, { of: 'poolFactor' }),
      '/fees/1/of',
      /money expected/,
    ],
    [
      'a formula that does not parse',
      (t) => void Object.assign(t.fees[1]!, { of: 'poolBalance +' }),
      '/fees/1/of',
      /column 14/,
    ],
    ['a name used twice', (t) => void (t.tranches[1]!.id = 'A'), '/tranches/1/id', /used twice/],
    [
      'targets in a cycle',
      (t) => {
        Object.assign(t.accounts[0]!, { target: 'reserveGap("plan")' })
        Object.assign(t.accounts[1]!, { target: 'max(0, reserveTarget("collection") * 2)' })
      },
      '/accounts/0/target',
      /depends on itself/,
    ],
    [
      'a tranche that no waterfall pays',
      (t) => {
        for (const name of ['amortising', 'clean-up'] as const)
          t.waterfalls[name] = t.waterfalls[name]!.filter(({ id }) => !id.startsWith('B-'))
      },
      '/tranches/1',
      /no waterfall pays/,
    ],
    [
      'a step behind one that takes everything',
      (t) => void t.waterfalls.amortising!.unshift(t.waterfalls.amortising!.pop()!),
      '/waterfalls/amortising/1',
      /can never pay/,
    ],
    [
      'a step limited to nothing',
      (t) => void Object.assign(t.waterfalls.amortising![5]!, { limit: '0' }),
      '/waterfalls/amortising/5/limit',
      /never pay/,
    ],
    [
      'a step from a dry account',
      (t) => void Object.assign(t.waterfalls.amortising![5]!, { from: 'collection' }),
      '/waterfalls/amortising/5/from',
      /nothing ever flows/,
    ],
    [
      'a status without waterfall',
      (t) => void (t.triggers[0]!.then.status = 'accelerated'),
      '/triggers/0/then/status',
      /no waterfall for it/,
    ],
    [
      'shares above one',
      (t) => void t.collection[0]!.to.push({ account: 'collection', share: '0.1' }),
      '/collection/0/to',
      /more than 1/,
    ],
  ]
  it.each(cases)('refuse %s', (_, change, path, reason) => {
    const found = problem(change)
    expect(found.path).toBe(path)
    expect(found.reason).toMatch(reason)
  })

  it('take a rate above 1 when it is confirmed', () => {
    const found = problem((t) => {
      Object.assign(t.tranches[0]!.coupons[0]!, { rate: '1.20' })
      t.conventions.ratesAboveOne = true
    })
    expect(found.path).toBe('none')
  })
  it('name the place of a day that does not exist', () => {
    const terms = plan()
    const dates = { ...terms.dates, statedMaturity: '2026-02-30' }
    const [problem] = termsProblems({ ...terms, dates })
    expect(problem?.path).toBe('/dates/statedMaturity')
    expect(problem?.reason).toContain('"2026-02-30" is no day of the calendar')
  })

  it('throw with path and sentence', () => {
    expect(() => parseTerms({ ...plan(), status: 'sleeping' })).toThrow(/\/status.*"sleeping"/)
    expect(() => parseTerms(null)).toThrow('JSON object')
  })
})
