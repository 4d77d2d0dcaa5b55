/** What the terms choose (holders per unit, purchases, the call) must have everything it needs, said once. */
import { parseFen } from '../money.ts'
import { compare, parseRate } from '../rate.ts'
import type { Placed, Problem } from './problem.ts'
import type { DealTerms } from './terms.ts'

export const choiceProblems = (terms: DealTerms, steps: readonly Placed[]): Problem[] => [
  ...unitProblems(terms),
  ...holderProblems(terms, steps),
  ...purchaseProblems(terms, steps),
  ...callProblems(terms),
]

function unitProblems({ tranches }: DealTerms): Problem[] {
  return tranches.flatMap(({ original, unitFen }, index) => {
    if (unitFen === undefined) return []
    if (parseFen(unitFen) === 0n)
      return [{ path: `/tranches/${index}/unitFen`, reason: '0 is no unit; an amount above 0 is expected' }]
    return parseFen(original) % parseFen(unitFen) === 0n
      ? []
      : [
          {
            path: `/tranches/${index}/original`,
            reason: `${original} fen are not a whole number of units of ${unitFen}`,
          },
        ]
  })
}

function holderProblems({ conventions, accounts, tranches }: DealTerms, steps: readonly Placed[]): Problem[] {
  const { holders } = conventions
  if (holders?.method !== 'per-unit') return []
  const path = '/conventions/holders'
  const problems: Problem[] = []
  const kind = accounts.find(({ id }) => id === holders.residueAccount)?.kind
  if (kind !== 'residue')
    problems.push({
      path: `${path}/residueAccount`,
      reason: `${JSON.stringify(holders.residueAccount)} is of the kind ${kind}; an account of the kind residue is expected`,
    })
  if (!tranches.some(({ unitFen }) => unitFen !== undefined))
    problems.push({ path, reason: 'amounts per unit are asked for, but no tranche says what a unit is (unitFen)' })
  for (const { step, path: at } of steps) {
    const facility =
      step.action === 'facility-pay-interest' ||
      ('support' in step && (step.support ?? []).some((source) => 'facility' in source))
    if (facility)
      problems.push({ path: at, reason: 'a facility pays tranches directly: that does not go with amounts per unit' })
  }
  return problems
}

const differ = (a: string, b: string): boolean => compare(parseRate(a), parseRate(b)) !== 0

/** The price stands in the clause and in the step: both must be the same. */
function purchaseProblems({ purchase }: DealTerms, steps: readonly Placed[]): Problem[] {
  return steps.flatMap(({ step, path }): Problem[] => {
    if (step.action !== 'purchase') return []
    if (compare(parseRate(step.price.performing), parseRate('0')) <= 0)
      return [{ path: `${path}/price/performing`, reason: `${step.price.performing} is no price; above 0 is expected` }]
    if (purchase && differ(step.price.performing, purchase.price))
      return [
        {
          path: `${path}/price/performing`,
          reason: `${step.price.performing} is not the price of the purchase terms, ${purchase.price} (/purchase/price)`,
        },
      ]
    return []
  })
}

function callProblems({ call, waterfalls }: DealTerms): Problem[] {
  if (call?.price === undefined) return []
  const sale = (waterfalls['clean-up'] ?? []).find((step) => step.action === 'sell-pool')
  if (!sale)
    return [
      { path: '/call/price', reason: 'no step of the clean-up waterfall sells the pool (sell-pool) at that price' },
    ]
  return differ(sale.price.performing, call.price)
    ? [
        {
          path: '/call/price',
          reason: `${call.price} is not the price of the step ${sale.id}, ${sale.price.performing}`,
        },
      ]
    : []
}
