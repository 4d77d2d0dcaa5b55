import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { termsProblems } from './validate.ts'

const deal = JSON.parse(readFileSync(new URL('../../testdata/deals/deal-a.json', import.meta.url), 'utf8')) as {
  readonly dates: Readonly<Record<string, unknown>>
}

const problemWith = (payDates: unknown) => termsProblems({ ...deal, dates: { ...deal.dates, payDates } })[0]

test('a date pattern that cannot be read is refused in this code’s own words, never in those of an engine', () => {
  const unreadable = { path: '/dates/payDates', reason: 'the date pattern cannot be read: unknown form' }
  for (const pattern of [{ all: 5 }, { monthDay: null }, { exclude: 'MonthEnd', remove: {} }, { custom: 1 }])
    expect(problemWith(pattern), JSON.stringify(pattern)).toEqual(unreadable)
  expect(problemWith({ dayOfMonth: 40 })?.reason).toBe(
    'the date pattern cannot be read: BAD_PATTERN {"dayOfMonth":"40","expected":"1 to 31"}',
  )
})
