import type { IsoDate } from '#domain/date'
import { keysOf, type Key } from '../kernel/state.ts'

/** `test`: the operators roll as fast as they like. `wall`: not before the day has begun in Shanghai by block time. */
export const CLOCKS = ['test', 'wall'] as const
export type Clock = (typeof CLOCKS)[number]

export interface Calendar {
  readonly clock: Clock
  readonly startDate: IsoDate
  /** The business date of the whole ledger. */
  readonly date: IsoDate
  /** Participants whose calendar service may roll the date. */
  readonly operators: readonly string[]
}

/** A deal, a receivable batch or a market, with the last business date it has closed up to. */
export interface DatedObject {
  readonly object: string
  readonly asOf: IsoDate
  /** Participants whose calendar service may close its days, besides the calendar's operators. */
  readonly closers: readonly string[]
  /** Who is told when its days close. */
  readonly topics: readonly string[]
}

export const calendarKey: Key<Calendar> = { path: 'calendar/date' }
export const objectDateKey = keysOf<DatedObject>('calendar/object')
