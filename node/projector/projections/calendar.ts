import { eq } from 'drizzle-orm'
import { date, pgSchema, text } from 'drizzle-orm/pg-core'
import { calendarOpened, dayClosed, dayRolled, objectDated } from '#contracts/calendar/events'
import { handlersOf, made, moved, projection, provenance } from '../projection.ts'

/** The business date, and up to which day each object is closed. */
export const calendarTables = (schema: string) => ({
  businessDates: pgSchema(schema).table('business_dates', {
    /** `calendar`, or the object: `deal/<id>`, `receivable-batch/<id>`. */
    id: text('id').primaryKey(),
    asOf: date('as_of', { mode: 'string' }).notNull(),
    ...provenance(),
  }),
})
type Tables = ReturnType<typeof calendarTables>
const when = handlersOf<Tables>()
export const CALENDAR = 'calendar'

export const calendar = projection<Tables>({
  name: 'calendar',
  version: 1,
  tables: calendarTables,
  on: [
    when(calendarOpened, (tx, { businessDates }, { date: asOf }, event) =>
      tx.insert(businessDates).values({ id: CALENDAR, asOf, ...made(event) }),
    ),
    when(dayRolled, (tx, { businessDates }, { date: asOf }, event) =>
      tx
        .update(businessDates)
        .set({ asOf, ...moved(event) })
        .where(eq(businessDates.id, CALENDAR)),
    ),
    when(objectDated, (tx, { businessDates }, { object, asOf }, event) =>
      tx.insert(businessDates).values({ id: object, asOf, ...made(event) }),
    ),
    when(dayClosed, (tx, { businessDates }, { object, asOf }, event) =>
      tx
        .update(businessDates)
        .set({ asOf, ...moved(event) })
        .where(eq(businessDates.id, object)),
    ),
  ],
})
