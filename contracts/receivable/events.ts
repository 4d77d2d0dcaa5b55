import { Type } from 'typebox'
import type { IsoDate } from '#domain/date'
import { eventType } from '../kernel/event.ts'
import { DateString, Fields, FenString, HashString, Id, OrNull, PositiveFen, Text } from '../kernel/schema.ts'
import { patch, put, type Write } from '../kernel/state.ts'
import { batchKey, holdingKey, invoiceKey, receivableKey } from './state.ts'

const contract = 'receivable'
const Months = Type.Integer({ minimum: 1, maximum: 120 })
export const TenorCaps = Type.Array(Fields({ from: DateString, inPrincipleMonths: Months, atMostMonths: Months }), {
  minItems: 1,
  maxItems: 20,
})
export const Tiers = OrNull(Type.Integer({ minimum: 0, maximum: 10_000 }))
const Tier = Type.Integer({ minimum: 0, maximum: 1_000_000 })
export const InvoiceFields = Fields({ commitment: HashString, amountFen: PositiveFen, assignedFen: PositiveFen })
/** How much of an invoice is assigned after the event, over all receivables. */
const InvoiceBalance = Fields({ commitment: HashString, amountFen: PositiveFen, assignedFen: FenString })
/** What every holding carries of its receivable. */
const header = { receivable: Id, batch: Id, issuer: Id, maturity: DateString }

const invoiceWrites = (balances: readonly { commitment: string; amountFen: string; assignedFen: string }[]): Write[] =>
  balances.map((invoice) => put(invoiceKey(invoice.commitment), invoice))

export const batchOpened = eventType({
  contract,
  event: 'BatchOpened',
  schema: Fields({ batch: Id, issuer: Id, minimumSplitFen: PositiveFen, maximumTiers: Tiers, tenorCaps: TenorCaps }),
  apply: ({ batch, issuer, minimumSplitFen, maximumTiers, tenorCaps }) => [
    put(batchKey(batch), {
      id: batch,
      issuer,
      minimumSplitFen,
      maximumTiers,
      tenorCaps: tenorCaps.map((cap) => ({ ...cap, from: cap.from as IsoDate })),
    }),
  ],
})

export const receivableDrafted = eventType({
  contract,
  event: 'ReceivableDrafted',
  schema: Fields({
    ...header,
    supplier: Id,
    faceFen: PositiveFen,
    issued: DateString,
    longTenorReason: OrNull(Text),
    documents: OrNull(HashString),
    invoices: Type.Array(InvoiceFields),
    invoiceBalances: Type.Array(InvoiceBalance),
    maker: Id,
  }),
  apply: ({ receivable, issued, maturity, invoiceBalances, ...rest }) => [
    put(receivableKey(receivable), {
      id: receivable,
      ...rest,
      issued: issued as IsoDate,
      maturity: maturity as IsoDate,
      state: 'draft',
      checker: null,
    }),
    ...invoiceWrites(invoiceBalances),
  ],
})

export const receivableApproved = eventType({
  contract,
  event: 'ReceivableApproved',
  schema: Fields({ ...header, supplier: Id, faceFen: PositiveFen, issued: DateString, checker: Id }),
  apply: ({ receivable, checker }) => [patch(receivableKey(receivable), { state: 'approved', checker })],
})

export const receivableAccepted = eventType({
  contract,
  event: 'ReceivableAccepted',
  schema: Fields({ ...header, holding: Id, owner: Id, from: PositiveFen, to: PositiveFen }),
  apply: ({ holding, maturity, ...rest }) => [
    patch(receivableKey(rest.receivable), { state: 'accepted' }),
    put(holdingKey(holding), {
      id: holding,
      ...rest,
      maturity: maturity as IsoDate,
      parent: null,
      tier: 0,
      state: 'held',
      proposal: null,
    }),
  ],
})

const ended = Fields({ receivable: Id, by: Id, reason: Text, invoiceBalances: Type.Array(InvoiceBalance) })

export const receivableRejected = eventType({
  contract,
  event: 'ReceivableRejected',
  schema: ended,
  apply: ({ receivable, invoiceBalances }) => [
    patch(receivableKey(receivable), { state: 'rejected' }),
    ...invoiceWrites(invoiceBalances),
  ],
})

export const receivableWithdrawn = eventType({
  contract,
  event: 'ReceivableWithdrawn',
  schema: ended,
  apply: ({ receivable, invoiceBalances }) => [
    patch(receivableKey(receivable), { state: 'withdrawn' }),
    ...invoiceWrites(invoiceBalances),
  ],
})

export const receivableSplit = eventType({
  contract,
  event: 'ReceivableSplit',
  schema: Fields({
    ...header,
    holding: Id,
    owner: Id,
    tier: Tier,
    parts: Type.Array(Fields({ id: Id, from: PositiveFen, to: PositiveFen })),
  }),
  apply: ({ holding, parts, maturity, ...shared }) => [
    patch(holdingKey(holding), { state: 'split' }),
    ...parts.map(({ id, from, to }) =>
      put(holdingKey(id), {
        id,
        ...shared,
        from,
        to,
        maturity: maturity as IsoDate,
        parent: holding,
        state: 'held',
        proposal: null,
      }),
    ),
  ],
})

export const transferProposed = eventType({
  contract,
  event: 'TransferProposed',
  schema: Fields({
    receivable: Id,
    holding: Id,
    owner: Id,
    from: PositiveFen,
    to: PositiveFen,
    maturity: DateString,
    recipient: Id,
    newHolding: Id,
    until: DateString,
  }),
  apply: ({ holding, recipient, newHolding, until }) => [
    patch(holdingKey(holding), {
      state: 'reserved',
      proposal: { to: recipient, holding: newHolding, until: until as IsoDate },
    }),
  ],
})

export const transferAccepted = eventType({
  contract,
  event: 'TransferAccepted',
  schema: Fields({
    ...header,
    holding: Id,
    owner: Id,
    newHolding: Id,
    recipient: Id,
    from: PositiveFen,
    to: PositiveFen,
    tier: Tier,
  }),
  apply: ({ holding, newHolding, recipient, maturity, owner: _before, ...shared }) => [
    patch(holdingKey(holding), { state: 'transferred', proposal: null }),
    put(holdingKey(newHolding), {
      id: newHolding,
      ...shared,
      owner: recipient,
      maturity: maturity as IsoDate,
      parent: holding,
      state: 'held',
      proposal: null,
    }),
  ],
})

const freed = Fields({ receivable: Id, holding: Id, owner: Id, recipient: Id })

export const transferWithdrawn = eventType({
  contract,
  event: 'TransferWithdrawn',
  schema: freed,
  apply: ({ holding }) => [patch(holdingKey(holding), { state: 'held', proposal: null })],
})

/** The last day to accept has passed; found when the holding is next used. */
export const transferExpired = eventType({
  contract,
  event: 'TransferExpired',
  schema: freed,
  apply: ({ holding }) => [patch(holdingKey(holding), { state: 'held', proposal: null })],
})

export const receivableEvents = [
  batchOpened,
  receivableDrafted,
  receivableApproved,
  receivableAccepted,
  receivableRejected,
  receivableWithdrawn,
  receivableSplit,
  transferProposed,
  transferAccepted,
  transferWithdrawn,
  transferExpired,
] as const
