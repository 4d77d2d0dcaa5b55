import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partitions, sizeOf, wholeOf } from '#domain/intervals'
import { parseFen, sumFen } from '#domain/money'
import type { World } from '../kernel/testing/world.ts'
import { replayed, stateLines } from '../testing/replay.ts'
import type { Holding, Invoice, Receivable } from './state.ts'
import { accepted, commitment, dayIs, FACE, invoice, ISSUE, opened } from './testing/story.ts'

/** All values under a prefix of the state. */
const all = <T>(world: World, prefix: string): T[] =>
  [...world.state].filter(([key]) => key.startsWith(`${prefix}/`)).map(([, text]) => JSON.parse(text) as T)

const isLive = ({ state }: Holding) => state === 'held' || state === 'reserved'
const intervalOf = ({ from, to }: Pick<Holding, 'from' | 'to'>) => ({ from: parseFen(from), to: parseFen(to) })

const HOLDERS = ['supplier-1', 'supplier-2', 'factor']
const pick = fc.nat({ max: 1000 })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('split' as const), pick, cuts: fc.array(fc.nat({ max: 999 }), { minLength: 1, maxLength: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('offer' as const), pick, to: fc.constantFrom(...HOLDERS), days: fc.nat({ max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('accept' as const), pick, by: fc.constantFrom(...HOLDERS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('day' as const), days: fc.integer({ min: 1, max: 4 }) }) },
) // prettier-ignore
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const dateOf = (world: World) => world.read<{ date: string }>({ path: 'calendar/date' })!.date
const plusDays = (date: string, days: number) =>
  new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10)

/** Sizes that sum to the whole, from cuts in thousandths; the same cut twice asks for an empty part, which is refused. */
const sizesOf = (whole: bigint, cuts: readonly number[]): bigint[] => {
  const at = cuts.map((cut) => (whole * BigInt(cut)) / 1000n).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return [...at, whole].map((end, i) => end - (i === 0 ? 0n : at[i - 1]!))
}

let next = 0
function take(world: World, s: Step): void {
  if (s.do === 'day') {
    dayIs(world, plusDays(dateOf(world), s.days))
    return
  }
  const holdings = all<Holding>(world, 'receivable/holding')
  // Now and then one that has ended, to be refused.
  const eligible = s.pick % 10 === 0 ? holdings : holdings.filter(isLive)
  const chosen = eligible[s.pick % eligible.length]!
  const reserved = holdings.filter(({ state }) => state === 'reserved')
  const offer = reserved[s.pick % Math.max(reserved.length, 1)] ?? chosen
  const maker = (participant: string) => `${participant}:maker`
  switch (s.do) {
    case 'split': {
      const parts = sizesOf(sizeOf(intervalOf(chosen)), s.cuts).map((fen) => ({ id: `p${next++}`, fen: String(fen) }))
      world.call(maker(chosen.owner), 'receivable.split', { holding: chosen.id, parts })
      return
    }
    case 'offer': {
      const args = {
        holding: chosen.id,
        recipient: s.to,
        newHolding: `t${next++}`,
        until: plusDays(dateOf(world), s.days),
      }
      world.call(maker(chosen.owner), 'receivable.proposeTransfer', args)
      return
    }
    case 'accept': {
      world.call(maker(s.by), 'receivable.acceptTransfer', { holding: offer.id })
      return
    }
    case 'withdraw':
      world.call(maker(offer.owner), 'receivable.withdrawTransfer', { holding: offer.id })
  }
}

describe('a receivable of N fen', () => {
  it('is held as a partition of [1, N] after any sequence of splits and transfers, and every holding has its lineage', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), (steps) => {
        const world = accepted()
        for (const s of steps) {
          take(world, s)
          const live = all<Holding>(world, 'receivable/holding').filter(isLive)
          expect(partitions(wholeOf(parseFen(FACE)), live.map(intervalOf))).toBe(true)
          expect(sumFen(live.map((holding) => sizeOf(intervalOf(holding))))).toBe(parseFen(FACE))
        }
        const holdings = new Map(all<Holding>(world, 'receivable/holding').map((holding) => [holding.id, holding]))
        for (const { parent, from, to, tier } of holdings.values()) {
          if (parent === null) continue
          const above = holdings.get(parent)!
          expect(isLive(above)).toBe(false)
          expect(parseFen(above.from) <= parseFen(from) && parseFen(to) <= parseFen(above.to)).toBe(true)
          expect(tier - above.tier).toBe(above.state === 'transferred' ? 1 : 0)
        }
        expect(stateLines(replayed(world))).toEqual(stateLines(world))
        for (const { event } of world.events) seen.set(event, (seen.get(event) ?? 0) + 1)
      }),
      { numRuns: 100 },
    )
    for (const event of ['ReceivableSplit', 'TransferAccepted', 'TransferWithdrawn', 'TransferExpired']) {
      expect(seen.get(event) ?? 0, event).toBeGreaterThan(0)
    }
  })
})

describe('an invoice', () => {
  const draw = fc.record({
    invoices: fc.uniqueArray(fc.record({ name: fc.nat({ max: 4 }), share: fc.integer({ min: 1, max: 60 }) }), {
      selector: ({ name }) => name,
      minLength: 1,
      maxLength: 3,
    }),
    wrongAmount: fc.boolean(),
    ending: fc.constantFrom('draft', 'approve', 'accept', 'reject', 'withdraw'),
  })
  it('is never financed beyond its amount, whatever is issued, rejected and withdrawn', () => {
    let [issued, refused] = [0, 0]
    fc.assert(
      fc.property(fc.array(draw, { minLength: 3, maxLength: 20, size: 'max' }), (draws) => {
        const world = opened()
        draws.forEach(({ invoices, wrongAmount, ending }, n) => {
          const receivable = `r${n}`
          const assigned = invoices.map(({ name, share }) =>
            invoice(`${name}`, wrongAmount ? '101' : '100', String(share)),
          )
          const faceFen = String(sumFen(assigned.map(({ assignedFen }) => parseFen(assignedFen))))
          const result = world.call('core:maker', 'receivable.issue', {
            ...ISSUE,
            receivable,
            faceFen,
            invoices: assigned,
          })
          if (!result.accepted) {
            expect(result.refusal.code).toMatch(/^INVOICE_(CONFLICT|OVERASSIGNED)$/)
            refused += 1
            return
          }
          issued += 1
          const end = { receivable, reason: 'x' }
          if (ending === 'withdraw') world.does('core:maker', 'receivable.withdraw', end)
          else if (ending === 'reject') world.does('core:checker', 'receivable.reject', end)
          else if (ending !== 'draft') world.does('core:checker', 'receivable.approve', { receivable })
          if (ending === 'accept') world.does('supplier-1:maker', 'receivable.accept', { receivable, holding: `h${n}` })
        })
        const alive = all<Receivable>(world, 'receivable/receivable').filter(
          ({ state }) => !['rejected', 'withdrawn'].includes(state),
        )
        const behind = (name: string) =>
          sumFen(
            alive.flatMap((r) => r.invoices.filter((i) => i.commitment === name).map((i) => parseFen(i.assignedFen))),
          )
        for (const { commitment: name, amountFen, assignedFen } of all<Invoice>(world, 'receivable/invoice')) {
          expect(parseFen(assignedFen)).toBe(behind(name))
          expect(parseFen(assignedFen) <= parseFen(amountFen)).toBe(true)
        }
        for (const { invoices } of alive) {
          for (const { commitment: name, amountFen } of invoices) {
            expect(all<Invoice>(world, 'receivable/invoice').find((i) => i.commitment === name)?.amountFen).toBe(
              amountFen,
            )
          }
        }
      }),
      { numRuns: 100 },
    )
    expect(issued).toBeGreaterThan(5)
    expect(refused).toBeGreaterThan(5)
    expect(commitment('0')).not.toBe(commitment('1'))
  })
})
