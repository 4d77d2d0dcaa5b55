import { addDays, dayNumber, isIsoDate, type IsoDate } from '#domain/date'
import { PUBLIC } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { DateString, Fields } from '../kernel/schema.ts'
import { refuse } from './errors.ts'
import { dayRolled } from './events.ts'
import { calendarKey, calendarOperatorsAt, calendarOperatorsKey } from './state.ts'

const DAY_MS = 86_400_000
/** Shanghai is UTC+8 without daylight saving since 1991. */
const SHANGHAI_MS = 8 * 3_600_000

/** 00:00 Asia/Shanghai of a date, in milliseconds since 1970-01-01T00:00Z. */
export const shanghaiMidnightMs = (date: IsoDate): number => dayNumber(date) * DAY_MS - SHANGHAI_MS

/**
 * Moves the business date to the next calendar day; rolling does nothing else. A date that was rolled already is
 * accepted without an event, so that every organisation's schedule may send the same roll.
 */
export const roll = method({
  contract: 'calendar',
  method: 'roll',
  sentence: { zh: '将营业日期推进至 {date}', en: 'Roll the business date to {date}' },
  args: Fields({ date: DateString }),
  by: { functions: ['service:calendar'] },
  reads: () => [calendarKey, calendarOperatorsKey],
  decide(read, { args, caller }, { blockTimeMs, height }) {
    const calendar = read(calendarKey)
    if (!calendar || !calendarOperatorsAt(read, height).includes(caller.participant)) {
      return refuse('NOT_A_CALENDAR_OPERATOR', { participant: caller.participant })
    }
    if (!isIsoDate(args.date)) return refuse('NOT_A_DATE', { field: '/date', date: args.date })
    const { date } = args
    if (date >= calendar.startDate && date <= calendar.date) return []
    const next = addDays(calendar.date, 1)
    if (date !== next) refuse('NOT_THE_NEXT_DAY', { date, next })
    const begins = shanghaiMidnightMs(date)
    if (calendar.clock === 'wall' && blockTimeMs < begins) {
      refuse('TOO_EARLY', { date, beginsAtMs: begins, blockTimeMs })
    }
    return [dayRolled.of({ date }, [PUBLIC])]
  },
})
