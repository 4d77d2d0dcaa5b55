import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { DateString, Fields, Id } from '../kernel/schema.ts'
import { calendarKey } from '../calendar/state.ts'
import { Reference } from './events.ts'
import { BANKS } from './banks.ts'
import { instructionKey, referenceKey } from './state.ts'
import { post as book } from './transfers.ts'

/** The bank's signed statement line: the linked transfers of an instruction have happened, all of them. */
export const post = method({
  contract: 'cash',
  method: 'post',
  sentence: {
    zh: '银行流水 {reference}：指令 {instruction} 已于 {valueDate} 入账',
    en: 'Statement line {reference}: instruction {instruction} was executed with value date {valueDate}',
  },
  args: Fields({ instruction: Id, reference: Reference, valueDate: DateString }),
  by: BANKS,
  reads: ({ instruction, reference }, { participant }) => [
    calendarKey,
    instructionKey(instruction),
    referenceKey(participant, reference),
  ],
  decide(read, { args, caller }) {
    const stage = new Stage(read)
    book(stage, { ...args, bank: caller.participant })
    return stage.events
  },
})
