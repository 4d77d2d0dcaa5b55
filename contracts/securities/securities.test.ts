import { describe, expect, it } from 'vitest'
import type { JsonObject } from '#proof/json'
import { accountIds } from '../deal/account-ids.ts'
import { CHAPTERS, MONTH, ready, voided } from '../deal/testing/chapters.ts'
import { DEAL, PlanStory } from '../deal/testing/plan.ts'
import { shareAmongHolders } from './pay-holders.ts'
import {
  holderPaymentKey,
  holdersKey,
  SUBSCRIPTION_TABLE,
  subscriptionKey,
  TRANCHE_TABLE,
  trancheKey,
  type SubscriptionState,
  type SubscriptionTrigger,
} from './state.ts'

const mine = { deal: DEAL, tranche: 'B' }
const confirmation = { ...mine, investor: 'investor-b', reference: 'line-1' }
const subscribed = (): PlanStory => {
  const story = new PlanStory().approved()
  story.world.does('investor-b:maker', 'securities.subscribe', { ...mine, units: story.units('B') })
  story.pays(story.units('B'))
  return story
}
const then = (story: PlanStory, who: string, method: string, args: JsonObject): PlanStory => {
  story.world.does(who, method, args)
  return story
}
const IN_STATE: Record<SubscriptionState, () => PlanStory> = {
  none: () => {
    const story = new PlanStory().approved()
    story.pays(story.units('B'))
    return story
  },
  subscribed,
  withdrawn: () => then(subscribed(), 'investor-b:maker', 'securities.withdrawSubscription', mine),
  paid: () => then(subscribed(), 'custodian:service', 'securities.confirmPayment', confirmation),
  allotted: () => then(ready(), 'manager:checker', 'deal.establish', { deal: DEAL }),
}
/** `allot` is part of the plan's establishment, told in deal/rules.test.ts. */
const COMMANDS: Record<Exclude<SubscriptionTrigger, 'allot'>, readonly [string, string, JsonObject]> = {
  subscribe: ['investor-b:maker', 'securities.subscribe', { ...mine, units: 1 }],
  withdraw: ['investor-b:maker', 'securities.withdrawSubscription', mine],
  'confirm-payment': ['custodian:service', 'securities.confirmPayment', confirmation],
}
/** What a command meets where no row of the table stands. */
const REFUSED: Partial<Record<`${SubscriptionState} ${SubscriptionTrigger}`, string>> = {
  'none withdraw': 'SUBSCRIPTION_NOT_FOUND',
  'none confirm-payment': 'SUBSCRIPTION_NOT_FOUND',
  'subscribed subscribe': 'SUBSCRIPTION_EXISTS',
  'paid subscribe': 'SUBSCRIPTION_EXISTS',
}

describe('a subscription’s states', () => {
  for (const state of SUBSCRIPTION_TABLE.states) {
    for (const trigger of Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]) {
      const row = SUBSCRIPTION_TABLE.rows.find(({ from, on }) => from === state && on === trigger)
      const code = REFUSED[`${state} ${trigger}`] ?? 'WRONG_STATE'
      it(`${state} × ${trigger} → ${row?.to ?? code}`, () => {
        const { world } = IN_STATE[state]()
        expect(world.read(subscriptionKey(DEAL, 'B', 'investor-b'))?.state ?? 'none').toBe(state)
        if (!row) return expect(world.refused(...COMMANDS[trigger]).code).toBe(code)
        world.does(...COMMANDS[trigger])
        expect(world.read(subscriptionKey(DEAL, 'B', 'investor-b'))!.state).toBe(row.to)
      })
    }
  }
})

describe('subscribing', () => {
  it('is for invited investors, in whole units of a tranche that is sold, as far as there is any left', () => {
    const { world, ...story } = new PlanStory().approved()
    const refused = (args: JsonObject) => world.refused('investor-a:maker', 'securities.subscribe', args)
    expect(refused({ deal: DEAL, tranche: 'Z', units: 1 }).code).toBe('TRANCHE_NOT_FOUND')
    expect(refused({ deal: DEAL, tranche: 'sub', units: 1 }).code).toBe('TRANCHE_RETAINED')
    for (const units of [0, -1, 1.5, '1']) {
      expect(refused({ deal: DEAL, tranche: 'A', units })).toMatchObject({
        code: 'BAD_ARGS',
        details: { field: '/units' },
      })
    }
    const all = Number(story.poolFen / 10_000n / 10n) * 8
    world.does('investor-b:maker', 'securities.subscribe', { deal: DEAL, tranche: 'A', units: all - 1 })
    expect(refused({ deal: DEAL, tranche: 'A', units: 2 })).toEqual({
      code: 'OVERSUBSCRIBED',
      details: { tranche: 'A', units: 2, left: '1' },
    })
    world.does('investor-a:maker', 'securities.subscribe', { deal: DEAL, tranche: 'A', units: 1 })
  })
  it('what was withdrawn is free for others', () => {
    const { world, ...story } = subscribed()
    world.does('investor-b:maker', 'securities.withdrawSubscription', mine)
    const units = Number((story.poolFen * 12n) / 100n / 10_000n)
    world.does('investor-a:maker', 'securities.subscribe', { ...mine, units })
  })
})

describe('the custodian’s line', () => {
  const confirm = (story: PlanStory, over: JsonObject = {}) =>
    story.world.refused('custodian:service', 'securities.confirmPayment', { ...confirmation, ...over })
  it('must exist, credit the subscription account with the exact amount, and pays once', () => {
    const story = subscribed()
    expect(confirm(story, { reference: 'line-9' }).code).toBe('PAYMENT_NOT_FOUND')
    const short = story.pays(1)
    expect(confirm(story, { reference: short })).toEqual({
      code: 'PAYMENT_DIFFERS',
      details: {
        reference: short,
        wantFen: '1200000000',
        creditedFen: '10000',
        account: accountIds.issuance(DEAL),
      },
    })
    story.world.does('investor-a:maker', 'securities.subscribe', { deal: DEAL, tranche: 'A', units: story.units('B') })
    story.world.does('custodian:service', 'securities.confirmPayment', confirmation)
    expect(confirm(story, { tranche: 'A', investor: 'investor-a' })).toEqual({
      code: 'PAYMENT_USED',
      details: { reference: 'line-1' },
    })
  })
})

describe('allotment', () => {
  it('gives units to those who paid and what is not sold to the originator, in any amount', () => {
    const story = new PlanStory(9_999_999_999n).established()
    const { world } = story
    expect(world.read(holdersKey(DEAL, 'sub'))).toEqual({ holders: [{ holder: 'originator', faceFen: '800019999' }] })
    const a = world.read(holdersKey(DEAL, 'A'))!.holders
    expect(a.map(({ holder }) => holder)).toEqual(['investor-a', 'investor-b'])
    expect(a.reduce((sum, { faceFen }) => sum + BigInt(faceFen), 0n)).toBe(7_999_990_000n)
  })
  it('ends every tranche registered; the table knows no other way', () => {
    const { world } = new PlanStory().established()
    expect(['A', 'B', 'sub'].map((tranche) => world.read(trancheKey(DEAL, tranche))!.state)).toEqual([
      'registered',
      'registered',
      'registered',
    ])
    for (const state of TRANCHE_TABLE.states) {
      for (const trigger of TRANCHE_TABLE.triggers) {
        const row = TRANCHE_TABLE.rows.find(({ from, on }) => from === state && on === trigger)
        if (row) expect(TRANCHE_TABLE.next(state, trigger, 'tranche')).toBe(row.to)
        else expect(() => TRANCHE_TABLE.next(state, trigger, 'tranche')).toThrow('WRONG_STATE')
      }
    }
  })
})

describe('a holder', () => {
  it('gets its share by face, the odd fen by largest remainder, ties to the smaller id', () => {
    const { world } = new PlanStory().established()
    const share = (tranche: string, amountFen: bigint) =>
      Object.fromEntries(shareAmongHolders(world.read, DEAL, { tranche, kind: 'interest', amountFen }))
    // A is held 533,334 : 266,666 units.
    expect(share('A', 3n)).toEqual({ 'investor-a': 2n, 'investor-b': 1n })
    expect(share('A', 1n)).toEqual({ 'investor-a': 1n })
    expect(share('B', 7n)).toEqual({ 'investor-b': 7n })
    expect(share('sub', 0n)).toEqual({})
  })
  it('is paid exactly what its tranches were paid, once, again only after a void', () => {
    const story = new PlanStory().established().settled(MONTH)
    const { world } = story
    const payment = world.read(holderPaymentKey(DEAL, '2011-01', 'investor-a'))!
    const { who, args } = CHAPTERS['securities.repayHolder']!
    expect(world.refused(who, 'securities.repayHolder', args(story)).code).toBe('PAYMENT_NOT_VOIDED')
    const nobody = { ...args(story), holder: 'lawyer' }
    expect(world.refused(who, 'securities.repayHolder', nobody).code).toBe('HOLDER_PAYMENT_NOT_FOUND')
    voided(story, payment.instruction, 'depository')
    world.does(who, 'securities.repayHolder', args(story))
    const again = world.read(holderPaymentKey(DEAL, '2011-01', 'investor-a'))!
    expect(again).toEqual({ ...payment, attempt: 2, instruction: `${DEAL}:2011-01:pay.investor-a:2` })
    story.posts(again.instruction, 'depository')
    expect(story.balance(accountIds.holder(DEAL, 'investor-a'))).toBe(BigInt(payment.totalFen))
    expect(world.refused(who, 'securities.repayHolder', args(story)).code).toBe('PAYMENT_NOT_VOIDED')
  })
})
