/** Dates of deal terms: days that exist, in an order that makes sense, patterns that can be read. */
import { DateError, type IsoDate } from '../date.ts'
import { DAY_COUNTS } from '../day-count.ts'
import { datesInRange, patternDates, PatternError, type Pattern } from '../dates/pattern.ts'
import type { DealTerms } from './terms.ts'
import type { Problem } from './problem.ts'

export function dateProblems(terms: DealTerms): Problem[] {
  const patterns = patternProblems(terms)
  if (patterns.length > 0) return patterns
  return [...orderProblems(terms), ...sequenceProblems(terms), ...calendarProblems(terms), ...dayCountProblems(terms)]
}

/** Every date pattern of the document with its path. */
function* patternsOf(terms: DealTerms): Generator<readonly [string, unknown]> {
  yield ['/dates/collectionDates', terms.dates.collectionDates]
  yield ['/dates/payDates', terms.dates.payDates]
  for (const [i, { interest }] of terms.accounts.entries())
    if (interest) yield [`/accounts/${i}/interest/dates`, interest.dates]
  for (const [i, { coupons, stepUp }] of terms.tranches.entries()) {
    for (const [k, coupon] of coupons.entries())
      if ('resets' in coupon) yield [`/tranches/${i}/coupons/${k}/resets`, coupon.resets]
    if (stepUp?.dates !== undefined) yield [`/tranches/${i}/stepUp/dates`, stepUp.dates]
  }
  for (const [i, fee] of terms.fees.entries()) if ('dates' in fee) yield [`/fees/${i}/dates`, fee.dates]
  for (const [i, swap] of (terms.swaps ?? []).entries()) {
    yield [`/swaps/${i}/dates`, swap.dates]
    if (swap.settle) yield [`/swaps/${i}/settle/dates`, swap.settle.dates]
  }
  for (const [i, cap] of (terms.caps ?? []).entries()) yield [`/caps/${i}/dates`, cap.dates]
  for (const [i, inspection] of (terms.inspections ?? []).entries()) yield [`/inspections/${i}/dates`, inspection.dates]
}

const KEYS = [
  'dayOfMonth',
  'weekday',
  'monthDay',
  'everyNMonth',
  'custom',
  'all',
  'exclude',
  'offsetDays',
  'startsAt',
  'endsAt',
]

function patternProblems(terms: DealTerms): Problem[] {
  const problems: Problem[] = []
  for (const [path, pattern] of patternsOf(terms)) {
    const readable =
      typeof pattern === 'string' ||
      (typeof pattern === 'object' && pattern !== null && KEYS.some((key) => key in pattern))
    if (!readable) {
      problems.push({
        path,
        reason: `${JSON.stringify(pattern)} is no date pattern; one has one of ${KEYS.join(', ')}, or is a name such as "MonthEnd"`,
      })
      continue
    }
    try {
      patternDates(pattern as Pattern, terms.dates.cutOff as IsoDate, terms.dates.statedMaturity as IsoDate)
    } catch (error) {
      problems.push({
        path,
        // Only what this code says itself: the refusal is recorded, and engines word their own errors differently.
        reason: `the date pattern cannot be read: ${isOurs(error) ? error.message : 'unknown form'}`,
      })
    }
  }
  return problems
}

const isOurs = (error: unknown): error is PatternError | DateError =>
  error instanceof PatternError || error instanceof DateError

function orderProblems({ dates, tranches, caps = [] }: DealTerms): Problem[] {
  const problems: Problem[] = []
  const before = (a: string | undefined, b: string | undefined, path: string, what: string, orEqual = true): void => {
    if (a === undefined || b === undefined || (orEqual ? a <= b : a < b)) return
    problems.push({ path, reason: `${b} ${what} ${a}` })
  }
  before(dates.cutOff, dates.closing, '/dates/closing', 'is before the cut-off')
  before(dates.cutOff, dates.firstCollection, '/dates/firstCollection', 'is not after the cut-off', false)
  before(dates.firstCollection, dates.firstPay, '/dates/firstPay', 'is before the first collection date')
  before(dates.closing, dates.firstPay, '/dates/firstPay', 'is not after the closing date', false)
  before(dates.firstPay, dates.statedMaturity, '/dates/statedMaturity', 'is not after the first pay date', false)
  before(
    dates.lastCollection,
    dates.firstCollection,
    '/dates/firstCollection',
    'is not after the last collection',
    false,
  )
  before(dates.lastPay, dates.firstPay, '/dates/firstPay', 'is not after the last pay date', false)
  tranches.forEach(({ accrueFrom, expectedMaturity, legalMaturity, principal }, index) => {
    const path = `/tranches/${index}`
    before(accrueFrom, dates.firstPay, `${path}/accrueFrom`, 'is the first pay date, but interest starts on', false)
    before(expectedMaturity, legalMaturity, `${path}/legalMaturity`, 'is before the expected maturity')
    if (principal.type === 'lockout')
      before(
        principal.until,
        dates.statedMaturity,
        `${path}/principal/until`,
        'is the stated maturity, before the end of the lockout',
      )
    if (principal.type === 'bullet')
      before(
        principal.on,
        dates.statedMaturity,
        `${path}/principal/on`,
        'is the stated maturity, before the bullet date',
      )
  })
  caps.forEach(({ start, end }, index) => before(start, end, `/caps/${index}/end`, 'is not after the start', false))
  return problems
}

/** Lists of dated values: strictly ascending, so that no two overlap. */
function sequenceProblems(terms: DealTerms): Problem[] {
  const lists: [string, readonly (readonly [string, string])[]][] = []
  terms.tranches.forEach(({ principal }, i) => {
    if (principal.type === 'planned') lists.push([`/tranches/${i}/principal/targets`, principal.targets])
  })
  terms.fees.forEach((fee, i) => {
    if (fee.type === 'schedule') lists.push([`/fees/${i}/entries`, fee.entries])
  })
  terms.caps?.forEach(({ strike }, i) => lists.push([`/caps/${i}/strike`, strike]))
  return lists.flatMap(([path, list]) =>
    list.flatMap(([date], index) =>
      index > 0 && date <= list[index - 1]![0]
        ? [
            {
              path: `${path}/${index}`,
              reason: `${date} does not come after ${list[index - 1]![0]}: the dates overlap`,
            },
          ]
        : [],
    ),
  )
}

/** Between two payments there must be something to collect: a pay date that no collection date precedes overlaps the last. */
function calendarProblems({ dates }: DealTerms): Problem[] {
  const stated = dates.statedMaturity as IsoDate
  const pays = datesInRange('IE', dates.payDates as Pattern, dates.firstPay as IsoDate, stated)
  const collections = datesInRange('IE', dates.collectionDates as Pattern, dates.firstCollection as IsoDate, stated)
  if (collections.length === 0)
    return [{ path: '/dates/collectionDates', reason: 'gives no date before stated maturity' }]
  const idle = pays.findIndex((pay, i) => {
    const previous = pays[i - 1]
    return previous !== undefined && !collections.some((date) => date > previous && date <= pay)
  })
  // The first pay date may stand off its pattern, close to the next one.
  return idle > 1
    ? [
        {
          path: '/dates/payDates',
          reason: `nothing is collected between ${pays[idle - 1]} and ${pays[idle]}: the periods overlap`,
        },
      ]
    : []
}

const KNOWN: readonly string[] = [...DAY_COUNTS, '30E_360_ISDA', 'BUS_252']
function dayCountProblems(terms: DealTerms): Problem[] {
  const problems: Problem[] = []
  const check = (dayCount: string | undefined, path: string): void => {
    if (dayCount === undefined) return
    if (!KNOWN.includes(dayCount))
      problems.push({ path, reason: `${JSON.stringify(dayCount)} is no day count; known: ${KNOWN.join(', ')}` })
    else if (dayCount === 'BUS_252' && !terms.dates.businessDays)
      problems.push({ path, reason: 'BUS_252 counts business days: dates.businessDays.calendar is expected' })
  }
  terms.tranches.forEach(({ coupons }, i) =>
    coupons.forEach(({ dayCount }, k) => check(dayCount, `/tranches/${i}/coupons/${k}/dayCount`)),
  )
  terms.accounts.forEach(({ interest }, i) => check(interest?.dayCount, `/accounts/${i}/interest/dayCount`))
  terms.swaps?.forEach(({ dayCount }, i) => check(dayCount, `/swaps/${i}/dayCount`))
  terms.fees.forEach((fee, i) => check('dayCount' in fee ? fee.dayCount : undefined, `/fees/${i}/dayCount`))
  return problems
}
