import { describe, expect, it } from 'vitest'
import { toBase64url, fromBase64url } from '../base64url.ts'
import { sha256Bytes, utf8ToBytes } from '../hash.ts'
import { TEST_CHAIN, testBlock, testValidator } from '../testing/comet-chain.ts'
import { testBlockId, testDoubleVote } from '../testing/double-vote.ts'
import { doubleVoteFault, doubleVotesOf, type DoubleVote } from './index.ts'

const secret = sha256Bytes(utf8ToBytes('twice'))
const place = { height: 7, round: 1, type: 'precommit', time: { seconds: 1_767_225_600, nanos: 5 } } as const
const made = (blocks?: Parameters<typeof testDoubleVote>[3]) => testDoubleVote(TEST_CHAIN, secret, place, blocks)

describe('two votes of one validator', () => {
  it('for two blocks show that it voted twice, of either type', () => {
    expect(doubleVoteFault(TEST_CHAIN, made())).toBeUndefined()
    const prevotes = testDoubleVote(TEST_CHAIN, secret, { ...place, type: 'prevote', round: 0 })
    expect(doubleVoteFault(TEST_CHAIN, prevotes)).toBeUndefined()
  })

  it('for a block and for none do, too', () => {
    expect(doubleVoteFault(TEST_CHAIN, made([testBlockId('11'), null]))).toBeUndefined()
  })

  it('for one block do not', () => {
    expect(doubleVoteFault(TEST_CHAIN, made([testBlockId('11'), testBlockId('11')]))).toBe('same block')
  })

  it('of another chain, height, round, type, time, key or block do not', () => {
    const good = made()
    const [first, second] = good.votes
    expect(doubleVoteFault('another', good)).toBe('signature of the first')
    const others: Partial<DoubleVote>[] = [
      { height: 8 },
      { round: 0 },
      { type: 'prevote' },
      { validator: testDoubleVote(TEST_CHAIN, sha256Bytes(secret), place).validator },
      { votes: [{ ...first, time: { seconds: 1, nanos: 0 } }, second] },
      { votes: [{ ...first, block: testBlockId('33') }, second] },
    ]
    for (const over of others) expect(doubleVoteFault(TEST_CHAIN, { ...good, ...over })).toBe('signature of the first')
    const swapped = { ...good, votes: [first, { ...second, signature: first.signature }] as const }
    expect(doubleVoteFault(TEST_CHAIN, swapped)).toBe('signature of the second')
  })

  it('with any byte of a signature changed do not', () => {
    const good = made()
    const [first, second] = good.votes
    for (let at = 0; at < 64; at += 1) {
      const bytes = fromBase64url(second.signature)!.slice()
      bytes[at]! ^= 1
      const bad = { ...good, votes: [first, { ...second, signature: toBase64url(bytes) }] as const }
      expect(doubleVoteFault(TEST_CHAIN, bad)).toBe('signature of the second')
    }
  })
})

describe('two committed headers of one height', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => testValidator(name, 1)) as [V, V, V, V]
  type V = ReturnType<typeof testValidator>
  const own = testBlock({ height: 9, validators: [a, b, c], vote: (one) => (one === c ? 'nil' : 'block') })
  const other = (wish: Partial<Parameters<typeof testBlock>[0]> = {}) =>
    testBlock({ height: 9, validators: [a, b, c, d], appHash: 'ab'.repeat(32), ...wish })

  it('show who voted twice, by votes that hold', () => {
    const found = doubleVotesOf(own, other({ vote: (one) => (one === b ? 'absent' : 'block') }))
    expect(found.map(({ validator }) => validator).sort()).toEqual([a.publicKey, c.publicKey].sort())
    for (const one of found) expect(doubleVoteFault(TEST_CHAIN, one)).toBeUndefined()
  })

  it('show nothing of one header, of two heights or of two rounds', () => {
    expect(doubleVotesOf(own, own)).toEqual([])
    expect(doubleVotesOf(own, other({ height: 10 }))).toEqual([])
    const later = other()
    expect(doubleVotesOf(own, { ...later, commit: { ...later.commit, round: 1 } })).toEqual([])
  })
})
