/** Waterfalls that add up: each tranche is paid by one, each status has one, each step can pay. */
import type { DealTerms, SimpleStep, Step } from './terms.ts'
import { choiceProblems } from './validate-choices.ts'
import type { Placed, Problem } from './problem.ts'
import { STATUSES, type Status, type WaterfallName } from './words.ts'

function* placed(steps: readonly Step[], path: string, conditional = false): Generator<Placed> {
  for (const [index, step] of steps.entries()) {
    const at = `${path}/${index}`
    if (step.action !== 'if') yield { step, path: at, conditional: conditional || step.when !== undefined }
    else {
      yield* placed(step.then, `${at}/then`, true)
      yield* placed(step.else, `${at}/else`, true)
    }
  }
}

const lists = (terms: DealTerms): [WaterfallName, Placed[]][] =>
  (Object.entries(terms.waterfalls) as [WaterfallName, Step[]][]).map(([name, steps]) => [
    name,
    [...placed(steps, `/waterfalls/${name}`)],
  ])

export function stepProblems(terms: DealTerms): Problem[] {
  const all = lists(terms)
  return [
    ...statusProblems(terms),
    ...duplicateSteps(all),
    ...unpaidTranches(terms, all),
    ...idleSteps(terms, all),
    ...all.flatMap(([, steps]) => emptiedAccounts(steps)),
    ...dryAccounts(terms, all),
    ...shareProblems(terms),
    ...choiceProblems(
      terms,
      all.flatMap(([, steps]) => steps),
    ),
  ]
}

const HAS_LIST: ReadonlySet<Status> = new Set(['revolving', 'amortising', 'accelerated', 'defaulted'])
const has = ({ waterfalls }: DealTerms, status: Status): boolean =>
  !HAS_LIST.has(status) || (waterfalls[status as WaterfallName] ?? []).length > 0

function statusProblems(terms: DealTerms): Problem[] {
  const problems: Problem[] = []
  const check = (status: Status | undefined, path: string): void => {
    if (status !== undefined && STATUSES.includes(status) && !has(terms, status))
      problems.push({ path, reason: `the deal can be ${status}, but there is no waterfall for it` })
  }
  check(terms.status, '/status')
  check(terms.afterClosing, '/afterClosing')
  if (terms.status === 'pre-closing' && (terms.dates.closing === undefined || terms.afterClosing === undefined))
    problems.push({ path: '/status', reason: 'a deal before closing needs dates.closing and afterClosing' })
  terms.triggers.forEach(({ then }, index) => {
    check(then.status, `/triggers/${index}/then/status`)
    check(then.cured, `/triggers/${index}/then/cured`)
  })
  return problems
}

function duplicateSteps(all: readonly [WaterfallName, Placed[]][]): Problem[] {
  return all.flatMap(([name, steps]) => {
    const seen = new Set<string>()
    return steps.flatMap(({ step, path }) => {
      if (!seen.has(step.id)) {
        seen.add(step.id)
        return []
      }
      return [
        { path: `${path}/id`, reason: `the step ${JSON.stringify(step.id)} occurs twice in the waterfall ${name}` },
      ]
    })
  })
}

/** Tranches named by a step, groups replaced by their members. */
const membersOf = (terms: DealTerms, names: readonly string[]): string[] =>
  names.flatMap((name) => terms.groups?.find(({ id }) => id === name)?.tranches ?? [name])

function unpaidTranches(terms: DealTerms, all: readonly [WaterfallName, Placed[]][]): Problem[] {
  const [interest, principal, any] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const { step } of all.flatMap(([, steps]) => steps)) {
    const names =
      'tranches' in step ? membersOf(terms, step.tranches) : 'tranche' in step ? membersOf(terms, [step.tranche]) : []
    for (const name of names) {
      if (step.action === 'pay-interest' || step.action === 'facility-pay-interest') interest.add(name)
      if (step.action === 'pay-principal') principal.add(name)
      if (step.action === 'pay-interest' || step.action === 'pay-principal' || step.action === 'pay-residual')
        any.add(name)
    }
  }
  return terms.tranches.flatMap(({ id, coupons, principal: { type } }, index) => {
    const path = `/tranches/${index}`
    if (!any.has(id)) return [{ path, reason: `no waterfall pays the tranche ${JSON.stringify(id)}` }]
    const bears = coupons.length > 0 && type !== 'equity' && type !== 'accretion'
    if (bears && !interest.has(id))
      return [{ path: `${path}/coupons`, reason: `no waterfall pays the interest of ${JSON.stringify(id)}` }]
    if (type !== 'interest-only' && type !== 'equity' && !principal.has(id))
      return [{ path: `${path}/principal`, reason: `no waterfall pays the principal of ${JSON.stringify(id)}` }]
    return []
  })
}

const NOTHING = /^\s*(0+(\.0+)?(\s*(yuan|fen))?|min\(\s*0\s*(fen|yuan)?\s*\))\s*$/
const NEVER = /^\s*false\s*$/

/** Steps that by their own words can never pay anything. */
function idleSteps(terms: DealTerms, all: readonly [WaterfallName, Placed[]][]): Problem[] {
  return all.flatMap(([, steps]) =>
    steps.flatMap(({ step, path }): Problem[] => {
      if (step.when !== undefined && NEVER.test(step.when))
        return [{ path: `${path}/when`, reason: 'is never true: the step can never pay' }]
      if ('limit' in step && step.limit !== undefined && NOTHING.test(step.limit))
        return [{ path: `${path}/limit`, reason: 'is 0: the step can never pay' }]
      if (step.action === 'pay-interest' || step.action === 'pay-principal') {
        const idle = membersOf(terms, step.tranches).find((name) =>
          neverDue(terms, name, step.action === 'pay-interest'),
        )
        if (idle !== undefined)
          return [
            {
              path: `${path}/tranches`,
              reason: `${JSON.stringify(idle)} never owes ${step.action === 'pay-interest' ? 'interest' : 'principal'}: the step can never pay it`,
            },
          ]
      }
      return []
    }),
  )
}

function neverDue(terms: DealTerms, name: string, interest: boolean): boolean {
  const tranche = terms.tranches.find(({ id }) => id === name)
  if (!tranche) return false
  const { type } = tranche.principal
  // A step that accrues lets an accretion tranche grow, though it pays nothing.
  return interest
    ? type === 'equity' || (tranche.coupons.length === 0 && type !== 'accretion')
    : type === 'interest-only'
}

const payer = (step: SimpleStep): string | undefined => ('from' in step ? step.from : undefined)
const receiver = (step: SimpleStep): string | undefined =>
  'to' in step ? step.to : step.action === 'swap-settle' ? step.account : undefined
const empties = (step: SimpleStep): boolean =>
  (step.action === 'pay-residual' || step.action === 'transfer' || step.action === 'purchase') &&
  step.limit === undefined

/** After a step that always takes everything, nothing is left in the account for those behind it. */
function emptiedAccounts(steps: readonly Placed[]): Problem[] {
  const emptied = new Map<string, string>()
  const problems: Problem[] = []
  for (const { step, path, conditional } of steps) {
    const from = payer(step)
    const by = from === undefined ? undefined : emptied.get(from)
    if (by !== undefined && !('support' in step && step.support !== undefined))
      problems.push({
        path,
        reason: `the step ${JSON.stringify(step.id)} can never pay: ${JSON.stringify(by)} before it takes everything from ${JSON.stringify(from)}`,
      })
    const to = receiver(step)
    if (to !== undefined) emptied.delete(to)
    if (from !== undefined && !conditional && empties(step) && to !== from) emptied.set(from, step.id)
  }
  return problems
}

/** Accounts that pay but into which nothing ever flows. */
function dryAccounts(terms: DealTerms, all: readonly [WaterfallName, Placed[]][]): Problem[] {
  const wet = new Set(
    terms.accounts.filter(({ opening }) => opening !== undefined && opening !== '0').map(({ id }) => id),
  )
  terms.collection.forEach(({ to }) => to.forEach(({ account }) => wet.add(account)))
  terms.swaps?.forEach(({ settle }) => settle && wet.add(settle.account))
  const steps = all.flatMap(([, list]) => list)
  for (const { step } of steps) {
    const to = receiver(step)
    if (to !== undefined) wet.add(to)
  }
  return steps.flatMap(({ step, path }) => {
    const from = payer(step)
    return from !== undefined && !wet.has(from) && !('support' in step && step.support !== undefined)
      ? [{ path: `${path}/from`, reason: `nothing ever flows into ${JSON.stringify(from)}: the step can never pay` }]
      : []
  })
}

function shareProblems({ collection }: DealTerms): Problem[] {
  return collection.flatMap(({ to }, index) => {
    const total = to.reduce((sum, { share }) => sum + Number(share), 0)
    return total > 1 + 1e-12
      ? [{ path: `/collection/${index}/to`, reason: `the shares add up to ${total}, more than 1` }]
      : []
  })
}
