import { describe, expect, it } from 'vitest'
import { cometHeaderHash, inOrder, type LightBlock } from '#proof/cometbft/index'
import {
  publicParts,
  TEST_CHAIN,
  testBlock,
  testValidator,
  type TestValidator,
} from '../../proof/testing/comet-chain.ts'
import { blocksToFollow, followTo } from './follow.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
/** Every tenth height the oldest of four validators leaves and another comes: from 40 on none of the first is left. */
const validatorsAt = (height: number): TestValidator[] =>
  NAMES.slice(Math.floor(height / 10)).slice(0, 4).map((name) => testValidator(name, 10)) // prettier-ignore
const blockAt = (height: number): LightBlock =>
  testBlock({ height, validators: validatorsAt(height), next: validatorsAt(height + 1) })

const partsAt = (height: number) => publicParts(inOrder(validatorsAt(height)))
const founders = { height: 1, timeMs: 0, validators: partsAt(1) }

/** Answers, and what was asked for. */
function chain(at: (height: number) => LightBlock = blockAt) {
  const asked: number[] = []
  return {
    asked,
    blockAt: async (height: number) => {
      asked.push(height)
      return at(height)
    },
  }
}

describe('validators followed from those of genesis', () => {
  it('lead to a header that none of these has signed', async () => {
    const { asked, blockAt: ask } = chain()
    const trusted = await followTo(TEST_CHAIN, founders, 45, ask)
    expect(trusted).toMatchObject({ height: 45, validators: partsAt(45), headerHash: cometHeaderHash(blockAt(45).header) }) // prettier-ignore
    expect(asked[0]).toBe(1) // who validates the second block is known from the first
    expect(asked.length).toBeLessThan(20)
    // From there it goes on, and stays.
    expect(await followTo(TEST_CHAIN, trusted, 45, ask)).toEqual(trusted)
    expect((await followTo(TEST_CHAIN, trusted, 47, ask)).height).toBe(47)
    expect((await followTo(TEST_CHAIN, founders, 1, ask)).headerHash).toBe(cometHeaderHash(blockAt(1).header))
    const blocks = await blocksToFollow(blockAt(45), ask, 1)
    expect([blocks[0], blocks.at(-1)].map((block) => block?.header.height)).toEqual([1, 45])
  })

  it('are not those of another chain of the same heights', async () => {
    const forged = (from: number) => (height: number) =>
      height < from ? blockAt(height) : testBlock({ height, validators: NAMES.map((name) => testValidator(`x${name}`, 10)) }) // prettier-ignore
    await expect(followTo(TEST_CHAIN, founders, 45, chain(forged(1)).blockAt)).rejects.toThrow(
      'header 1 does not follow',
    )
    await expect(followTo(TEST_CHAIN, founders, 45, chain(forged(33)).blockAt)).rejects.toThrow(/header 33 does not follow from 32: WRONG_NEXT_VALIDATORS/) // prettier-ignore
    const unsigned = (height: number) =>
      testBlock({ height, validators: validatorsAt(height), next: validatorsAt(height + 1), vote: ({ publicKey }) => (publicKey === validatorsAt(height)[0]!.publicKey ? 'block' : 'absent') }) // prettier-ignore
    await expect(followTo(TEST_CHAIN, founders, 45, chain(unsigned).blockAt)).rejects.toThrow('TOO_LITTLE')
  })
})
