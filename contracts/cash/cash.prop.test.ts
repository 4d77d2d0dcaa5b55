import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFen, sumFen } from '#domain/money'
import { Stage } from '../kernel/event.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { World } from '../kernel/testing/world.ts'
import { consortium } from '../testing/consortium.ts'
import { replayed, stateLines } from '../testing/replay.ts'
import { accountOf, openAccount } from './accounts.ts'
import { instruct } from './transfers.ts'

const ACCOUNTS = ['outside', 'a', 'b', 'c', 'd'] as const
const account = fc.constantFrom(...ACCOUNTS)
const amount = fc.bigInt({ min: 1n, max: 100n })
const id = fc.nat({ max: 7 }).map(String)
/** Mostly between two accounts; now and then within one, which is refused. */
const leg = fc.tuple(account, account, amount, fc.nat({ max: 19 })).map(([from, other, fen, n]) => ({
  from,
  to: other === from && n > 0 ? ACCOUNTS[(ACCOUNTS.indexOf(from) + 1) % ACCOUNTS.length]! : other,
  amount: fen,
}))
const credited = fc.bigInt({ min: 50n, max: 1000n })

const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('credit' as const),
      to: fc.constantFrom(...ACCOUNTS.slice(1)),
      amount: credited,
      id: fc.nat({ max: 30 }).map(String),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('instruct' as const),
      legs: fc.array(leg, { minLength: 1, maxLength: 5 }),
      id,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('post' as const), id, reference: fc.nat({ max: 30 }).map(String) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('void' as const), id }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Balances as a clerk would keep them, one leg at a time: knows nothing of reservations made in advance. */
class Clerk {
  readonly posted = new Map<string, bigint>(ACCOUNTS.map((name) => [name, 0n]))
  move(from: string, to: string, fen: bigint): void {
    this.posted.set(from, this.posted.get(from)! - fen)
    this.posted.set(to, this.posted.get(to)! + fen)
    if (from !== 'outside' && this.posted.get(from)! < 0n)
      throw new Error(`${from} is overdrawn in the middle of an instruction`)
  }
}

function take(
  world: World,
  clerk: Clerk,
  legsOf: Map<string, { from: string; to: string; amount: bigint }[]>,
  s: Step,
): void {
  const valueDate = '2010-12-31'
  switch (s.do) {
    case 'credit': {
      const args = {
        account: s.to,
        from: 'outside',
        amountFen: String(s.amount),
        valueDate,
        reference: `c${s.id}`,
        deal: null,
      }
      if (world.call('bank:service', 'cash.credit', args).accepted) clerk.move('outside', s.to, s.amount)
      return
    }
    case 'instruct': {
      const stage = new Stage(world.read)
      const linked = s.legs.map(({ amount: amountFen, ...leg }, i) => ({
        transferId: `t${i}`,
        step: 's',
        ...leg,
        amountFen,
      }))
      try {
        instruct(stage, { id: s.id, linked })
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal)
        expect((error as Refusal).code).toMatch(/^(INSTRUCTION_EXISTS|SAME_ACCOUNT|INSUFFICIENT_FUNDS)$/)
        return
      }
      world.given(...stage.events)
      legsOf.set(s.id, s.legs)
      return
    }
    case 'post': {
      const args = { instruction: s.id, reference: `p${s.reference}`, valueDate }
      if (!world.call('bank:service', 'cash.post', args).accepted) return
      for (const { from, to, amount: fen } of legsOf.get(s.id)!) clerk.move(from, to, fen)
      return
    }
    case 'void':
      world.call('bank:service', 'cash.void', { instruction: s.id, reason: 'x' })
  }
}

describe('cash', () => {
  it('over any sequence: sums to zero, is never overdrawn, agrees with a clerk and with its own replay', () => {
    let posted = 0
    let voided = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), (steps) => {
        const world = consortium()
        const stage = new Stage(world.read)
        for (const name of ACCOUNTS) {
          openAccount(stage, {
            id: name,
            kind: name === 'outside' ? 'external' : 'plan',
            owner: 'manager',
            bank: 'bank',
          })
        }
        world.given(...stage.events)
        const clerk = new Clerk()
        const legsOf = new Map<string, { from: string; to: string; amount: bigint }[]>()
        for (const s of steps) {
          take(world, clerk, legsOf, s)
          const accounts = ACCOUNTS.map((name) => accountOf(world.read, name))
          expect(sumFen(accounts.map(({ postedFen }) => parseFen(postedFen)))).toBe(0n)
          for (const { id: name, postedFen, reservedFen } of accounts) {
            expect(parseFen(postedFen)).toBe(clerk.posted.get(name))
            expect(parseFen(reservedFen) >= 0n).toBe(true)
            if (name !== 'outside') expect(parseFen(postedFen) >= parseFen(reservedFen), name).toBe(true)
          }
        }
        posted += world.events.filter(({ event }) => event === 'TransfersPosted').length
        voided += world.events.filter(({ event }) => event === 'TransfersVoided').length
        expect(stateLines(replayed(world))).toEqual(stateLines(world))
      }),
      { numRuns: 100 },
    )
    // The story must have had content: sequences that only refuse would prove nothing.
    expect(posted).toBeGreaterThan(5)
    expect(voided).toBeGreaterThan(5)
  })
})
