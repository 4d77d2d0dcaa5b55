import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_QUEUE_LIMITS, FairQueue, RateLimit, type QueueLimits, type Waiting } from './fair-queue.ts'

const WIDE: QueueLimits = { ...DEFAULT_QUEUE_LIMITS, rateBurst: 1_000_000 }
interface Item extends Waiting {
  readonly n: number
}
const queueOf = (over: Partial<QueueLimits> = {}) => new FairQueue<Item>({ ...WIDE, ...over })
const refusal = (push: () => void): unknown => {
  try {
    push()
  } catch (error) {
    return error
  }
  return undefined
}

const sent = fc.record({ participant: fc.constantFrom('a', 'b', 'c', 'd'), bytes: fc.integer({ min: 1, max: 50 }) })

describe('the fair queue', () => {
  it('gives out each command once, each participant’s in order, within the limits of a block', () => {
    const course = fc.array(
      fc.oneof(
        sent.map((item) => ({ put: item })),
        fc.record({
          take: fc.integer({ min: 1, max: 6 }),
          bytes: fc.integer({ min: 1, max: 120 }),
          back: fc.boolean(),
        }),
      ),
      { maxLength: 80 },
    )
    fc.assert(
      fc.property(course, (steps) => {
        const queue = queueOf()
        const waiting = new Map<string, Item[]>()
        let n = 0
        for (const step of steps) {
          if ('put' in step) {
            const item = { ...step.put, n: (n += 1) }
            queue.push(item, 0)
            waiting.set(item.participant, [...(waiting.get(item.participant) ?? []), item])
            continue
          }
          const taken = queue.take(step.take, step.bytes)
          expect(taken.length).toBeLessThanOrEqual(step.take)
          const bytes = taken.reduce((sum, item) => sum + item.bytes, 0)
          expect(taken.length <= 1 || bytes <= step.bytes).toBe(true)
          if ([...waiting.values()].some(({ length }) => length > 0)) expect(taken.length).toBeGreaterThan(0)
          if (step.back) queue.putBack(taken)
          else for (const item of taken) expect(waiting.get(item.participant)!.shift()).toBe(item)
        }
        const left = [...waiting.values()].flat()
        expect(queue.length).toBe(left.length)
        const rest = queue.take(left.length + 1, Number.MAX_SAFE_INTEGER)
        expect(new Set(rest)).toEqual(new Set(left))
        for (const item of rest) expect(waiting.get(item.participant)!.shift()).toBe(item)
        expect(queue.take(1, 1)).toEqual([])
      }),
    )
  })

  it('lets nobody wait behind another’s heap: a block takes one of each in turn', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 500 }), fc.integer({ min: 1, max: 9 }), (greedy, modest) => {
        const queue = queueOf()
        for (let n = 0; n < greedy; n += 1) queue.push({ participant: 'greedy', bytes: 10, n }, 0)
        for (let n = 0; n < modest; n += 1) queue.push({ participant: 'modest', bytes: 10, n }, 0)
        const block = queue.take(modest * 2, 1_000_000)
        expect(block.filter(({ participant }) => participant === 'modest')).toHaveLength(modest)
      }),
    )
  })

  it('goes on where the turns stopped: a block of one takes another participant’s each time', () => {
    const queue = queueOf()
    for (const participant of ['a', 'b', 'c']) {
      for (let n = 0; n < 2; n += 1) queue.push({ participant, bytes: 1, n }, 0)
    }
    const order = Array.from({ length: 6 }, () => queue.take(1, 1)[0]!.participant)
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
  })

  it('refuses what is beyond a limit and says which', () => {
    const limits = { maxQueue: 5, maxQueueBytes: 100, maxWaitingOfOne: 3, maxWaitingBytesOfOne: 60 }
    const put = (queue: FairQueue<Item>, participant: string, bytes: number) =>
      refusal(() => queue.push({ participant, bytes, n: 0 }, 0))
    const many = queueOf(limits)
    for (let n = 0; n < 3; n += 1) expect(put(many, 'a', 1)).toBeUndefined()
    expect(put(many, 'a', 1)).toMatchObject({ code: 'QUOTA', outcomeKnown: true, details: { participant: 'a', limit: 'waiting', max: 3 } }) // prettier-ignore
    expect(put(many, 'b', 61)).toMatchObject({ code: 'QUOTA', details: { limit: 'bytes', max: 60 } })
    expect(put(many, 'b', 60)).toBeUndefined()
    expect(put(many, 'c', 38)).toMatchObject({ code: 'QUEUE_FULL', details: { limit: 'bytes', waiting: 63 } })
    expect(put(many, 'c', 37)).toBeUndefined()
    expect(put(many, 'd', 0)).toMatchObject({ code: 'QUEUE_FULL', details: { limit: 'commands', waiting: 5 } })
    many.take(5, 1_000)
    expect(put(many, 'a', 60)).toBeUndefined()
  })
})

describe('the rate of one participant', () => {
  it('over any stretch of time is at most the burst and the rate, whatever the clock does', () => {
    const calls = fc.array(fc.integer({ min: -50, max: 300 }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 20 }), (gaps, rate, burst) => {
        const limit = new RateLimit(rate, burst)
        let [now, forward, taken] = [1_000_000, 0, 0]
        for (const gap of gaps) {
          now += gap
          forward += Math.max(0, gap)
          const waitMs = limit.take('a', now)
          if (waitMs === 0) taken += 1
          else expect(limit.take('b', now)).toBeLessThanOrEqual(Math.ceil(1000 / rate))
          expect(taken).toBeLessThanOrEqual(burst + (forward * rate) / 1000 + 1e-6)
        }
      }),
    )
  })

  it('admits again when it said it would', () => {
    const limit = new RateLimit(4, 2)
    expect([limit.take('a', 0), limit.take('a', 0), limit.take('a', 0)]).toEqual([0, 0, 250])
    expect(limit.take('a', 249)).toBe(1)
    expect(limit.take('a', 250)).toBe(0)
    expect(limit.take('b', 0)).toBe(0)
  })
})
