import type { JsonObject } from '#proof/json'
import { bundleActivated } from '../../governance/events.ts'
import { PUBLIC } from '../../kernel/event.ts'
import { holderPaymentKey } from '../../securities/state.ts'
import { CUT_OFF, DEAL, hash, PlanStory } from './plan.ts'

/** A month in which the whole pool is repaid, the last of its plan. */
export const last = (story: PlanStory) => ({ principal: story.poolFen, interest: 90_000_000n, final: true })
export const MONTH = { principal: 1_000_000_000n, interest: 90_000_000n, lateFee: 7_515n, defaulted: 440_000n }

export const ready = (): PlanStory => {
  const story = new PlanStory().paid()
  return story.attested(CUT_OFF, null, 4)
}
export const ended = (): PlanStory => {
  const story = new PlanStory().established()
  return story.month(last(story))
}
export const voided = (story: PlanStory, instruction: string, bank: string): PlanStory => {
  story.world.does(`${bank}:service`, 'cash.void', { instruction, reason: 'account closed' })
  return story
}
const does = (story: PlanStory, who: string, method: string, args: JsonObject): PlanStory => {
  story.world.does(who, method, args)
  return story
}

export const NEW_VERSION = 'ab'.repeat(32)
/** An established plan, and contracts that the consortium has activated since. */
export const newVersion = (): PlanStory => {
  const story = new PlanStory().established()
  story.world.given(bundleActivated.of({ schedule: [{ fromHeight: 0, value: NEW_VERSION }] }, [PUBLIC]))
  return story
}

/** One command of each method where it is accepted: who signs it, with what, and where in the story. */
export interface Chapter {
  readonly at: () => PlanStory
  readonly who: string
  readonly args: (story: PlanStory) => JsonObject
}

const deal = { deal: DEAL }
const ofPeriod = { deal: DEAL, period: '2011-01' }
const RATINGS = [
  { tranche: 'A', rating: 'AAA' },
  { tranche: 'B', rating: 'AA+' },
]
const proposedBatch = (): PlanStory => {
  const story = new PlanStory().proposed()
  return does(story, 'originator:maker', 'asset-registry.proposeBatch', story.batchArgs(CUT_OFF, null, 4))
}

export const CHAPTERS: Readonly<Record<string, Chapter>> = {
  'deal.propose': { at: () => new PlanStory(), who: 'manager:maker', args: (story) => story.proposal },
  'deal.confirmTerms': {
    at: () => new PlanStory().proposed(),
    who: 'rating:checker',
    args: ({ termsHash }) => ({ deal: DEAL, termsHash }),
  },
  'deal.confirmRating': {
    at: () => new PlanStory().termsConfirmed(),
    who: 'rating:checker',
    args: () => ({ deal: DEAL, ratings: RATINGS }),
  },
  'deal.lodgeOpinion': {
    at: () => new PlanStory().proposed(),
    who: 'lawyer:maker',
    args: () => ({ deal: DEAL, contentHash: hash('opinion') }),
  },
  'deal.decide': {
    at: () => new PlanStory().rated(),
    who: 'exchange:checker',
    args: () => ({ deal: DEAL, decision: 'approve' }),
  },
  'deal.withdraw': {
    at: () => new PlanStory().proposed(),
    who: 'manager:checker',
    args: () => ({ deal: DEAL, reason: 'market closed' }),
  },
  'deal.establish': { at: ready, who: 'manager:checker', args: () => deal },
  'deal.repeatPrice': {
    at: () => voided(new PlanStory().allotted(), `${DEAL}:price:1`, 'custodian'),
    who: 'manager:checker',
    args: () => deal,
  },
  'deal.returnCredit': {
    at: () => {
      const story = new PlanStory().approved()
      story.pays(3)
      return story
    },
    who: 'manager:payer',
    args: () => ({ deal: DEAL, reference: 'line-1' }),
  },
  'deal.close': { at: ended, who: 'manager:checker', args: () => deal },
  'deal.moveVersion': { at: newVersion, who: 'manager:maker', args: () => ({ deal: DEAL, bundle: NEW_VERSION }) },
  'deal.agreeVersion': {
    at: () => does(newVersion(), 'manager:maker', 'deal.moveVersion', { deal: DEAL, bundle: NEW_VERSION }),
    who: 'custodian:checker',
    args: () => ({ deal: DEAL, bundle: NEW_VERSION }),
  },
  'asset-registry.proposeBatch': {
    at: () => new PlanStory().proposed(),
    who: 'originator:maker',
    args: (story) => story.batchArgs(CUT_OFF, null, 4),
  },
  'asset-registry.attest': {
    at: proposedBatch,
    who: 'custodian:checker',
    args: ({ root }) => ({ deal: DEAL, version: 1, root: { ...root } }),
  },
  'asset-registry.reject': {
    at: proposedBatch,
    who: 'custodian:checker',
    args: () => ({ deal: DEAL, version: 1, reason: 'two loans missing' }),
  },
  'securities.subscribe': {
    at: () => new PlanStory().approved(),
    who: 'investor-a:maker',
    args: () => ({ deal: DEAL, tranche: 'A', units: 10 }),
  },
  'securities.withdrawSubscription': {
    at: () => new PlanStory().subscribed(),
    who: 'investor-a:maker',
    args: () => ({ deal: DEAL, tranche: 'A' }),
  },
  'securities.confirmPayment': {
    at: () => {
      const story = new PlanStory().subscribed()
      story.pays(story.units('B'))
      return story
    },
    who: 'custodian:service',
    args: () => ({ deal: DEAL, tranche: 'B', investor: 'investor-b', reference: 'line-1' }),
  },
  'securities.register': {
    at: () => new PlanStory().allotted().posts(`${DEAL}:price:1`, 'custodian'),
    who: 'depository:checker',
    args: () => deal,
  },
  'securities.repayHolder': {
    at: () => {
      const story = new PlanStory().established().settled(MONTH)
      const { instruction } = story.world.read(holderPaymentKey(DEAL, '2011-01', 'investor-a'))!
      return voided(story, instruction, 'depository')
    },
    who: 'depository:checker',
    args: () => ({ ...ofPeriod, holder: 'investor-a' }),
  },
  'servicing.reportCollections': {
    at: () => {
      const story = new PlanStory().established()
      return story.at(story.dates.collectedTo)
    },
    who: 'originator:maker',
    args: (story) => story.reportArgs(MONTH),
  },
  'servicing.transferCollections': {
    at: () => new PlanStory().established().collected(MONTH),
    who: 'originator:maker',
    args: () => ofPeriod,
  },
  'servicing.confirmCollections': {
    at: () => new PlanStory().established().transferred(MONTH),
    who: 'custodian:checker',
    args: (story) => ({ ...ofPeriod, statementFen: String(story.totalOf(MONTH)), statementHash: hash('statement') }),
  },
  'servicing.calculate': {
    at: () => new PlanStory().established().confirmed(MONTH),
    who: 'manager:service',
    args: () => ofPeriod,
  },
  'servicing.approveInstructions': {
    at: () => new PlanStory().established().calculated(MONTH),
    who: 'manager:payer',
    args: ({ distribution: { resultHash } }) => ({ ...ofPeriod, resultHash }),
  },
  'servicing.refuseInstructions': {
    at: () => new PlanStory().established().calculated(MONTH),
    who: 'manager:payer',
    args: () => ({ ...ofPeriod, reason: 'the audit fee is wrong' }),
  },
  'servicing.settle': {
    at: () => new PlanStory().established().released(MONTH).posts(`${DEAL}:2011-01:out:1`, 'custodian'),
    who: 'manager:service',
    args: () => ofPeriod,
  },
  'servicing.reopen': {
    at: () => voided(new PlanStory().established().released(MONTH), `${DEAL}:2011-01:out:1`, 'custodian'),
    who: 'manager:service',
    args: () => ofPeriod,
  },
}
