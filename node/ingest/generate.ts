import { createHash } from 'node:crypto'
import { addDays, addMonths, type IsoDate } from '#domain/date'
import { mulDiv, yuanFromFen, type Fen } from '#domain/money'
import { RECEIVABLE_COLUMNS, UPDATE_COLUMNS } from './columns.ts'

/** A made pool of consumer instalment receivables: the same options, the same bytes. */
export interface PoolOptions {
  readonly seed: string
  readonly receivables: number
  /** What the balances add up to, to the fen. */
  readonly poolFen: Fen
  readonly cutOff: IsoDate
  /** Index of the first receivable: a later purchase goes on where the pool ended. */
  readonly first?: number
}

/** Deal A of the reference deals: 1.5 million receivables of 1,500 yuan million in all, 50,000 due a day. */
export const DEAL_A = { receivables: 1_500_000, poolFen: 150_000_000_000n, daysInCycle: 30 } as const

/**
 * What may happen to a receivable in a month, per ten thousand (DOMAIN.md §5, base case): a quarter more is prepaid, and
 * arrears roll from bucket to bucket, or are made good.
 */
const MONTHLY = { prepaid: 500, toM1: 150, m1ToM2: 3000, m2ToM3: 6500, m3ToDefault: 8500 } as const
const RATE_MONTHLY = '0.0085'
const PROVINCES = '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65'.split(
  ' ',
)
const PRODUCTS = ['phone', 'appliance', 'travel', 'education', 'furniture', 'medical']
const TIERS = ['A1', 'A2', 'B1', 'B2', 'C1']
const TERMS = [3, 6, 12, 24]
const CHUNK = 200_000

type Draw = (index: number, what: number) => number

/** 32 even bits for a place in the pool, whatever was drawn before: rows are made in any order, with no memory. */
function drawOf(seed: string): Draw {
  const start = createHash('sha256').update(seed).digest()
  const [a, b] = [start.readUInt32LE(0), start.readUInt32LE(4)]
  return (index, what) => {
    let x = Math.imul(index ^ a, 0x9e3779b1) ^ Math.imul(what + b, 0x85ebca77)
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97) ^ Math.imul(index, 0xc2b2ae3d)
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
    return (x ^ (x >>> 16)) >>> 0
  }
}

export const assetIdOf = (index: number): string => `CI${String(index).padStart(9, '0')}`

/**
 * The pool as CSV, in chunks of some hundred kilobytes. Balances are drawn around what is left to give, so they add up
 * to `poolFen` exactly.
 * @throws RangeError when the pool has less than a yuan a receivable
 */
export function* generatePool(options: PoolOptions): Generator<string> {
  const { seed, receivables, poolFen, cutOff } = options
  if (poolFen < BigInt(receivables) * 100n) throw new RangeError('a receivable needs at least one yuan')
  const draw = drawOf(seed)
  const days = Array.from({ length: 331 }, (_, back) => addDays(cutOff, -1 - back))
  const maturities = new Map<string, string>()
  let text = `${RECEIVABLE_COLUMNS.map(({ name }) => name).join(',')}\n`
  for (const { index, balance } of balances(options, draw)) {
    const { term, paid } = termsOf(draw, index)
    const original = mulDiv(balance, BigInt(term), BigInt(term - paid), 'ceil')
    const originated = days[Math.min(paid * 30 + (draw(index, 3) % 30), 330)]!
    const key = `${originated} ${term}`
    if (!maturities.has(key)) maturities.set(key, addMonths(originated, term))
    text +=
      `${assetIdOf(index)},P${String(draw(index, 4) % 1_400_000).padStart(7, '0')},` +
      `${PROVINCES[draw(index, 5) % PROVINCES.length]}0000,${PRODUCTS[draw(index, 6) % PRODUCTS.length]},` +
      `${TIERS[draw(index, 7) % TIERS.length]},${originated},${maturities.get(key)},${term},${RATE_MONTHLY},` +
      `${yuanFromFen(original)},${yuanFromFen(balance)},0.00,0\n`
    if (text.length > CHUNK) {
      yield text
      text = ''
    }
  }
  yield text
}

/** Every receivable with its balance at the cut-off: between 0.2 and 1.8 of what is left for each, the last the rest. */
function* balances({ receivables, poolFen, first = 0 }: PoolOptions, draw: Draw) {
  let left = poolFen
  for (let i = 0; i < receivables; i += 1) {
    const index = first + i
    const others = BigInt(receivables - i)
    const part = 2000n + BigInt(draw(index, 0) % 16_000)
    const balance = others === 1n ? left : mulDiv(left / others, part, 10_000n, 'floor')
    left -= balance
    yield { index, balance }
  }
}

function termsOf(draw: Draw, index: number): { term: number; paid: number } {
  const term = TERMS[draw(index, 1) % TERMS.length]!
  return { term, paid: draw(index, 2) % Math.min(term, 11) }
}

/** A receivable after some months: part of its balance at the cut-off, as a fraction, open or lost. */
interface Standing {
  readonly open: number
  readonly of: number
  readonly isLost: boolean
  readonly daysPastDue: number
}

function standingAfter(draw: Draw, index: number, months: number): Standing {
  const { term, paid } = termsOf(draw, index)
  const of = term - paid
  let [open, bucket] = [of, 0]
  for (let month = 1; month <= months && open > 0; month += 1) {
    const chance = draw(index, 100 + month) % 10_000
    const roll = [MONTHLY.toM1, MONTHLY.m1ToM2, MONTHLY.m2ToM3, MONTHLY.m3ToDefault][bucket]!
    if (chance < roll) bucket += 1
    else {
      open = bucket === 0 && chance >= 10_000 - MONTHLY.prepaid ? 0 : open - 1
      bucket = 0
    }
    if (bucket === 4) return { open, of, isLost: true, daysPastDue: 120 }
  }
  return { open, of, isLost: false, daysPastDue: bucket * 30 }
}

export interface UpdateOptions extends PoolOptions {
  /** Days after the cut-off, from 1. Each receivable is due once in a cycle of thirty days. */
  readonly day: number
}

/**
 * What one day changed, as CSV: the receivables due that day, a thirtieth of the pool, with their new balances. Needs
 * the pool's own options, and walks it once: a balance depends on all before it.
 */
export function* generateUpdates(options: UpdateOptions): Generator<string> {
  const { seed, day } = options
  if (!Number.isInteger(day) || day < 1) throw new RangeError('days count from 1')
  const draw = drawOf(seed)
  const [turn, months] = [(day - 1) % DEAL_A.daysInCycle, Math.floor((day - 1) / DEAL_A.daysInCycle) + 1]
  let text = `${UPDATE_COLUMNS.map(({ name }) => name).join(',')}\n`
  for (const { index, balance } of balances(options, draw)) {
    if (index % DEAL_A.daysInCycle !== turn) continue
    const { open, of, isLost, daysPastDue } = standingAfter(draw, index, months)
    const rest = yuanFromFen(mulDiv(balance, BigInt(open), BigInt(of), 'half-up'))
    text += `${assetIdOf(index)},${isLost ? `0.00,${rest}` : `${rest},0.00`},${daysPastDue}\n`
    if (text.length > CHUNK) {
      yield text
      text = ''
    }
  }
  yield text
}
