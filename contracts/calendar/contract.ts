import { contract } from '../kernel/method.ts'
import { closeDay } from './close-day.ts'
import { calendarEvents } from './events.ts'
import { roll } from './roll.ts'

/**
 * The business date of the ledger, and the date of each deal, batch and market (LEDGER.md §3).
 *
 * Who sees what: the business date, the clock and the calendar's operators are public. An object's id, date and closers
 * are seen by the topics its own contract named when it was dated, and by the regulator.
 */
export const calendar = contract({
  name: 'calendar',
  methods: [roll, closeDay],
  events: calendarEvents,
  disclosure: { fields: 'public', except: ['closeDay', 'ObjectDated', 'DayClosed'] },
})
