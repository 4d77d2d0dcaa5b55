import type { JsonObject } from '#proof/json'
import { sha256Hex, utf8ToBytes } from '#proof/hash'
import type { World } from '../../kernel/testing/world.ts'
import { consortium } from '../../testing/consortium.ts'

/** Steps of one receivable's life, each built on the one before. The batch is `b`, the receivable `r`, its first holding `h`. */
export const commitment = (name: string): string => sha256Hex(utf8ToBytes(`invoice ${name}`))

export const invoice = (name: string, amountFen: string, assignedFen = amountFen) => ({
  commitment: commitment(name),
  amountFen,
  assignedFen,
})

export const BATCH = {
  batch: 'b',
  minimumSplitFen: '1',
  maximumTiers: null,
  tenorCaps: [{ from: '2010-01-01', inPrincipleMonths: 6, atMostMonths: 12 }],
  closers: ['core'],
}
export const FACE = '100000000'
export const ISSUE = {
  receivable: 'r',
  batch: 'b',
  supplier: 'supplier-1',
  faceFen: FACE,
  maturity: '2011-06-30',
  longTenorReason: null,
  documents: null,
  invoices: [invoice('1', FACE)],
}
export const SPLIT = {
  holding: 'h',
  parts: [
    { id: 'h1', fen: '60000000' },
    { id: 'h2', fen: '30000000' },
    { id: 'h3', fen: '10000000' },
  ],
}
export const OFFER = { holding: 'h', recipient: 'supplier-2', newHolding: 'k', until: '2011-01-05' }

export const opened = (batch: JsonObject = {}): World => {
  const world = consortium()
  world.does('core:maker', 'receivable.openBatch', { ...BATCH, ...batch })
  return world
}
export const drafted = (batch: JsonObject = {}): World => {
  const world = opened(batch)
  world.does('core:maker', 'receivable.issue', ISSUE)
  return world
}
export const approved = (batch: JsonObject = {}): World => {
  const world = drafted(batch)
  world.does('core:checker', 'receivable.approve', { receivable: 'r' })
  return world
}
export const accepted = (batch: JsonObject = {}): World => {
  const world = approved(batch)
  world.does('supplier-1:maker', 'receivable.accept', { receivable: 'r', holding: 'h' })
  return world
}
export const offered = (batch: JsonObject = {}): World => {
  const world = accepted(batch)
  world.does('supplier-1:maker', 'receivable.proposeTransfer', OFFER)
  return world
}

/** Rolls the business date to a day and, unless told not to, closes the batch's days. */
export function dayIs(world: World, date: string, { close = true } = {}): World {
  for (let day = nextDay(world); day <= date; day = nextDay(world)) {
    world.does('operator:service', 'calendar.roll', { date: day })
    if (close) world.does('core:service', 'calendar.closeDay', { object: 'batch:b', date: day })
  }
  return world
}
const nextDay = (world: World): string => {
  const { date } = world.read<{ date: string }>({ path: 'calendar/date' })!
  return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10)
}
