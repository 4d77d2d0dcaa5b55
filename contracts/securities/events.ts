import { Type } from 'typebox'
import { MAX_HOLDERS, MAX_TRANCHES, AmountText, PeriodId } from '../deal/fields.ts'
import { eventType } from '../kernel/event.ts'
import { Fields, FenString, HashString, Id, OneOf, OrNull } from '../kernel/schema.ts'
import { patch, put } from '../kernel/state.ts'
import { Reference } from '../cash/events.ts'
import {
  holderPaymentKey,
  holdersKey,
  holdingKey,
  paymentLineKey,
  SUBSCRIPTION_TABLE,
  subscriptionKey,
  TRANCHE_TABLE,
  trancheKey,
} from './state.ts'

const contract = 'securities'
const SubscriptionState = OneOf(SUBSCRIPTION_TABLE.states)
const TrancheState = OneOf(TRANCHE_TABLE.states)
export const Units = Type.Integer({ minimum: 1, maximum: 10_000_000_000 })
export const HolderFields = Fields({ holder: Id, faceFen: FenString })
const Offer = Fields({ tranche: Id, originalFen: FenString, unitFen: OrNull(FenString) })
export const PaymentLines = Type.Array(
  Fields({ tranche: Id, kind: OneOf(['interest', 'principal', 'residual'] as const), amountFen: FenString }),
  { maxItems: 3 * MAX_TRANCHES },
)

/** Parties: what is sold, and what the originator keeps. */
export const offered = eventType({
  contract,
  event: 'Offered',
  schema: Fields({ deal: Id, tranches: Type.Array(Offer, { maxItems: MAX_TRANCHES }) }),
  apply: ({ deal, tranches }) =>
    tranches.map(({ tranche, originalFen, unitFen }) =>
      put(trancheKey(deal, tranche), {
        deal,
        tranche,
        state: 'offered',
        unitFen,
        originalFen,
        balanceFen: originalFen,
        writtenDownFen: '0',
      }),
    ),
})

/** The invited investor alone: that it may subscribe, and the hash of the terms it will be shown. */
export const invited = eventType({
  contract,
  event: 'Invited',
  schema: Fields({
    deal: Id,
    investor: Id,
    termsHash: HashString,
    tranches: Type.Array(Offer, { maxItems: MAX_TRANCHES }),
  }),
  apply: () => [],
})

/** Investor, plan manager, custodian: sealed from other investors. */
export const subscribed = eventType({
  contract,
  event: 'Subscribed',
  schema: Fields({
    deal: Id,
    tranche: Id,
    investor: Id,
    units: Units,
    amountFen: FenString,
    state: SubscriptionState,
  }),
  apply: ({ deal, tranche, investor, units, amountFen, state }) => [
    put(subscriptionKey(deal, tranche, investor), { deal, tranche, investor, units, amountFen, state }),
  ],
})

export const subscriptionWithdrawn = eventType({
  contract,
  event: 'SubscriptionWithdrawn',
  schema: Fields({ deal: Id, tranche: Id, investor: Id, state: SubscriptionState }),
  apply: ({ deal, tranche, investor, state }) => [patch(subscriptionKey(deal, tranche, investor), { state })],
})

export const paymentConfirmed = eventType({
  contract,
  event: 'PaymentConfirmed',
  schema: Fields({
    deal: Id,
    tranche: Id,
    investor: Id,
    amountFen: FenString,
    bank: Id,
    reference: Reference,
    state: SubscriptionState,
  }),
  apply: ({ deal, tranche, investor, bank, reference, state }) => [
    patch(subscriptionKey(deal, tranche, investor), { state }),
    put(paymentLineKey(bank, reference), { subscription: `${deal}/${tranche}/${investor}`, returned: 0 }),
  ],
})

/** Plan manager, custodian, depository: the register of a tranche. */
export const allotted = eventType({
  contract,
  event: 'Allotted',
  schema: Fields({
    deal: Id,
    tranche: Id,
    state: TrancheState,
    holders: Type.Array(HolderFields, { maxItems: MAX_HOLDERS }),
  }),
  apply: ({ deal, tranche, state, holders }) => [
    patch(trancheKey(deal, tranche), { state }),
    put(holdersKey(deal, tranche), { holders }),
  ],
})

/** One holder, with plan manager, custodian and depository. `subscription` is absent for what the originator keeps. */
export const holdingAllotted = eventType({
  contract,
  event: 'HoldingAllotted',
  schema: Fields({ deal: Id, tranche: Id, holder: Id, faceFen: FenString, subscription: OrNull(SubscriptionState) }),
  apply: ({ deal, tranche, holder, faceFen, subscription }) => [
    put(holdingKey(deal, tranche, holder), { holder, faceFen }),
    ...(subscription === null ? [] : [patch(subscriptionKey(deal, tranche, holder), { state: subscription })]),
  ],
})

/** Parties and holders: a tranche is on the depository's register; how many hold it, not who. */
export const holdingsRegistered = eventType({
  contract,
  event: 'HoldingsRegistered',
  schema: Fields({ deal: Id, tranche: Id, state: TrancheState, holders: Type.Integer({ minimum: 0 }) }),
  apply: ({ deal, tranche, state }) => [patch(trancheKey(deal, tranche), { state })],
})

/** Parties and holders: what a tranche was paid for a period, and what it stands at. */
export const tranchePaid = eventType({
  contract,
  event: 'TranchePaid',
  schema: Fields({
    deal: Id,
    tranche: Id,
    period: PeriodId,
    state: TrancheState,
    interestFen: AmountText,
    principalFen: AmountText,
    residualFen: AmountText,
    balanceFen: AmountText,
    writtenDownFen: AmountText,
  }),
  apply: ({ deal, tranche, state, balanceFen, writtenDownFen }) => [
    patch(trancheKey(deal, tranche), { state, balanceFen, writtenDownFen }),
  ],
})

/** One holder, with plan manager, custodian and depository: its amounts for a period, and the instruction that pays. */
export const holderPaymentInstructed = eventType({
  contract,
  event: 'HolderPaymentInstructed',
  schema: Fields({
    deal: Id,
    period: PeriodId,
    holder: Id,
    lines: PaymentLines,
    totalFen: FenString,
    attempt: Type.Integer({ minimum: 1 }),
    instruction: Id,
  }),
  apply: (payment) => [put(holderPaymentKey(payment.deal, payment.period, payment.holder), payment)],
})

export const securitiesEvents = [
  offered,
  invited,
  subscribed,
  subscriptionWithdrawn,
  paymentConfirmed,
  allotted,
  holdingAllotted,
  holdingsRegistered,
  tranchePaid,
  holderPaymentInstructed,
] as const
