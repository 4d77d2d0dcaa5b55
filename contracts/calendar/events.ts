import { Type } from 'typebox'
import type { IsoDate } from '#domain/date'
import { eventType } from '../kernel/event.ts'
import { DateString, Fields, Height, Id, OneOf, Text } from '../kernel/schema.ts'
import { patch, put } from '../kernel/state.ts'
import { calendarKey, calendarOperatorsKey, CLOCKS, objectDateKey } from './state.ts'

const contract = 'calendar'
const ObjectId = Type.String({ minLength: 3, maxLength: 120 })

export const calendarOpened = eventType({
  contract,
  event: 'CalendarOpened',
  schema: Fields({ clock: OneOf(CLOCKS), date: DateString, operators: Type.Array(Id) }),
  apply: ({ clock, date, operators }) => [
    put(calendarKey, { clock, startDate: date as IsoDate, date: date as IsoDate, operators }),
  ],
})

/** Decided by governance. */
export const operatorsSet = eventType({
  contract,
  event: 'OperatorsSet',
  schema: Fields({ schedule: Type.Array(Fields({ fromHeight: Height, value: Type.Array(Id) })) }),
  apply: ({ schedule }) => [put(calendarOperatorsKey, schedule)],
})

export const dayRolled = eventType({
  contract,
  event: 'DayRolled',
  schema: Fields({ date: DateString }),
  apply: ({ date }) => [patch(calendarKey, { date: date as IsoDate })],
})

export const objectDated = eventType({
  contract,
  event: 'ObjectDated',
  schema: Fields({ object: ObjectId, asOf: DateString, closers: Type.Array(Id), topics: Type.Array(Text) }),
  apply: ({ object, asOf, closers, topics }) => [
    put(objectDateKey(object), { object, asOf: asOf as IsoDate, closers, topics }),
  ],
})

/** Every day from `from` to `asOf` is closed, both included. */
export const dayClosed = eventType({
  contract,
  event: 'DayClosed',
  schema: Fields({ object: ObjectId, from: DateString, asOf: DateString }),
  apply: ({ object, asOf }) => [patch(objectDateKey(object), { asOf: asOf as IsoDate })],
})

export const calendarEvents = [calendarOpened, operatorsSet, dayRolled, objectDated, dayClosed] as const
