import { addDays, daysBetween, isIsoDate } from '#domain/date'
import { Type } from 'typebox'
import { method } from '../kernel/method.ts'
import { DateString, Fields } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { dayClosed } from './events.ts'
import { calendarKey, calendarOperatorsAt, calendarOperatorsKey, objectDateKey } from './state.ts'

/** A command closes at most so many days, so that its work is bounded. */
export const MAX_DAYS_PER_CLOSE = 31

/**
 * Advances the date of one deal, batch or market, in order, up to a day that the ledger has reached. A day that is
 * closed already is accepted without an event.
 */
export const closeDay = method({
  contract: 'calendar',
  method: 'closeDay',
  sentence: { zh: '将 {object} 日终至 {date}', en: 'Close the days of {object} up to {date}' },
  args: Fields({
    object: Type.String({ pattern: '^[a-z-]{1,19}:[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$' }),
    date: DateString,
  }),
  by: { functions: ['service:calendar'] },
  reads: ({ object }) => [calendarKey, calendarOperatorsKey, objectDateKey(object)],
  decide(read, { args, caller }, { height }) {
    const { object, date } = args
    if (!isIsoDate(date)) return refuse('NOT_A_DATE', { field: '/date', date })
    const dated = read(objectDateKey(object)) ?? refuse('OBJECT_NOT_FOUND', { object })
    const calendar = read(calendarKey)!
    if (![...dated.closers, ...calendarOperatorsAt(read, height)].includes(caller.participant)) {
      refuse('NOT_A_CLOSER', { object, participant: caller.participant })
    }
    if (date <= dated.asOf) return []
    if (date > calendar.date) refuse('DAY_NOT_REACHED', { object, date, businessDate: calendar.date })
    if (daysBetween(dated.asOf, date) > MAX_DAYS_PER_CLOSE) {
      refuse('TOO_MANY_DAYS', { object, asOf: dated.asOf, date, most: MAX_DAYS_PER_CLOSE })
    }
    return [dayClosed.of({ object, from: addDays(dated.asOf, 1), asOf: date }, dated.topics)]
  },
})
