import { Type, type Static } from 'typebox'
import type { IsoDate } from '#domain/date'
import { canonicalJson } from '#proof/canonical'
import { eventType } from '../kernel/event.ts'
import { DateString, Fields, FenString, Id, OneOf, OrNull, PositiveFen, Text } from '../kernel/schema.ts'
import { patch, put, type Write } from '../kernel/state.ts'
import { ACCOUNT_KINDS, accountKey, instructionKey, referenceKey } from './state.ts'

const contract = 'cash'
export const Reference = Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]*$' })
export const LegFields = Fields({ transferId: Id, step: Text, from: Id, to: Id, amountFen: PositiveFen })
/** An account's figures after the event, so that a reader needs no arithmetic. */
const Balance = Fields({ account: Id, postedFen: FenString, reservedFen: FenString })

const balanceWrites = (balances: readonly Static<typeof Balance>[]): Write[] =>
  balances.map(({ account, postedFen, reservedFen }) => patch(accountKey(account), { postedFen, reservedFen }))

export const accountOpened = eventType({
  contract,
  event: 'AccountOpened',
  schema: Fields({ account: Id, kind: OneOf(ACCOUNT_KINDS), owner: Id, bank: Id, deal: OrNull(Id) }),
  apply: ({ account, kind, owner, bank, deal }) => [
    put(accountKey(account), { id: account, kind, owner, bank, deal, postedFen: '0', reservedFen: '0' }),
  ],
})

export const transfersInstructed = eventType({
  contract,
  event: 'TransfersInstructed',
  schema: Fields({
    instruction: Id,
    deal: OrNull(Id),
    bank: Id,
    date: DateString,
    legs: Type.Array(LegFields),
    reserved: Type.Array(Fields({ account: Id, fen: PositiveFen })),
    topics: Type.Array(Text),
    balances: Type.Array(Balance),
  }),
  apply: ({ instruction, deal, bank, date, legs, reserved, topics, balances }) => [
    put(instructionKey(instruction), {
      id: instruction,
      deal,
      bank,
      state: 'pending',
      date: date as IsoDate,
      legs,
      reserved,
      topics,
      reference: null,
      valueDate: null,
    }),
    ...balanceWrites(balances),
  ],
})

export const transfersPosted = eventType({
  contract,
  event: 'TransfersPosted',
  schema: Fields({
    instruction: Id,
    deal: OrNull(Id),
    bank: Id,
    reference: Reference,
    valueDate: DateString,
    legs: Type.Array(LegFields),
    balances: Type.Array(Balance),
  }),
  apply: ({ instruction, bank, reference, valueDate, balances }) => [
    patch(instructionKey(instruction), { state: 'posted', reference, valueDate: valueDate as IsoDate }),
    put(referenceKey(bank, reference), { line: postingLine({ instruction, valueDate }) }),
    ...balanceWrites(balances),
  ],
})

export const transfersVoided = eventType({
  contract,
  event: 'TransfersVoided',
  schema: Fields({ instruction: Id, deal: OrNull(Id), bank: Id, reason: Text, balances: Type.Array(Balance) }),
  apply: ({ instruction, balances }) => [
    patch(instructionKey(instruction), { state: 'voided' }),
    ...balanceWrites(balances),
  ],
})

export const cashCredited = eventType({
  contract,
  event: 'CashCredited',
  schema: Fields({
    account: Id,
    from: Id,
    amountFen: PositiveFen,
    valueDate: DateString,
    reference: Reference,
    deal: OrNull(Id),
    bank: Id,
    balances: Type.Array(Balance),
  }),
  apply: ({ balances, bank, reference, ...line }) => [
    put(referenceKey(bank, reference), { line: creditLine(line) }),
    ...balanceWrites(balances),
  ],
})

/** What a bank's reference stands for; the same line under the same reference is the same fact. */
export const postingLine = ({ instruction, valueDate }: { instruction: string; valueDate: string }): string =>
  canonicalJson({ instruction, valueDate })

export interface CreditLine {
  readonly account: string
  readonly from: string
  readonly amountFen: string
  readonly valueDate: string
  readonly deal: string | null
}
export const creditLine = ({ account, from, amountFen, valueDate, deal }: CreditLine): string =>
  canonicalJson({ account, from, amountFen, valueDate, deal })

export const cashEvents = [accountOpened, transfersInstructed, transfersPosted, transfersVoided, cashCredited] as const
