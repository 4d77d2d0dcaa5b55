/**
 * What actually happened to a loan, laid over its schedule: payments in whole and in part, prepayment, arrears and their
 * buckets, default, recoveries, repurchase and replacement. Exact; each event is one transition, and what it did is returned.
 */
import { compareKeys } from '../allocation.ts'
import { daysBetween, type IsoDate } from '../date.ts'
import { minFen, type Fen } from '../money.ts'
import type { Bucket } from '../projection/roll-rates.ts'

export interface Instalment {
  readonly due: IsoDate
  readonly principal: Fen
  readonly interest: Fen
}

export type PerformanceEvent =
  /** Cash from the obligor: oldest instalment first, in it interest before principal; what is left prepays principal. */
  | { readonly type: 'payment'; readonly date: IsoDate; readonly amount: Fen }
  /** Principal ahead of schedule, once nothing is in arrears: taken off the last instalments. */
  | { readonly type: 'prepayment'; readonly date: IsoDate; readonly amount: Fen }
  | { readonly type: 'default'; readonly date: IsoDate }
  | { readonly type: 'recovery'; readonly date: IsoDate; readonly amount: Fen }
  /** Bought back by the originator: open principal and accrued interest leave the pool for the price. */
  | { readonly type: 'repurchase'; readonly date: IsoDate; readonly price: Fen }
  /** Replaced by another asset: leaves the pool without cash. */
  | { readonly type: 'replacement'; readonly date: IsoDate; readonly by: string }

export type PerformanceState = 'performing' | 'paid' | 'defaulted' | 'repurchased' | 'replaced'

/** Which event is possible in which state. */
export const PERFORMANCE_TRANSITIONS: Readonly<Record<PerformanceState, readonly PerformanceEvent['type'][]>> = {
  performing: ['payment', 'prepayment', 'default', 'repurchase', 'replacement'],
  paid: [],
  defaulted: ['recovery', 'repurchase', 'replacement'],
  repurchased: [],
  replaced: [],
}

export class PerformanceError extends Error {
  override readonly name = 'PerformanceError'
  constructor(
    readonly code: 'WRONG_STATE' | 'NEGATIVE' | 'TOO_MUCH' | 'IN_ARREARS' | 'OUT_OF_ORDER',
    readonly details: Readonly<Record<string, string>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

/** What an event brought to the pool. */
export interface Collected {
  readonly date: IsoDate
  readonly type: PerformanceEvent['type']
  readonly principal: Fen
  readonly interest: Fen
  readonly prepayment: Fen
  readonly defaulted: Fen
  readonly recovery: Fen
  /** Price of a repurchase. */
  readonly repurchase: Fen
}

export interface Performance {
  readonly state: PerformanceState
  /** Still open, instalment by instalment. */
  readonly open: readonly Instalment[]
  readonly openPrincipal: Fen
  readonly defaultedPrincipal: Fen
  readonly recovered: Fen
  readonly collected: readonly Collected[]
}

const nothing = { principal: 0n, interest: 0n, prepayment: 0n, defaulted: 0n, recovery: 0n, repurchase: 0n }

const principalOf = (open: readonly Instalment[]): Fen => open.reduce((sum, { principal }) => sum + principal, 0n)

/** A loan before anything happened. */
export const scheduled = (instalments: readonly Instalment[]): Performance => {
  const open = [...instalments].sort((a, b) => compareKeys(a.due, b.due))
  return {
    state: 'performing',
    open,
    openPrincipal: principalOf(open),
    defaultedPrincipal: 0n,
    recovered: 0n,
    collected: [],
  }
}

/**
 * Lays events over a schedule, in date order.
 * @throws PerformanceError for an event that its state does not allow, amounts that are negative or more than is open, and
 *   events out of order
 */
export const overlay = (instalments: readonly Instalment[], events: readonly PerformanceEvent[]): Performance =>
  events.reduce(applyEvent, scheduled(instalments))

export function applyEvent(before: Performance, event: PerformanceEvent): Performance {
  const { type, date } = event
  if (!PERFORMANCE_TRANSITIONS[before.state].includes(type)) {
    throw new PerformanceError('WRONG_STATE', { state: before.state, event: type, date })
  }
  const last = before.collected.at(-1)
  if (last && last.date > date) throw new PerformanceError('OUT_OF_ORDER', { event: type, date, after: last.date })
  const amount = 'amount' in event ? event.amount : 'price' in event ? event.price : 0n
  if (amount < 0n) throw new PerformanceError('NEGATIVE', { event: type, date, amount: String(amount) })
  switch (event.type) {
    case 'payment':
      return pay(before, event)
    case 'prepayment':
      return prepay(before, event)
    case 'default':
      return {
        ...leave(before, 'defaulted', { date, type, ...nothing, defaulted: before.openPrincipal }),
        defaultedPrincipal: before.openPrincipal,
      }
    case 'recovery': {
      const entry = { date, type, ...nothing, recovery: event.amount }
      return { ...before, recovered: before.recovered + event.amount, collected: [...before.collected, entry] }
    }
    case 'repurchase':
      return leave(before, 'repurchased', { date, type, ...nothing, repurchase: event.price })
    case 'replacement':
      return leave(before, 'replaced', { date, type, ...nothing })
    default:
      return event satisfies never
  }
}

const leave = (before: Performance, state: PerformanceState, entry: Collected): Performance => ({
  ...before,
  state,
  open: [],
  openPrincipal: 0n,
  collected: [...before.collected, entry],
})

function pay(before: Performance, { date, amount }: { date: IsoDate; amount: Fen }): Performance {
  let left = amount
  let interest = 0n
  let principal = 0n
  const open: Instalment[] = []
  for (const instalment of before.open) {
    if (instalment.due > date) {
      open.push(instalment)
      continue
    }
    const toInterest = minFen(left, instalment.interest)
    const toPrincipal = minFen(left - toInterest, instalment.principal)
    left -= toInterest + toPrincipal
    interest += toInterest
    principal += toPrincipal
    const rest = {
      ...instalment,
      interest: instalment.interest - toInterest,
      principal: instalment.principal - toPrincipal,
    }
    if (rest.interest > 0n || rest.principal > 0n) open.push(rest)
  }
  const reduced = takeFromEnd(open, left, date)
  return settled(before, reduced, { date, type: 'payment', ...nothing, interest, principal, prepayment: left })
}

function prepay(before: Performance, { date, amount }: { date: IsoDate; amount: Fen }): Performance {
  const late = before.open.find(({ due }) => due <= date)
  if (late) throw new PerformanceError('IN_ARREARS', { date, due: late.due })
  return settled(before, takeFromEnd(before.open, amount, date), {
    date,
    type: 'prepayment',
    ...nothing,
    prepayment: amount,
  })
}

/** Principal paid ahead shortens the loan: the last instalments go first, with their interest when nothing is left in them. */
function takeFromEnd(open: readonly Instalment[], amount: Fen, date: IsoDate): Instalment[] {
  if (amount > principalOf(open)) {
    throw new PerformanceError('TOO_MUCH', { date, amount: String(amount), open: String(principalOf(open)) })
  }
  let left = amount
  return [...open]
    .reverse()
    .map((instalment) => {
      const taken = minFen(left, instalment.principal)
      left -= taken
      const principal = instalment.principal - taken
      return taken > 0n && principal === 0n && instalment.due > date
        ? { ...instalment, principal, interest: 0n }
        : { ...instalment, principal }
    })
    .filter(({ principal, interest }) => principal > 0n || interest > 0n)
    .reverse()
}

const settled = (before: Performance, open: readonly Instalment[], entry: Collected): Performance => ({
  ...before,
  state: open.length === 0 ? 'paid' : 'performing',
  open,
  openPrincipal: principalOf(open),
  collected: [...before.collected, entry],
})

export interface Arrears {
  readonly principal: Fen
  readonly interest: Fen
  /** Since the oldest instalment that is open and due. */
  readonly days: number
  readonly bucket: Bucket
}

/** M0: nothing late; Mk: 30·(k − 1) + 1 to 30·k days; M6+: more than 180 days. */
export function bucketOf(days: number): Bucket {
  if (days <= 0) return 'M0'
  const month = Math.ceil(days / 30)
  return month > 6 ? 'M6+' : (`M${month}` as Bucket)
}

/** What is late at the end of a date. */
export function arrearsAt({ open }: Performance, date: IsoDate): Arrears {
  const late = open.filter(({ due }) => due < date)
  const oldest = late[0]
  const days = oldest ? daysBetween(oldest.due, date) : 0
  return {
    principal: principalOf(late),
    interest: late.reduce((sum, { interest }) => sum + interest, 0n),
    days,
    bucket: bucketOf(days),
  }
}
