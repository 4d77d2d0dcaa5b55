import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addMonths, isoDate } from '../date.ts'
import {
  applyEvent,
  arrearsAt,
  bucketOf,
  overlay,
  PERFORMANCE_TRANSITIONS,
  scheduled,
  type PerformanceEvent,
  type PerformanceState,
} from './performance.ts'

const start = isoDate('2026-01-15')
const plan = Array.from({ length: 6 }, (_, i) => ({
  due: addMonths(start, i + 1),
  principal: 100_00n,
  interest: BigInt(6 - i) * 1_00n,
}))
const d = isoDate

describe('actual performance over a schedule', () => {
  it('pays interest before principal, oldest first, and keeps the rest in arrears', () => {
    const after = overlay(plan, [{ type: 'payment', date: d('2026-03-20'), amount: 150_00n }])
    expect(after.collected[0]).toMatchObject({ interest: 11_00n, principal: 139_00n, prepayment: 0n })
    expect(arrearsAt(after, d('2026-03-20'))).toEqual({ principal: 61_00n, interest: 0n, days: 5, bucket: 'M1' })
    expect(arrearsAt(scheduled(plan), d('2026-02-15')).bucket).toBe('M0')
    expect(arrearsAt(scheduled(plan), d('2026-05-01')).bucket).toBe('M3')
  })
  it('puts days late into buckets', () => {
    const days = [0, 1, 30, 31, 60, 61, 90, 180, 181, 400]
    expect(days.map(bucketOf)).toEqual(['M0', 'M1', 'M1', 'M2', 'M2', 'M3', 'M3', 'M6', 'M6+', 'M6+'])
  })
  it('takes a prepayment off the last instalments, interest of emptied ones included', () => {
    const after = overlay(plan, [{ type: 'prepayment', date: d('2026-02-01'), amount: 250_00n }])
    expect(after.openPrincipal).toBe(350_00n)
    expect(after.open).toHaveLength(4)
    expect(after.open.at(-1)).toMatchObject({ principal: 50_00n, interest: 3_00n })
    expect(() => overlay(plan, [{ type: 'prepayment', date: d('2026-02-20'), amount: 1n }])).toThrow('IN_ARREARS')
    expect(() => overlay(plan, [{ type: 'prepayment', date: d('2026-02-01'), amount: 601_00n }])).toThrow('TOO_MUCH')
  })
  it('counts what a payment holds beyond its dues as prepayment', () => {
    const after = overlay(plan, [{ type: 'payment', date: d('2026-02-15'), amount: 206_00n }])
    expect(after.collected[0]).toMatchObject({ interest: 6_00n, principal: 100_00n, prepayment: 100_00n })
    expect(after.openPrincipal).toBe(400_00n)
  })
  it('defaults, recovers, is repurchased or replaced', () => {
    const bad = overlay(plan, [
      { type: 'default', date: d('2026-08-01') },
      { type: 'recovery', date: d('2026-12-01'), amount: 80_00n },
      { type: 'repurchase', date: d('2027-01-01'), price: 10_00n },
    ])
    expect(bad).toMatchObject({
      state: 'repurchased',
      defaultedPrincipal: 600_00n,
      recovered: 80_00n,
      openPrincipal: 0n,
    })
    expect(bad.collected.map(({ defaulted, recovery, repurchase }) => defaulted + recovery + repurchase)).toEqual([600_00n, 80_00n, 10_00n]) // prettier-ignore
    const other = overlay(plan, [{ type: 'replacement', date: d('2026-03-01'), by: 'loan-2' }])
    expect(other.state).toBe('replaced')
  })
  it('allows in every state exactly the events of the table', () => {
    const events: Record<PerformanceEvent['type'], PerformanceEvent> = {
      payment: { type: 'payment', date: d('2027-02-01'), amount: 1n },
      prepayment: { type: 'prepayment', date: d('2027-02-01'), amount: 0n },
      default: { type: 'default', date: d('2027-02-01') },
      recovery: { type: 'recovery', date: d('2027-02-01'), amount: 1n },
      repurchase: { type: 'repurchase', date: d('2027-02-01'), price: 1n },
      replacement: { type: 'replacement', date: d('2027-02-01'), by: 'x' },
    }
    const future = plan.map((instalment) => ({ ...instalment, due: addMonths(instalment.due, 24) }))
    const inState: Record<PerformanceState, PerformanceEvent[]> = {
      performing: [],
      paid: [{ type: 'prepayment', date: d('2026-02-01'), amount: 600_00n }],
      defaulted: [{ type: 'default', date: d('2026-02-01') }],
      repurchased: [{ type: 'repurchase', date: d('2026-02-01'), price: 1n }],
      replaced: [{ type: 'replacement', date: d('2026-02-01'), by: 'x' }],
    }
    for (const [state, path] of Object.entries(inState) as [PerformanceState, PerformanceEvent[]][]) {
      const before = overlay(future, path)
      expect(before.state).toBe(state)
      for (const [type, event] of Object.entries(events) as [PerformanceEvent['type'], PerformanceEvent][]) {
        if (PERFORMANCE_TRANSITIONS[state].includes(type))
          expect(applyEvent(before, event).collected).toHaveLength(path.length + 1) // prettier-ignore
        else expect(() => applyEvent(before, event)).toThrow('WRONG_STATE')
      }
    }
    expect(() => overlay(plan, [{ type: 'payment', date: d('2026-02-15'), amount: -1n }])).toThrow('NEGATIVE')
    expect(() =>
      overlay(plan, [
        { type: 'payment', date: d('2026-03-15'), amount: 1n },
        { type: 'payment', date: d('2026-02-15'), amount: 1n },
      ]),
    ).toThrow('OUT_OF_ORDER')
  })
  it('conserves principal whatever is paid', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ day: fc.integer({ min: 0, max: 300 }), fen: fc.integer({ min: 0, max: 12_000 }) }), {
          maxLength: 8,
        }),
        (payments) => {
          // prettier-ignore
          const sorted = [...payments].sort((a, b) => a.day - b.day)
          let state = scheduled(plan)
          for (const { day, fen } of sorted) {
            const date = addMonths(start, Math.floor(day / 30))
            if (state.state !== 'performing') break
            const most = state.open.reduce((sum, { principal }) => sum + principal, 0n)
            state = applyEvent(state, { type: 'payment', date, amount: BigInt(fen) < most ? BigInt(fen) : most })
          }
          const paid = state.collected.reduce((sum, { principal, prepayment }) => sum + principal + prepayment, 0n)
          expect(paid + state.openPrincipal).toBe(600_00n)
        },
      ),
    )
  })
})
