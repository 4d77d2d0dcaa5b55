import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { publicParts, START_SECONDS, TEST_CHAIN, testBlock, testValidator, type TestValidator } from '../testing/comet-chain.ts' // prettier-ignore
import { cometHeaderHash, followLightBlock, followLightBlocks, inOrder, millisOf, type LightBlock, type TrustedValidators } from './index.ts' // prettier-ignore

const trustIn = (validators: readonly TestValidator[], height = 1): TrustedValidators => ({
  height,
  timeMs: START_SECONDS * 1000,
  validators: publicParts(inOrder(validators)),
})
const trustInBlock = ({ header, validators }: LightBlock): TrustedValidators => ({
  height: header.height,
  timeMs: millisOf(header.time),
  validators,
  nextValidatorsHash: header.nextValidatorsHash,
  headerHash: cometHeaderHash(header),
})
const follow = (trusted: TrustedValidators, block: LightBlock) => followLightBlock(TEST_CHAIN, trusted, block)
const powerOf = (validators: readonly TestValidator[]) => validators.reduce((sum, { power }) => sum + power, 0)

const setOf = (prefix: string, max = 6) =>
  fc
    .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: max })
    .map((powers) => powers.map((power, i) => testValidator(`${prefix}${i}`, power)))
const runs = { numRuns: 60 }

describe('more than two thirds of the power', () => {
  it('is needed, exactly, whoever abstains or votes for nothing', () => {
    fc.assert(
      fc.property(setOf('v'), fc.array(fc.constantFrom('block', 'nil', 'absent'), { maxLength: 6 }), (set, votes) => {
        const voteOf = (validator: TestValidator) => votes[set.indexOf(validator)] ?? 'block'
        const block = testBlock({ height: 1, validators: set, vote: voteOf as never })
        const signed = powerOf(set.filter((validator) => voteOf(validator) === 'block'))
        const verdict = follow(trustIn(set), block)
        expect(verdict.ok).toBe(signed * 3 > powerOf(set) * 2)
      }),
      runs,
    )
  })

  it('two of three equals is not enough, three of four is', () => {
    const set = (count: number) => Array.from({ length: count }, (_, i) => testValidator(`v${i}`, 1))
    const without = (count: number) =>
      follow(
        trustIn(set(count)),
        testBlock({
          height: 1,
          validators: set(count),
          vote: ({ publicKey }) => (publicKey === testValidator('v0', 1).publicKey ? 'absent' : 'block'),
        }),
      )
    expect(without(3)).toEqual({ ok: false, reason: 'TOO_LITTLE_POWER' })
    expect(without(4)).toMatchObject({ ok: true })
  })

  it('counts exactly where floating point would not', () => {
    const huge = 2 ** 51
    const set = [testValidator('a', huge), testValidator('b', huge / 2 - 1), testValidator('c', 1)]
    // Of a + b/2 − 1 + 1: two thirds are exactly a.
    const alone = (power: number) => [testValidator('a', power), ...set.slice(1)]
    const byFirst = (validators: TestValidator[]) =>
      follow(
        trustIn(validators),
        testBlock({ height: 1, validators, vote: (one) => (one === validators[0] ? 'block' : 'absent') }),
      )
    expect(byFirst(alone(huge))).toEqual({ ok: false, reason: 'TOO_LITTLE_POWER' })
    expect(byFirst(alone(huge + 1))).toMatchObject({ ok: true })
  })
})

describe('skipping', () => {
  it('needs more than a third of the trusted power among the signers, by the power that was trusted', () => {
    fc.assert(
      fc.property(setOf('v'), setOf('n'), fc.array(fc.boolean(), { maxLength: 6 }), (trusted, fresh, stays) => {
        const staying = trusted.filter((_, i) => stays[i] ?? false).map((one) => ({ ...one, power: 10 - one.power }))
        const validators = [...staying, ...fresh]
        const block = testBlock({ height: 9, validators })
        const overlap = powerOf(trusted.filter((_, i) => stays[i] ?? false))
        expect(follow(trustIn(trusted), block)).toMatchObject(
          overlap * 3 > powerOf(trusted) ? { ok: true } : { ok: false, reason: 'TOO_LITTLE_OVERLAP' },
        )
      }),
      runs,
    )
  })

  it('goes on over sets that change by less than two thirds each, where one step would not', () => {
    const sets = [0, 1, 2, 3].map((step) => [0, 1, 2].map((i) => testValidator(`v${step + i}`, 1)))
    const blocks = sets.map((validators, i) => testBlock({ height: 10 * (i + 1), validators }))
    const from = trustIn(sets[0]!)
    expect(follow(from, blocks[3]!)).toEqual({ ok: false, reason: 'TOO_LITTLE_OVERLAP' })
    expect(followLightBlocks(TEST_CHAIN, from, blocks)).toMatchObject({ ok: true, trusted: { height: 40 } })
    const broken = followLightBlocks(TEST_CHAIN, from, [blocks[0]!, blocks[3]!])
    expect(broken).toMatchObject({ ok: false, at: 1, reason: 'TOO_LITTLE_OVERLAP' })
  })
})

describe('following block by block', () => {
  const before = [testValidator('a', 1), testValidator('b', 1)]
  const after = [testValidator('c', 1), testValidator('d', 1)]

  it('takes wholly new validators whom the trusted header names, and no others', () => {
    const first = testBlock({ height: 1, validators: before, next: after })
    const trusted = trustInBlock(first)
    expect(follow(trusted, testBlock({ height: 2, validators: after }))).toMatchObject({ ok: true })
    expect(follow(trusted, testBlock({ height: 2, validators: before }))).toMatchObject({
      ok: false,
      reason: 'WRONG_NEXT_VALIDATORS',
    })
    expect(follow(trusted, testBlock({ height: 3, validators: after }))).toEqual({
      ok: false,
      reason: 'TOO_LITTLE_OVERLAP',
    })
  })

  it('refuses another header at the trusted height, and any before it', () => {
    const trusted = trustInBlock(testBlock({ height: 5, validators: before }))
    expect(follow(trusted, testBlock({ height: 5, validators: before }))).toMatchObject({ ok: true })
    const fork = testBlock({ height: 5, validators: before, appHash: '00'.repeat(32) })
    expect(follow(trusted, fork)).toMatchObject({ ok: false, reason: 'WRONG_HEADER' })
    const earlier = testBlock({ height: 4, validators: before, seconds: START_SECONDS + 5 })
    expect(follow(trusted, earlier)).toMatchObject({ ok: false, reason: 'BEFORE_TRUST' })
  })
})

describe('what is refused besides', () => {
  const set = [testValidator('a', 1), testValidator('b', 1), testValidator('c', 1), testValidator('d', 1)]
  const good = testBlock({ height: 3, validators: set })

  it('a vote that does not hold, even where enough others do, and even for nothing', () => {
    for (const vote of ['block', 'nil'] as const) {
      const block = testBlock({ height: 3, validators: set, vote: (one) => (one === set[0] ? vote : 'block') })
      const at = block.validators.findIndex(({ publicKey }) => publicKey === set[0]!.publicKey)
      const signatures = block.commit.signatures.map((one, i) =>
        i === at ? { ...one!, signature: good.commit.signatures[(at + 1) % 4]!.signature } : one,
      )
      const bad = { ...block, commit: { ...block.commit, signatures } }
      expect(follow(trustIn(set), block)).toMatchObject({ ok: true })
      expect(follow(trustIn(set), bad)).toMatchObject({ reason: 'BAD_VOTE', field: `/commit/signatures/${at}` })
    }
  })

  it('another chain, a commit of another length, a set that is not the header’s, a key twice', () => {
    expect(followLightBlock('another', trustIn(set), good)).toMatchObject({ reason: 'WRONG_CHAIN' })
    const short = { ...good, commit: { ...good.commit, signatures: good.commit.signatures.slice(1) } }
    expect(follow(trustIn(set), short)).toMatchObject({ reason: 'BAD_COMMIT' })
    const fewer = { ...good, validators: good.validators.slice(1) }
    expect(follow(trustIn(set), fewer)).toMatchObject({ reason: 'WRONG_VALIDATORS' })
    const twice = [set[0]!, set[0]!, set[0]!]
    expect(follow(trustIn(set), testBlock({ height: 3, validators: twice }))).toMatchObject({
      reason: 'BAD_VALIDATORS',
    })
  })

  it('time that goes back, trust that is too old, a header from the future', () => {
    const trusted = { ...trustIn(set), timeMs: (START_SECONDS + 100) * 1000 }
    expect(follow(trusted, good)).toMatchObject({ reason: 'TIME_GOES_BACK' })
    const start = START_SECONDS * 1000
    const within = (nowMs: number) =>
      followLightBlock(TEST_CHAIN, trustIn(set), good, { nowMs, trustingPeriodMs: 60_000, maxDriftMs: 1000 })
    expect(within(start + 2_000)).toMatchObject({ reason: 'FROM_THE_FUTURE' })
    expect(within(start + 2_001)).toMatchObject({ ok: true })
    expect(within(start + 59_999)).toMatchObject({ ok: true })
    expect(within(start + 60_000)).toMatchObject({ reason: 'TRUST_EXPIRED' })
  })
})
