/**
 * JSON form of states, periods and results: amounts as decimal text, exact fractions as decimal text or `n/d`. Tagged by
 * position, not by guess: a bigint is written as text wherever it stands, a fraction as `{"ratio": "…"}`.
 */
import type { Fen } from '../money.ts'
import { parseFen } from '../money.ts'
import { type Rate, fractionText, parseFraction } from '../rate.ts'
import { isoDate } from '../date.ts'
import type { DealState } from './state.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

const isRate = (value: object): value is Rate =>
  'numerator' in value && 'denominator' in value && Object.keys(value).length === 2

/** Anything made of bigints, fractions, text, arrays and objects as plain JSON; `undefined` members are left out. */
export function toJson(value: unknown): Json {
  if (typeof value === 'bigint') return value.toString()
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object') {
    if (isRate(value)) return fractionText(value)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => [key, toJson(member)]),
    )
  }
  throw new StateError('$', 'nothing that JSON can hold')
}

export const encodeState = (state: DealState): Json => toJson(state)

export class StateError extends Error {
  override readonly name = 'StateError'
  readonly code = 'BAD_STATE'
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`BAD_STATE at ${path}: ${reason}`)
  }
}

type Reader<T> = (value: Json | undefined, path: string) => T

const wrap =
  <T>(parse: (text: string) => T): Reader<T> =>
  (value, path) => {
    if (typeof value !== 'string') throw new StateError(path, 'text expected')
    try {
      return parse(value)
    } catch (error) {
      throw new StateError(path, error instanceof Error ? error.message : 'unreadable')
    }
  }
const text = wrap((value) => value)
const fen = wrap(parseFen)
const rate = wrap(parseFraction)
const date = wrap(isoDate)
const nullable =
  <T>(reader: Reader<T>): Reader<T | null> =>
  (value, path) =>
    value === null ? null : reader(value, path)
const integer: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new StateError(path, 'whole number expected')
  return value
}
const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new StateError(path, 'true or false expected')
  return value
}
const list =
  <T>(reader: Reader<T>): Reader<T[]> =>
  (value, path) => {
    if (!Array.isArray(value)) throw new StateError(path, 'list expected')
    return (value as readonly Json[]).map((item, index) => reader(item, `${path}/${index}`))
  }
const asObject = (value: Json | undefined, path: string): { readonly [key: string]: Json } => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new StateError(path, 'object expected')
  return value as { readonly [key: string]: Json }
}
const record =
  <T>(reader: Reader<T>): Reader<Record<string, T>> =>
  (value, path) =>
    Object.fromEntries(
      Object.entries(asObject(value, path)).map(([key, item]) => [key, reader(item, `${path}/${key}`)]),
    )
const object =
  <T>(fields: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T> =>
  (value, path) => {
    const source = asObject(value, path)
    for (const key of Object.keys(source))
      if (!Object.hasOwn(fields, key)) throw new StateError(`${path}/${key}`, 'unknown key')
    const entries = Object.entries(fields) as [string, Reader<unknown>][]
    return Object.fromEntries(entries.map(([key, reader]) => [key, reader(source[key], `${path}/${key}`)])) as T
  }

const fenRecord = record<Fen>(fen)
const state = object<DealState>({
  version: (value, path) => {
    if (value !== 1) throw new StateError(path, 'version 1 expected')
    return 1
  },
  dealId: text,
  status: text as Reader<DealState['status']>,
  periods: integer,
  asOf: date,
  pools: list(
    object({
      id: text,
      initial: fen,
      opening: fen,
      balance: fen,
      weightedRate: rate,
      defaultedBalance: fen,
      cumulativeDefault: fen,
      cumulativeRecovery: fen,
      cumulativeLoss: fen,
      cumulativePurchased: fen,
      collected: fenRecord,
      arrears: fenRecord,
    }),
  ),
  accounts: list(object({ id: text, balance: fen, accruedTo: nullable(date), since: nullable(date), weighted: fen })),
  tranches: list(
    object({
      id: text,
      balance: fen,
      coupons: list(object({ rate, accruedTo: date, due: fen, dueOnDue: fen, pending: rate })),
    }),
  ),
  fees: list(
    object({
      id: text,
      due: fen,
      calculated: flag,
      since: nullable(date),
      base: fen,
      weighted: fen,
      countedTo: nullable(date),
      used: integer,
    }),
  ),
  ledgers: list(object({ id: text, balance: fen })),
  facilities: list(
    object({ id: text, available: fen, drawn: fen, dueInterest: fen, duePremium: fen, accruedTo: date }),
  ),
  swaps: list(object({ id: text, net: fen, accruedTo: date })),
  caps: list(object({ id: text, due: fen, accruedTo: date })),
  triggers: list(
    object({
      id: text,
      fired: flag,
      firedOn: nullable(date),
      breachedSince: nullable(date),
      testsInBreach: integer,
      testsInCure: integer,
    }),
  ),
  series: record(list(rate)),
  indexRates: record(rate),
  ratings: record(text),
  reported: record(rate),
})

/** @throws StateError with the path of the first place that does not fit */
export const decodeState = (json: Json): DealState => state(json, '')
