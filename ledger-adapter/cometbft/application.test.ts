import * as abci from 'cosmjs-types/tendermint/abci/types'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { toBase64url } from '#proof/base64url'
import { encodeSigned } from '#proof/command'
import { hexToBytes } from '#proof/hash'
import { StateCorrupt } from '../application/state.ts'
import { StoreBusy, StoreUnreachable } from '../embedded/connection.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import { MemoryApplication, timestamp } from '../testing/memory-application.ts'
import { RequestRefused } from './abci/index.ts'
import { encodeBundle } from './bundle.ts'
import { TX_CODE } from './transactions.ts'

const MINUTE = 60_000
const { ACCEPT, REJECT } = abci.ResponseProcessProposal_ProposalStatus
const away = new StoreUnreachable('cut by the test')

const checked = async (one: MemoryApplication, tx: Uint8Array, type = abci.CheckTxType.NEW) => {
  const { code, log } = await one.application.checkTx({ tx, type })
  return { code, why: log === '' ? '' : (JSON.parse(log) as { code: string }).code }
}
const rechecked = (one: MemoryApplication, tx: Uint8Array) => checked(one, tx, abci.CheckTxType.RECHECK)

async function proposed(one: MemoryApplication, txs: Uint8Array[], timeMs = one.nowMs, maxTxBytes = 1n << 22n) {
  const request = { txs, maxTxBytes, height: BigInt(one.machine.height + 1), time: timestamp(timeMs) }
  const answer = await one.application.prepareProposal(request as unknown as abci.RequestPrepareProposal)
  return answer.txs.map((tx) => txs.indexOf(tx))
}
const statusOf = async (one: MemoryApplication, txs: Uint8Array[]) =>
  (await one.application.processProposal({ txs } as unknown as abci.RequestProcessProposal)).status

/** Transactions that no honest node bundles: told from their bytes alone. */
const malformed = (one: MemoryApplication): Readonly<Record<string, readonly [Uint8Array, string]>> => {
  const good = signTest(one.note())
  const foreign = signTest(testCommand('elsewhere-00000000', 'notes.put', { name: 'x', text: '' }))
  return {
    'no bundle': [Uint8Array.of(7, 7, 7), 'MALFORMED'],
    nothing: [new Uint8Array(0), 'MALFORMED'],
    'another chain’s command': [encodeBundle([good, foreign]), 'WRONG_CHAIN'],
    'bytes that are no command': [encodeBundle([good, Uint8Array.of(1, 2, 3)]), 'MALFORMED'],
    'a command that is not canonical': [encodeBundle([Buffer.concat([good, Buffer.from(' ')])]), 'MALFORMED'],
  }
}

describe('what may enter the mempool', () => {
  it('a bundle of which something is left to do, each refusal by its code', async () => {
    const one = await MemoryApplication.create()
    const { nowMs } = one
    const recorded = one.note()
    await one.block([one.bundle([recorded])])
    const note = one.note()
    const forged = encodeSigned({ command: note, signature: toBase64url(new Uint8Array(64).fill(1)) })
    const expired = one.note({ issuedAt: nowMs - 2 * MINUTE, expiresAt: nowMs - MINUTE })
    const cases: Readonly<Record<string, readonly [Uint8Array, number, string]>> = {
      good: [one.bundle([note]), TX_CODE.OK, ''],
      'a good one beside one that is recorded': [one.bundle([recorded, note]), TX_CODE.OK, ''],
      'a good one beside one that has expired': [one.bundle([expired, note]), TX_CODE.OK, ''],
      recorded: [one.bundle([recorded]), TX_CODE.NOTHING_TO_DO, 'RECORDED'],
      expired: [one.bundle([expired]), TX_CODE.NOTHING_TO_DO, 'EXPIRED'],
      'a bad signature': [encodeBundle([signTest(one.note()), forged]), TX_CODE.BAD_COMMAND, 'BAD_SIGNATURE'],
      'an unknown key': [one.bundle([note, one.note({ keyId: 'no-key' })]), TX_CODE.BAD_COMMAND, 'UNKNOWN_KEY'],
      'an unknown method': [one.bundle([one.note({ method: 'none' })]), TX_CODE.BAD_COMMAND, 'UNKNOWN_METHOD'],
      'not yet': [one.bundle([one.note({ issuedAt: nowMs + 6 * MINUTE, expiresAt: nowMs + 7 * MINUTE })]), TX_CODE.BAD_COMMAND, 'NOT_YET_VALID'], // prettier-ignore
    }
    for (const [what, [tx, code, why]] of Object.entries(cases))
      expect(await checked(one, tx), what).toEqual({ code, why })
    for (const [what, [tx, why]] of Object.entries(malformed(one))) {
      const code = tx[0] === 1 ? TX_CODE.BAD_COMMAND : TX_CODE.BAD_BUNDLE
      expect(await checked(one, tx), what).toEqual({ code, why })
      expect(await rechecked(one, tx), what).toEqual({ code, why })
    }
  })

  it('stays there while one of its commands can be executed, and leaves with the last', async () => {
    const one = await MemoryApplication.create()
    const [first, second] = [one.note(), one.note({ expiresAt: one.nowMs + 10 * MINUTE })]
    const tx = one.bundle([first, second])
    expect(await rechecked(one, tx)).toMatchObject({ code: TX_CODE.OK })
    await one.block([one.bundle([first])])
    expect(await rechecked(one, tx)).toMatchObject({ code: TX_CODE.OK })
    one.nowMs += 11 * MINUTE
    expect(await rechecked(one, tx)).toEqual({ code: TX_CODE.NOTHING_TO_DO, why: 'EXPIRED' })
    // What a check would refuse does not throw out the others of a bundle that is there already.
    const early = one.note({ issuedAt: one.nowMs + 6 * MINUTE })
    expect(await rechecked(one, one.bundle([early, one.note()]))).toMatchObject({ code: TX_CODE.OK })
    expect(await rechecked(one, one.bundle([early]))).toEqual({ code: TX_CODE.NOTHING_TO_DO, why: 'NOT_YET_VALID' })
  })
})

describe('a store that is away', () => {
  it('leaves open whether a transaction is good, keeps what is in the mempool, and stops nothing', async () => {
    const one = await MemoryApplication.create()
    const tx = one.bundle(1)
    one.trouble = away
    expect(await checked(one, tx)).toEqual({ code: TX_CODE.LATER, why: 'STORE_UNAVAILABLE' })
    expect(await rechecked(one, tx)).toEqual({ code: TX_CODE.OK, why: '' })
    one.trouble = undefined
    expect(await checked(one, tx)).toMatchObject({ code: TX_CODE.OK })
    one.trouble = new TypeError('a defect')
    await expect(checked(one, one.bundle([one.note({ participant: 'supplier-1' })]))).rejects.toThrow('a defect')
  })

  it('that has a block before it says so leaves the same open: its rows are ahead of the tree, and not wrong', async () => {
    const one = await MemoryApplication.create()
    const tx = one.bundle(1)
    const { rows } = one
    const before = new Map(rows)
    let stored = (): void => undefined
    const storing = new Promise<void>((begun) => {
      one.beforeAppend = () => {
        begun()
        return new Promise((resolve) => (stored = resolve))
      }
    })
    const block = one.block([one.bundle([one.note({ participant: 'supplier-1' })])])
    await storing
    // What the block changes stands in the rows already; every row, since which of them is asked for is no matter.
    for (const key of rows.keys()) rows.set(key, '{"of":"the block"}')
    expect(await checked(one, tx)).toEqual({ code: TX_CODE.LATER, why: 'STORE_UNAVAILABLE' })
    for (const [key, text] of before) rows.set(key, text)
    stored()
    await block
    expect(await checked(one, tx)).toMatchObject({ code: TX_CODE.OK })
    // With no block on its way the same is what it looks like.
    for (const key of rows.keys()) rows.set(key, '{"of":"nobody"}')
    await expect(checked(one, one.bundle([one.note({ participant: 'factor' })]))).rejects.toBeInstanceOf(StateCorrupt)
  })

  it('holds proposals up until it is back', async () => {
    const one = await MemoryApplication.create({ maxBlockCommands: 10 })
    const tx = one.bundle(1)
    await one.block([one.bundle(1)]) // what was at hand is not any more
    one.trouble = away
    let answered = 0
    const both = [proposed(one, [tx]), statusOf(one, [tx])].map((answer) => answer.finally(() => (answered += 1)))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(answered).toBe(0)
    one.trouble = undefined
    expect(await Promise.all(both)).toEqual([[0], ACCEPT])
  })

  it('has no snapshots to offer meanwhile, nor any chunk', async () => {
    const outOfRange = Object.assign(new pg.DatabaseError('out of range', 1, 'error'), { code: '22003' })
    let trouble: Error = away
    const fails = () => Promise.reject(trouble)
    const { application } = await MemoryApplication.create(undefined, { list: fails, load: fails })
    for (trouble of [away, new StoreBusy(2_000), outOfRange, new TypeError('a defect')]) {
      const request = { height: 1n << 63n, format: 1, chunk: 2 ** 32 - 1 }
      if (trouble instanceof TypeError) {
        await expect(application.listSnapshots()).rejects.toThrow('a defect')
        await expect(application.loadSnapshotChunk(request)).rejects.toThrow('a defect')
      } else {
        expect(await application.listSnapshots()).toEqual({ snapshots: [] })
        expect(await application.loadSnapshotChunk(request)).toEqual({ chunk: new Uint8Array(0) })
      }
    }
  })
})

describe('a proposal', () => {
  it('holds what there is to do, once, and nothing that is over, ahead or no command', async () => {
    const one = await MemoryApplication.create()
    const { nowMs } = one
    const recorded = one.note()
    await one.block([one.bundle([recorded])])
    const note = one.note()
    const txs = [
      one.bundle([recorded]),
      one.bundle([note]),
      one.bundle([note]), // once more: the same command, as two nodes may have sent it
      one.bundle([note, one.note()]), // of which one is still to do
      one.bundle([one.note({ issuedAt: nowMs - 2 * MINUTE, expiresAt: nowMs - MINUTE })]),
      one.bundle([one.note({ issuedAt: nowMs + 6 * MINUTE }), one.note()]),
      ...Object.values(malformed(one)).map(([tx]) => tx),
    ]
    // The second differs from the first in nothing: told apart by place.
    txs[2] = Uint8Array.from(txs[2]!)
    expect(await proposed(one, txs)).toEqual([1, 3])
  })

  it('leaves out what has expired by the clock, although the time of the block would let it in', async () => {
    const one = await MemoryApplication.create()
    const before = one.nowMs
    const short = one.bundle([one.note({ expiresAt: before + MINUTE })])
    const long = one.bundle([one.note({ expiresAt: before + 60 * MINUTE })])
    expect(await proposed(one, [short, long], before)).toEqual([0, 1])
    // Commits stopped for two minutes: the first block after bears the time at which they did.
    one.nowMs += 2 * MINUTE
    expect(await proposed(one, [short, long], before)).toEqual([1])
  })

  it('keeps to what CometBFT and governance let a block hold; one transaction may always enter', async () => {
    const proposedOf = (one: MemoryApplication, maxTxBytes?: bigint) =>
      proposed(one, [one.bundle(2), one.bundle(1), one.bundle(1), one.bundle(1)], one.nowMs, maxTxBytes)
    const plain = await MemoryApplication.create()
    expect(await proposedOf(plain)).toEqual([0, 1, 2, 3])
    expect(await proposedOf(plain, BigInt(Math.floor(3.5 * plain.bundle(1).length)))).toEqual([0, 1])
    expect(await proposedOf(plain, 10n)).toEqual([])
    expect(await proposedOf(await MemoryApplication.create({ maxBlockCommands: 4 }))).toEqual([0, 1, 2])
    expect(await proposedOf(await MemoryApplication.create({ maxBlockCommands: 1 }))).toEqual([0])
    const one = await MemoryApplication.create({ maxBlockBytes: 1 << 20 })
    const large = () => one.bundle([one.note({}, 'x'.repeat(100_000))])
    const txs = Array.from({ length: 12 }, large)
    const fitting = Math.floor((1 << 20) / txs[0]!.length)
    expect(await proposed(one, txs)).toEqual(txs.slice(0, fitting).map((_, n) => n))
  })

  it('of another is refused for what no honest node proposes, and for nothing that a block can decide', async () => {
    const one = await MemoryApplication.create({ maxBlockCommands: 3 })
    const recorded = one.note()
    await one.block([one.bundle([recorded])])
    const late = one.note({ issuedAt: one.nowMs - 2 * MINUTE, expiresAt: one.nowMs - MINUTE })
    const forged = encodeBundle([encodeSigned({ command: one.note(), signature: toBase64url(new Uint8Array(64)) })])
    for (const tx of [one.bundle([recorded]), one.bundle([late]), forged])
      expect(await statusOf(one, [tx])).toBe(ACCEPT)
    for (const [what, [tx]] of Object.entries(malformed(one))) {
      expect(await statusOf(one, [tx]), what).toBe(REJECT)
      expect(await statusOf(one, [one.bundle(1), tx]), what).toBe(REJECT)
    }
    expect(await statusOf(one, [one.bundle(2), one.bundle(1)])).toBe(ACCEPT)
    expect(await statusOf(one, [one.bundle(2), one.bundle(2)])).toBe(REJECT)
    expect(await statusOf(one, [one.bundle(4)])).toBe(ACCEPT)
    expect(await statusOf(one, [])).toBe(ACCEPT)
  })
})

it('refuses a block out of turn and a commit of nothing, and stands where it stood', async () => {
  const one = await MemoryApplication.create()
  const { application, machine } = one
  await one.block([one.bundle(1)])
  const root = machine.state.tree.root()
  await expect(application.commit()).rejects.toBeInstanceOf(RequestRefused)
  for (const height of [-1n, 0n, 1n, 3n, (1n << 63n) - 1n]) {
    const request = { txs: [one.bundle(1)], height, time: timestamp(one.nowMs), misbehavior: [] }
    const asked = application.finalizeBlock(request as unknown as abci.RequestFinalizeBlock)
    await expect(asked, String(height)).rejects.toBeInstanceOf(RequestRefused)
    await expect(application.commit()).rejects.toBeInstanceOf(RequestRefused)
  }
  expect([machine.height, machine.state.tree.root(), one.commitments.length]).toEqual([1, root, 1])
  await one.block([one.bundle(1)])
  expect([machine.height, one.commitments.length]).toEqual([2, 2])
})

it('begins with no other genesis than its own, and says which part is another', async () => {
  const one = await MemoryApplication.create()
  const { application, chainId, genesis } = one
  const appStateBytes = Buffer.from(JSON.stringify(genesis))
  const good = { chainId, appStateBytes, validators: [], initialHeight: 1n, time: timestamp(one.nowMs) }
  const begin = (over: object) => application.initChain({ ...good, ...over } as unknown as abci.RequestInitChain)
  const cases: readonly (readonly [object, string])[] = [
    [{ chainId: 'other' }, 'is of other'],
    [{ appStateBytes: Buffer.from('{"name":') }, 'cannot be read'],
    [{ appStateBytes: Buffer.from('{"name":"other"}') }, 'has hash'],
    [{ initialHeight: 5n }, 'begins at height 5'],
    [{ validators: [{ pubKey: { ed25519: new Uint8Array(32) }, power: 10n }] }, 'is not of this ledger'],
  ]
  for (const [over, why] of cases) {
    const refused = expect(begin(over))
    await refused.rejects.toBeInstanceOf(RequestRefused)
    await expect(begin(over)).rejects.toThrow(why)
  }
  expect((await begin({})).appHash).toEqual(hexToBytes(one.machine.state.tree.root()))
  expect(one.machine.timeMs).toBe(one.nowMs)
})
