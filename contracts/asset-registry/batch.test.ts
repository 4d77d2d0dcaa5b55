import { describe, expect, it } from 'vitest'
import type { JsonObject } from '#proof/json'
import { rootOf } from '#proof/sum-node'
import { CUT_OFF, DEAL, PlanStory } from '../deal/testing/plan.ts'
import { batchAsOf, effectiveBatch } from './effective.ts'
import { rootRecordOf } from './root.ts'
import { BATCH_TABLE, batchKey, bookKey, type BatchState, type BatchTrigger } from './state.ts'

const propose = (story: PlanStory, args: JsonObject) =>
  story.world.refused('originator:maker', 'asset-registry.proposeBatch', args)
const first = (story: PlanStory): JsonObject => story.batchArgs(CUT_OFF, null, 4)
const proposed = (): PlanStory => {
  const story = new PlanStory().proposed()
  story.world.does('originator:maker', 'asset-registry.proposeBatch', first(story))
  return story
}
const attestation = ({ root }: PlanStory): JsonObject => ({ deal: DEAL, version: 1, root: { ...root } })
const rejection = (): JsonObject => ({ deal: DEAL, version: 1, reason: 'two loans missing' })
const COMMANDS: Record<BatchTrigger, (story: PlanStory) => JsonObject> = { attest: attestation, reject: rejection }
const signs = (story: PlanStory, on: BatchTrigger) =>
  [`custodian:checker`, `asset-registry.${on}`, COMMANDS[on](story)] as const
const IN_STATE: Record<BatchState, () => PlanStory> = {
  proposed,
  effective: () => {
    const story = proposed()
    story.world.does(...signs(story, 'attest'))
    return story
  },
  rejected: () => {
    const story = proposed()
    story.world.does(...signs(story, 'reject'))
    return story
  },
}

describe('a batch’s states', () => {
  for (const state of BATCH_TABLE.states) {
    for (const trigger of BATCH_TABLE.triggers) {
      const row = BATCH_TABLE.rows.find(({ from, on }) => from === state && on === trigger)
      it(`${state} × ${trigger} → ${row?.to ?? 'WRONG_STATE'}`, () => {
        const story = IN_STATE[state]()
        if (!row) return expect(story.world.refused(...signs(story, trigger)).code).toBe('WRONG_STATE')
        story.world.does(...signs(story, trigger))
        expect(story.world.read(batchKey(DEAL, '1'))!.state).toBe(row.to)
      })
    }
  }
})

describe('a proposed batch', () => {
  it('has no effect before the custodian attests it', () => {
    const story = proposed()
    expect(effectiveBatch(story.world.read, DEAL)).toBeUndefined()
    expect(batchAsOf(story.world.read, DEAL, CUT_OFF)).toBeUndefined()
    story.world.does(...signs(story, 'attest'))
    expect(effectiveBatch(story.world.read, DEAL)!.version).toBe(1)
    expect(batchAsOf(story.world.read, DEAL, CUT_OFF)!.root).toEqual(story.root)
  })
  it('blocks another until it is decided; after a rejection the next version takes its place', () => {
    const story = proposed()
    expect(propose(story, { ...first(story), version: 2 })).toEqual({ code: 'BATCH_PENDING', details: { version: 1 } })
    story.world.does(...signs(story, 'reject'))
    expect(story.world.read(bookKey(DEAL))).toEqual({ lastVersion: 1, pending: null, effective: null })
    expect(propose(story, first(story))).toEqual({ code: 'WRONG_VERSION', details: { want: 2, got: 1 } })
    story.world.does('originator:maker', 'asset-registry.proposeBatch', { ...first(story), version: 2 })
  })
  it('carries the pool of the terms when it is the first', () => {
    const story = new PlanStory().proposed()
    const other = new PlanStory(9_999_999_999n)
    expect(propose(story, first(other))).toEqual({
      code: 'POOL_DIFFERS',
      details: { terms: '10000000000', batch: '9999999999' },
    })
  })
  it('must be sound in itself: hash, count and sums belong together', () => {
    const story = new PlanStory().proposed()
    const args = first(story)
    for (const [field, value] of [
      ['currentFen', '9999999999'],
      ['count', '5'],
      ['levels', 3],
      ['hash', 'ab'.repeat(32)],
    ] as const) {
      const root = { ...story.root, [field]: value }
      expect(propose(story, { ...args, root }), field).toMatchObject({ code: 'BAD_ROOT' })
    }
    // With this count, no more room than it can need: its custodian has to make such a tree.
    const top = { hash: story.root.top, count: 4n, originalFen: 10_000_000_000n, currentFen: 10_000_000_000n, defaultedFen: 0n } // prettier-ignore
    const vast = rootRecordOf(rootOf(top, 5))
    expect(propose(story, { ...args, root: { ...vast } })).toEqual({
      code: 'BAD_ROOT',
      details: { code: 'TOO_MANY_LEVELS', levels: 5, most: 4 },
    })
    expect(propose(story, { ...args, changed: 5 })).toEqual({
      code: 'ROOT_NOT_A_SUCCESSOR',
      details: { field: 'changed', count: '4' },
    })
  })
  it('is dated: no impossible day, none ahead, later than the one before, on top of its root', () => {
    const story = new PlanStory().proposed()
    expect(propose(story, { ...first(story), asOf: '2010-02-30' }).code).toBe('BAD_ARGS')
    expect(propose(story, { ...first(story), asOf: '2011-01-01' })).toEqual({
      code: 'DATE_NOT_REACHED',
      details: { businessDate: '2010-12-31', got: '2011-01-01' },
    })
    story.attested(CUT_OFF, null, 4)
    expect(propose(story, story.batchArgs(CUT_OFF, null, 0)).code).toBe('STALE_PREVIOUS')
    expect(propose(story, story.batchArgs(CUT_OFF, story.root.hash, 0))).toEqual({
      code: 'DATE_NOT_LATER',
      details: { effective: CUT_OFF, got: CUT_OFF },
    })
  })
  it('never loses a slot or an original balance', () => {
    const story = new PlanStory().proposed().attested(CUT_OFF, null, 4)
    const smaller = new PlanStory(10_000_000_000n, 3)
    const args = { ...story.batchArgs('2011-01-01', story.root.hash, 3), root: { ...smaller.root } }
    story.world.does('operator:service', 'calendar.roll', { date: '2011-01-01' })
    story.world.does('operator:service', 'calendar.closeDay', { object: `deal:${DEAL}`, date: '2011-01-01' })
    expect(propose(story, args)).toEqual({
      code: 'ROOT_NOT_A_SUCCESSOR',
      details: { field: 'count', before: '4', after: '3' },
    })
  })
  it('is refused when what the custodian recomputed differs, naming the first field that does', () => {
    const story = proposed()
    const root = { ...story.root, currentFen: '1', hash: story.root.hash }
    expect(story.world.refused('custodian:checker', 'asset-registry.attest', { deal: DEAL, version: 1, root })).toEqual(
      {
        code: 'ROOT_DIFFERS',
        details: { field: 'currentFen', proposed: '10000000000', recomputed: '1' },
      },
    )
    const absent = { ...attestation(story), version: 2 }
    expect(story.world.refused('custodian:checker', 'asset-registry.attest', absent).code).toBe('BATCH_NOT_FOUND')
  })
  it('is refused for a plan that has ended', () => {
    const story = new PlanStory().proposed()
    story.world.does('manager:checker', 'deal.withdraw', { deal: DEAL, reason: 'no market' })
    expect(propose(story, first(story)).code).toBe('WRONG_STATE')
  })
})
