import { Type } from 'typebox'
import { DealTerms } from '#domain/deal/terms'
import { STATUSES } from '#domain/deal/words'
import { dealObject } from '../calendar/state.ts'
import { Reference } from '../cash/events.ts'
import { pinKey } from '../governance/state.ts'
import { eventType } from '../kernel/event.ts'
import { DateString, Fields, FenString, HashString, Id, OneOf, OrNull } from '../kernel/schema.ts'
import { patch, put, remove } from '../kernel/state.ts'
import { paymentLineKey } from '../securities/state.ts'
import { MAX_HOLDERS, MAX_TRANCHES, Reason } from './fields.ts'
import { DEAL_TABLE, dealKey, termsKey, versionMoveKey, type Parties } from './state.ts'

const contract = 'deal'
const State = OneOf(DEAL_TABLE.states)
const Signer = { participant: Id, operator: Id }

const PartiesFields = Type.Unsafe<Parties>(Type.Record(Type.String(), Type.Array(Id)))

export const RatingText = Type.String({ pattern: '^[A-Za-z0-9+()-]{1,12}$', description: 'e.g. AAA, AA+sf.' })
export const Ratings = Type.Array(Fields({ tranche: Id, rating: RatingText }), { maxItems: MAX_TRANCHES })
export const Decision = OneOf(['approve', 'reject'] as const)

/** Parties: the whole terms. The terms stand on the ledger, so that the contract itself can run them. */
export const proposed = eventType({
  contract,
  event: 'Proposed',
  schema: Fields({
    deal: Id,
    state: State,
    terms: DealTerms,
    termsHash: HashString,
    parties: PartiesFields,
    proposedBy: Id,
  }),
  apply: ({ deal, state, terms, termsHash, parties, proposedBy }) => [
    put(termsKey(deal), terms),
    put(dealKey(deal), {
      deal,
      state,
      termsHash,
      parties,
      investors: [],
      trancheIds: terms.tranches.map(({ id }) => id),
      initialPoolFen: terms.pool.initial,
      proposedBy,
      ratings: [],
      opinionHash: null,
      validUntil: null,
      establishedOn: null,
      priceAttempt: 0,
      priceFen: '0',
      status: terms.status,
    }),
  ],
})

/** Plan manager and custodian: who may subscribe. Other parties and the investors themselves do not learn the list. */
export const investorsNamed = eventType({
  contract,
  event: 'InvestorsNamed',
  schema: Fields({ deal: Id, investors: Type.Array(Id, { maxItems: MAX_HOLDERS }) }),
  apply: ({ deal, investors }) => [patch(dealKey(deal), { investors })],
})

/** Parties: who confirmed which hash. */
export const termsConfirmed = eventType({
  contract,
  event: 'TermsConfirmed',
  schema: Fields({ deal: Id, state: State, termsHash: HashString, ...Signer }),
  apply: ({ deal, state }) => [patch(dealKey(deal), { state })],
})

/** Parties: the ratings, and who confirmed them. */
export const ratingConfirmed = eventType({
  contract,
  event: 'RatingConfirmed',
  schema: Fields({ deal: Id, state: State, ratings: Ratings, ...Signer }),
  apply: ({ deal, state, ratings }) => [patch(dealKey(deal), { state, ratings })],
})

/** Parties: a commitment to the opinion; its text goes through the exchange of files. */
export const opinionLodged = eventType({
  contract,
  event: 'OpinionLodged',
  schema: Fields({ deal: Id, contentHash: HashString, ...Signer }),
  apply: ({ deal, contentHash }) => [patch(dealKey(deal), { opinionHash: contentHash })],
})

/** Public: the plan's id, the decision, its reason and validity; nothing of the terms. */
export const decided = eventType({
  contract,
  event: 'Decided',
  schema: Fields({
    deal: Id,
    state: State,
    decision: Decision,
    reason: OrNull(Reason),
    validUntil: OrNull(DateString),
    ...Signer,
  }),
  apply: ({ deal, state, validUntil }) => [patch(dealKey(deal), { state, validUntil })],
})

export const withdrawn = eventType({
  contract,
  event: 'Withdrawn',
  schema: Fields({ deal: Id, state: State, reason: Reason, ...Signer }),
  apply: ({ deal, state }) => [patch(dealKey(deal), { state })],
})

/** Parties: every tranche is paid, securities are allotted; established once the price is booked and holders registered. */
export const fundsVerified = eventType({
  contract,
  event: 'FundsVerified',
  schema: Fields({
    deal: Id,
    state: State,
    tranches: Type.Array(Fields({ tranche: Id, fen: FenString }), { maxItems: MAX_TRANCHES }),
    ...Signer,
  }),
  apply: ({ deal, state }) => [patch(dealKey(deal), { state })],
})

/** Parties: the price of the assets is to be paid to the originator. */
export const priceInstructed = eventType({
  contract,
  event: 'PriceInstructed',
  schema: Fields({ deal: Id, priceFen: FenString, attempt: Type.Integer({ minimum: 1 }), instruction: Id }),
  apply: ({ deal, priceFen, attempt }) => [patch(dealKey(deal), { priceFen, priceAttempt: attempt })],
})

/** Plan manager and custodian: a credit goes back to its sender. */
export const creditReturned = eventType({
  contract,
  event: 'CreditReturned',
  schema: Fields({
    deal: Id,
    bank: Id,
    reference: Reference,
    account: Id,
    amountFen: FenString,
    attempt: Type.Integer({ minimum: 1 }),
    instruction: Id,
    operator: Id,
  }),
  apply: ({ bank, reference, attempt }) => [
    put(paymentLineKey(bank, reference), { subscription: 'returned', returned: attempt }),
  ],
})

/** Parties and holders: price paid, holders registered, accounts at nothing; the plan is served from here on. */
export const established = eventType({
  contract,
  event: 'Established',
  schema: Fields({ deal: Id, state: State, establishedOn: DateString, ...Signer }),
  apply: ({ deal, state, establishedOn }) => [patch(dealKey(deal), { state, establishedOn })],
})

/** Parties and holders: which waterfall rules from now on (emitted by a period's settlement). */
export const statusChanged = eventType({
  contract,
  event: 'StatusChanged',
  schema: Fields({ deal: Id, from: OneOf(STATUSES), to: OneOf(STATUSES) }),
  apply: ({ deal, to }) => [patch(dealKey(deal), { status: to })],
})

export const closed = eventType({
  contract,
  event: 'Closed',
  schema: Fields({ deal: Id, state: State, closedOn: DateString, ...Signer }),
  apply: ({ deal, state }) => [patch(dealKey(deal), { state })],
})

const Bundle = OrNull(HashString)

/** Parties: the version of the contracts that the plan stays on from here; null: what nodes are built from. */
export const versionPinned = eventType({
  contract,
  event: 'VersionPinned',
  schema: Fields({ deal: Id, bundle: Bundle }),
  apply: ({ deal, bundle }) => [put(pinKey(dealObject(deal)), { bundle }), remove(versionMoveKey(deal))],
})

/** Parties: the manager proposes another version. */
export const versionMoveProposed = eventType({
  contract,
  event: 'VersionMoveProposed',
  schema: Fields({ deal: Id, bundle: Bundle, ...Signer }),
  apply: ({ deal, bundle, participant, operator }) => [
    put(versionMoveKey(deal), { bundle, manager: participant, proposedBy: operator, agreed: [] }),
  ],
})

/** Parties: who has agreed so far. */
export const versionAgreed = eventType({
  contract,
  event: 'VersionAgreed',
  schema: Fields({ deal: Id, bundle: Bundle, agreed: Type.Array(Id, { maxItems: MAX_HOLDERS }), ...Signer }),
  apply: ({ deal, agreed }) => [patch(versionMoveKey(deal), { agreed })],
})

export const dealEvents = [
  proposed,
  investorsNamed,
  termsConfirmed,
  ratingConfirmed,
  opinionLodged,
  decided,
  withdrawn,
  fundsVerified,
  priceInstructed,
  creditReturned,
  established,
  statusChanged,
  versionPinned,
  versionMoveProposed,
  versionAgreed,
  closed,
] as const
