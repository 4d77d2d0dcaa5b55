import { describe, expect, it } from 'vitest'
import { signTest, testCommand } from '../testing/fixture.ts'
import { encodeBundle } from './bundle.ts'
import { isCandidate, Transactions } from './transactions.ts'

const CHAIN = 'a-chain'
const bundle = (...names: string[]) =>
  encodeBundle(names.map((name) => signTest(testCommand(CHAIN, 'notes.put', { name, text: '' }))))

describe('transactions', () => {
  it('are read once, however often they are shown, until their block is durable', () => {
    const transactions = new Transactions(CHAIN)
    const [one, other] = [bundle('a', 'b'), bundle('c')]
    const read = transactions.read(one)!
    expect(read.map((entry) => isCandidate(entry) && entry.command.args)).toEqual([
      { name: 'a', text: '' },
      { name: 'b', text: '' },
    ])
    const kept = transactions.read(other)
    expect(transactions.read(Uint8Array.from(one))).toBe(read)
    transactions.forget([Uint8Array.from(one), bundle('never seen')])
    expect(transactions.read(other)).toBe(kept)
    const again = transactions.read(one)!
    expect(again).not.toBe(read)
    expect(again).toEqual(read)
  })

  it('of our own clients are not read at all, and let go of like the others', () => {
    const transactions = new Transactions(CHAIN)
    const tx = bundle('a')
    const candidates = new Transactions(CHAIN).read(tx)!.filter(isCandidate)
    transactions.add(tx, candidates)
    expect(transactions.read(tx)).toBe(candidates)
    transactions.forget([tx])
    expect(transactions.read(tx)).not.toBe(candidates)
  })
})
