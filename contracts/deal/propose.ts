import { Type } from 'typebox'
import { DealTerms } from '#domain/deal/terms'
import { canonicalBytes } from '#proof/canonical'
import { hashJson } from '#proof/hash'
import type { Json } from '#proof/json'
import { dateObject } from '../calendar/business-date.ts'
import { dealObject } from '../calendar/state.ts'
import { dealTopic, participantTopic, Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, HashString, Id } from '../kernel/schema.ts'
import { participantKey } from '../membership/state.ts'
import { refuseDeal } from './errors.ts'
import { investorsNamed, proposed } from './events.ts'
import { MAX_HOLDERS } from './fields.ts'
import { requireMembers, requireRunnable } from './suitable-terms.ts'
import { dealKey } from './state.ts'

/** The largest terms document, in bytes of its canonical text. */
export const MAX_TERMS_BYTES = 128 * 1024

/**
 * The plan manager lodges a plan: its terms (which name the parties by role), their hash, and the investors who will be
 * invited. Seen by the parties; investors learn of it when they hold or subscribe, the public when the exchange decides.
 */
export const propose = method({
  contract: 'deal',
  method: 'propose',
  sentence: { zh: '提交计划 {deal}，条款摘要 {termsHash}', en: 'Propose plan {deal}, terms hash {termsHash}' },
  args: Fields({
    deal: Id,
    terms: DealTerms,
    termsHash: HashString,
    investors: Type.Array(Id, { maxItems: MAX_HOLDERS }),
  }),
  by: { roles: ['plan-manager'], functions: ['maker'] },
  reads: ({ deal, investors }) => [dealKey(deal), ...investors.map((investor) => participantKey(investor))],
  decide(read, { args, caller }, { height }) {
    const { deal, terms, investors } = args
    if (read(dealKey(deal))) refuseDeal('DEAL_EXISTS', { deal })
    const bytes = canonicalBytes(terms as Json).length
    if (bytes > MAX_TERMS_BYTES) refuseDeal('TERMS_TOO_LARGE', { bytes, most: MAX_TERMS_BYTES })
    const termsHash = hashJson(terms as Json)
    if (termsHash !== args.termsHash) refuseDeal('TERMS_DIFFER', { document: termsHash, signed: args.termsHash })
    requireRunnable(deal, terms)
    const parties = requireMembers(read, { terms, investors, height })
    if (!parties['plan-manager']!.includes(caller.participant)) {
      refuseDeal('NOT_A_PARTY', { deal, role: 'plan-manager', participant: caller.participant })
    }
    const stage = new Stage(read)
    const topics = [dealTopic(deal)]
    stage.emit(proposed, { deal, state: 'proposed', terms, termsHash, parties, proposedBy: caller.operator }, topics)
    const sealed = [...parties['plan-manager']!, ...parties.custodian!].map(participantTopic)
    stage.emit(investorsNamed, { deal, investors }, sealed)
    dateObject(stage, { object: dealObject(deal), closers: [caller.participant], topics })
    return stage.events
  },
})
