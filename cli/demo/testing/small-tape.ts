// A tape that ends soon, made of rows of the real one: for tests that run the demonstration many times.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { poolAt, replayLoan, type LoanFlows } from '#domain/tape/replay'
import { isoDate } from '#domain/date'
import { readTape } from '#node/tape/read-tape'

export interface TapeRows {
  readonly header: string
  /** As they stand in the real tape, in its order. */
  readonly rows: readonly string[]
}

/** Of the default window, the loans whose last flow (payment, default or recovery) falls in July 2011 or earlier. */
const CUT_OFF = isoDate('2010-12-31')
const LAST_FLOW = isoDate('2011-07-01')
/** Of the plain ones among them every third; those that default or stay open, all. */
const EVERY = 3

/**
 * Seven months with everything that the demonstration's path knows: prepayments, a default with a recovery six months
 * later, and loans that are still open at the end, which the clean-up buys.
 */
export async function smallTape(realTape: string): Promise<TapeRows> {
  const flows = poolAt((await readTape(realTape)).map(replayLoan), CUT_OFF)
  const wanted = new Set<string>(
    flows
      .filter(({ loan }) => loan.issueDate >= '2010-07-01')
      .filter((each) => lastFlow(each) <= LAST_FLOW)
      .filter((each, index) => index % EVERY === 0 || each.default !== undefined || each.stillOpen > 0n)
      .map(({ loan }) => loan.id),
  )
  const [header = '', ...lines] = gunzipSync(readFileSync(realTape)).toString('utf8').split('\n')
  return { header, rows: lines.filter((line) => wanted.has(line.slice(1, line.indexOf('"', 1)))) }
}

function lastFlow({ payments, default: failed, recovery }: LoanFlows): string {
  return [payments.at(-1)?.date, failed?.date, recovery?.date].reduce<string>(
    (latest, date) => (date !== undefined && date > latest ? date : latest),
    '',
  )
}

export const csvOf = ({ header, rows }: TapeRows): string => `${[header, ...rows].join('\n')}\n`
