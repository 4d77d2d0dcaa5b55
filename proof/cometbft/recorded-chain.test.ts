import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { canonicalBytes, parseCanonical } from '../canonical.ts'
import type { Json } from '../json.ts'
import { verifyValidators } from '../verify-receipt.ts'
import { lightBlockForm } from './forms.ts'
import { cometHeaderHash, followLightBlock, followLightBlocks, validatorAddress, validatorsHash, type LightBlock, type TrustedValidators } from './index.ts' // prettier-ignore

/** A chain recorded from the real program (testdata/cometbft/README.md). */
const { blocks } = JSON.parse(readFileSync('testdata/cometbft/chain.json', 'utf8')) as {
  readonly blocks: readonly (LightBlock & { readonly hash: string })[]
}
const chainId = blocks[0]!.header.chainId
const chain = blocks.map(({ header, commit, validators }): LightBlock => ({ header, commit, validators }))
const trustAt = (at: number): TrustedValidators => {
  const { header, validators } = chain[at]!
  return { height: header.height, timeMs: 0, validators, nextValidatorsHash: header.nextValidatorsHash }
}
const powers = ({ validators }: LightBlock): number[] => validators.map(({ power }) => power)

describe('a chain recorded from CometBFT', () => {
  it('has the hashes that CometBFT gave its headers and validator sets', () => {
    for (const { hash, header, validators } of blocks) {
      expect(cometHeaderHash(header), `height ${header.height}`).toBe(hash)
      expect(validatorsHash(validators)).toBe(header.validatorsHash)
      expect(validators.map(({ publicKey }) => validatorAddress(publicKey))).toContain(header.proposerAddress)
    }
    for (const [at, { header }] of blocks.entries()) {
      if (at === 0) expect(header.lastBlockId).toBeNull()
      else expect(header.lastBlockId?.hash).toBe(blocks[at - 1]!.hash)
    }
  })

  it('changed its validators on the way: powers up, and one gone', () => {
    expect(powers(chain[0]!)).toEqual([1, 1, 1, 1])
    expect(powers(chain.at(-1)!)).toEqual([3, 2, 1])
  })

  it('is followed block by block from its first validators, and in one skip while a third of them still signs', () => {
    const verdict = followLightBlocks(chainId, trustAt(0), chain.slice(1))
    expect(verdict).toMatchObject({ ok: true, headerHash: blocks.at(-1)!.hash })
    for (const block of chain.slice(1)) expect(followLightBlock(chainId, trustAt(0), block)).toMatchObject({ ok: true })
  })

  it('has the strict form, and is a receipt of its validators', () => {
    for (const block of chain) lightBlockForm(block as unknown as Json, '')
    const receipt = canonicalBytes({ kind: 'validators', blocks: chain.slice(1) as unknown as Json })
    const trust = { chainId, validators: trustAt(0) }
    const verdict = verifyValidators(receipt, trust)
    const { header, validators } = chain.at(-1)!
    expect(verdict).toMatchObject({ ok: true, trusted: { height: header.height, validators } })
    expect(parseCanonical(receipt)).toBeDefined()
  })

  it('is refused with any leaf of any header, commit or validator set changed', () => {
    const at = chain.findIndex((block) => powers(block).length === 3)
    const whole = chain[at]!
    let changed = 0
    for (const other of variants(whole as unknown as Json)) {
      const verdict = (() => {
        const receipt = canonicalBytes({ kind: 'validators', blocks: [other] })
        return verifyValidators(receipt, { chainId, validators: trustAt(at - 1) })
      })()
      expect(verdict.ok, JSON.stringify(other)).toBe(false)
      changed += 1
    }
    expect(changed).toBeGreaterThan(30)
    expect(followLightBlock(chainId, trustAt(at - 1), whole)).toMatchObject({ ok: true })
  })
})

/** The document with one leaf changed to another value of its form, each leaf in turn. */
function* variants(value: Json): Generator<Json> {
  if (typeof value === 'number') yield value + 1
  else if (typeof value === 'string') {
    if (value === 'block') yield 'nil'
    else yield (value.startsWith('0') ? '1' : '0') + value.slice(1)
  } else if (Array.isArray(value)) {
    for (const [i, item] of (value as readonly Json[]).entries()) {
      for (const other of variants(item))
        yield (value as readonly Json[]).map((before, k) => (k === i ? other : before))
    }
  } else if (value !== null && typeof value === 'object') {
    for (const [name, item] of Object.entries(value as { [name: string]: Json })) {
      for (const other of variants(item)) yield { ...(value as { [name: string]: Json }), [name]: other }
    }
  }
}
