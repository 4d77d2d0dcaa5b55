import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { World } from './kernel/testing/world.ts'
import { replayed, stateLines } from './testing/replay.ts'
import { accepted, invoice, ISSUE, opened } from './receivable/testing/story.ts'

const LIMIT = fc.oneof(fc.bigInt({ min: 1n, max: 2_000n }), fc.bigInt({ min: 1n, max: 10n ** 18n - 1n }))
const limitedAs = (world: World, participant: string, role: 'supplier' | 'core-enterprise', limitFen: string): string => {
  world.enrol(`${participant}:limited`, { operator: `${participant}:maker`, roles: [role], functions: ['maker'], limitFen })
  return `${participant}:limited`
} // prettier-ignore

it('a key issues what is within its limit and nothing over it, whatever the amounts', () => {
  const seen = { within: 0, over: 0 }
  fc.assert(
    fc.property(LIMIT, fc.bigInt({ min: -2n, max: 2n }), (limit, off) => {
      const face = limit + off < 1n ? 1n : limit + off > 10n ** 18n - 1n ? 10n ** 18n - 1n : limit + off
      const world = opened()
      const who = limitedAs(world, 'core', 'core-enterprise', String(limit))
      const args = { ...ISSUE, faceFen: String(face), invoices: [invoice('1', String(face))] }
      const result = world.call(who, 'receivable.issue', args)
      expect(result.accepted).toBe(face <= limit)
      seen[face <= limit ? 'within' : 'over'] += 1
      if (result.accepted) return
      const { code, kind, details } = result.refusal
      expect([code, kind]).toEqual(['OVER_KEY_LIMIT', 'forbidden'])
      expect(details).toMatchObject({ amountFen: String(face), limitFen: String(limit) })
      expect(world.state.has('receivable/receivable/r')).toBe(false)
    }),
  )
  expect(Math.min(seen.within, seen.over)).toBeGreaterThan(0)
})

it('cutting a holding is not limited, and of its parts those are offered that are within the limit', () => {
  const seen = { within: 0, over: 0 }
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 2, maxLength: 6 }), fc.integer({ min: 1, max: 1_000 }), (sizes, limit) => {
      const total = sizes.reduce((sum, size) => sum + size, 0)
      const world = accepted()
      const who = limitedAs(world, 'supplier-1', 'supplier', String(limit))
      const parts = [...sizes.map((size, i) => ({ id: `p${i}`, fen: String(size) })), { id: 'rest', fen: String(100_000_000 - total) }]
      world.does(who, 'receivable.split', { holding: 'h', parts })
      sizes.forEach((size, i) => {
        const offer = { holding: `p${i}`, recipient: 'supplier-2', newHolding: `n${i}`, until: '2011-01-05' }
        expect(world.call(who, 'receivable.proposeTransfer', offer).accepted, `${size} of ${limit}`).toBe(size <= limit)
        seen[size <= limit ? 'within' : 'over'] += 1
      })
      expect(stateLines(replayed(world))).toEqual(stateLines(world))
    }),
  )
  expect(Math.min(seen.within, seen.over)).toBeGreaterThan(0)
}) // prettier-ignore
