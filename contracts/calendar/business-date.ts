import type { IsoDate } from '#domain/date'
import type { Stage, Topic } from '../kernel/event.ts'
import { refuseCall } from '../kernel/refusal.ts'
import type { Key, Read } from '../kernel/state.ts'
import { refuse } from './errors.ts'
import { objectDated } from './events.ts'
import { calendarKey, objectDateKey } from './state.ts'

/** The business date of the ledger: state, never a clock. A ledger without a calendar is a defect of its genesis. */
export function businessDate(read: Read): IsoDate {
  const calendar = read(calendarKey)
  if (!calendar) throw new Error('no calendar: the genesis events are missing')
  return calendar.date
}

/** For a method's `reads`: what `requireCurrent` looks at. */
export const dateKeys = (object: string): readonly Key<unknown>[] => [calendarKey, objectDateKey(object)]

/**
 * Gives a new deal, batch or market its own date, beginning at the present business date.
 * @param closers participants whose calendar service may close its days, besides the calendar's operators
 * @param topics who is told of each closed day
 */
export function dateObject(
  stage: Stage,
  { object, closers, topics }: { object: string; closers: readonly string[]; topics: readonly Topic[] },
): void {
  if (stage.read(objectDateKey(object))) refuse('OBJECT_EXISTS', { object })
  const asOf = businessDate(stage.read)
  stage.emit(objectDated, { object, asOf, closers: [...closers], topics: [...topics] }, topics)
}

/**
 * The date an object has closed up to; commands on it act at this date. Refuses BEHIND when the object lags the ledger's
 * business date (its days must be closed first), OBJECT_NOT_FOUND when it was never dated.
 */
export function requireCurrent(read: Read, object: string): IsoDate {
  const dated = read(objectDateKey(object)) ?? refuse('OBJECT_NOT_FOUND', { object })
  const date = businessDate(read)
  if (dated.asOf !== date) refuseCall('BEHIND', { object, asOf: dated.asOf, businessDate: date })
  return dated.asOf
}
