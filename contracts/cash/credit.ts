import { parseFen } from '#domain/money'
import { calendarKey } from '../calendar/state.ts'
import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { DateString, Fields, Id, OrNull, PositiveFen } from '../kernel/schema.ts'
import { BANKS } from './banks.ts'
import { CREDITED } from './commitment.ts'
import { Reference } from './events.ts'
import { accountKey, referenceKey } from './state.ts'
import { credit as book } from './transfers.ts'

/** The bank's signed statement line: money came in from outside. */
export const credit = method({
  contract: 'cash',
  method: 'credit',
  sentence: {
    zh: '银行流水 {reference}：账户 {account} 于 {valueDate} 收到 {amountFen:yuan} 元',
    en: 'Statement line {reference}: account {account} received {amountFen:yuan} yuan with value date {valueDate}',
  },
  args: Fields({
    account: Id,
    from: Id,
    amountFen: PositiveFen,
    valueDate: DateString,
    reference: Reference,
    deal: OrNull(Id),
  }),
  by: BANKS,
  commits: CREDITED,
  reads: ({ account, from, reference }, { participant }) => [
    calendarKey,
    accountKey(account),
    accountKey(from),
    referenceKey(participant, reference),
  ],
  decide(read, { args, caller }) {
    const stage = new Stage(read)
    book(stage, { ...args, amountFen: parseFen(args.amountFen), bank: caller.participant })
    return stage.events
  },
})
