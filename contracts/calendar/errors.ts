import { refusals } from '../kernel/refusal.ts'

/** Refusals of the calendar, in the order in which they are tested. */
export const refuse = refusals({
  /** Roll or close by a participant that is not named for it. */
  NOT_A_CALENDAR_OPERATOR: 'forbidden',
  NOT_A_CLOSER: 'forbidden',
  NOT_A_DATE: 'validation',
  OBJECT_NOT_FOUND: 'notFound',
  OBJECT_EXISTS: 'conflict',
  /** Only the day after the present business date may be rolled to. */
  NOT_THE_NEXT_DAY: 'conflict',
  /** The day has not begun in Shanghai by block time; try again later. */
  TOO_EARLY: 'transient',
  /** The ledger's business date has not come to that day yet. */
  DAY_NOT_REACHED: 'conflict',
  TOO_MANY_DAYS: 'validation',
})
