import type { IsoDate } from '#domain/date'
import { valueAt, type Schedule } from '../governance/schedule.ts'
import { keysOf, type Key, type Read } from '../kernel/state.ts'

/** `test`: the operators roll as fast as they like. `wall`: not before the day has begun in Shanghai by block time. */
export const CLOCKS = ['test', 'wall'] as const
export type Clock = (typeof CLOCKS)[number]

export interface Calendar {
  readonly clock: Clock
  readonly startDate: IsoDate
  /** The business date of the whole ledger. */
  readonly date: IsoDate
  /** Of genesis, until governance moves them: ask `calendarOperatorsAt`. */
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
/** What governance decided about who rolls the date; absent until it first did. */
export const calendarOperatorsKey: Key<Schedule<readonly string[]>> = { path: 'calendar/operators' }

/** Who rolls the date, as decided so far: by genesis from the first block on, then by governance. */
export const calendarOperators = (read: Read): Schedule<readonly string[]> =>
  read(calendarOperatorsKey) ?? [{ fromHeight: 0, value: read(calendarKey)?.operators ?? [] }]

/** Participants whose calendar service may roll the date in a block of this height. */
export const calendarOperatorsAt = (read: Read, height: number): readonly string[] =>
  valueAt(calendarOperators(read), height) ?? []

export const objectDateKey = keysOf<DatedObject>('calendar/object')

/** The id under which a deal has its own date. */
export const dealObject = (deal: string): string => `deal:${deal}`
/** The id under which a batch of receivables has its own date. */
export const batchObject = (batch: string): string => `batch:${batch}`
