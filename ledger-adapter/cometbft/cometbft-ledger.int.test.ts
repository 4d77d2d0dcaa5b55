import { afterEach, describe, expect, it } from 'vitest'
import type { GenesisDocument } from '#contracts/genesis'
import { testGenesis } from '#contracts/testing/consortium'
import { cometKey } from '#engines/cometbft/keys'
import { testDatabase } from '#engines/testing/index'
import { toBase64url } from '#proof/base64url'
import { canonicalBytes } from '#proof/canonical'
import { hexToBytes, sha256TextHex } from '#proof/hash'
import { rootFromStateProof, type StateProof } from '#proof/sparse-tree'
import { verifyReceipt } from '#proof/verify-receipt'
import { keyHash } from '../application/changes.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import { cometbftProgram, SingleValidator } from '../testing/single-validator.ts'
import { CometbftRpc } from './rpc.ts'

const program = await cometbftProgram()
const missing = 'missing' in program ? program.missing : undefined
if (missing !== undefined) console.warn(`tests of the CometBFT driver are skipped: ${missing}`)

describe.skipIf(missing !== undefined)('the CometBFT driver on one validator', () => {
  let validator: SingleValidator | undefined
  afterEach(() => validator?.dispose())
  const create = async (over: Partial<GenesisDocument> = {}) => {
    validator = await SingleValidator.create((program as { path: string }).path, over)
    return validator
  }

  it('commits a command, stays still when nothing is asked, and goes on after a restart of either side', async () => {
    const one = await create()
    const { url } = await testDatabase()
    let ledger = await one.open(url)
    const note = (name: string) => signTest(testCommand(ledger.chainId, 'notes.put', { name, text: '' }))
    const first = await ledger.submit(note('a'))
    expect(first.outcome.accepted).toBe(true)
    const rpc = new CometbftRpc(one.rpcUrl)
    const height = async () =>
      Number((await rpc.call<{ sync_info: { latest_block_height: string } }>('status')).sync_info.latest_block_height)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const still = await height()
    expect(still).toBeLessThanOrEqual(first.position.height + 1)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(await height()).toBe(still)
    ledger = await one.open(url)
    expect(await ledger.outcome(first)).toEqual(first)
    const second = await ledger.submit(note('b'))
    expect(second.position.height).toBeGreaterThan(first.position.height)
  })

  it('proves what happened against the votes of the validators, and nothing with a byte changed', async () => {
    const one = await create()
    const ledger = await one.open((await testDatabase()).url)
    const submit = (name: string) =>
      ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', { name, text: '' })))
    const executed = await submit('a')
    await Promise.all(['b', 'c', 'd'].map(submit))
    const { outcome, participant, commandId, position } = executed
    const cursor = { ...position, event: 0 }
    expect(outcome.accepted).toBe(true)
    const trust = { chainId: ledger.chainId, validators: one.validators }
    for (const what of [
      { kind: 'command', participant, commandId },
      { kind: 'event', cursor },
      { kind: 'key', key: 'notes/note/a' },
      { kind: 'key', key: 'notes/note/none' },
      { kind: 'topic', topic: 'public' },
    ] as const) {
      const bytes = canonicalBytes(await ledger.prove(what))
      expect(verifyReceipt(bytes, trust), what.kind).toMatchObject({ ok: true })
      for (let at = 0; at < bytes.length; at += 17) {
        const changed = bytes.slice()
        changed[at] = changed[at]! ^ (1 << (at % 8))
        expect(verifyReceipt(changed, trust).ok, `${what.kind}: byte ${at}`).toBe(false)
      }
      const others = [{ publicKey: toBase64url(cometSeedKey()), power: 10 }]
      const elsewhere = { ...trust, validators: { height: 1, timeMs: 0, validators: others } }
      expect(verifyReceipt(bytes, elsewhere).ok).toBe(false)
    }
    const none = { kind: 'command', participant, commandId: 'none' } as const
    await expect(ledger.prove(none)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('answers a query at an older height with a path to what CometBFT signed for it', async () => {
    const one = await create()
    const ledger = await one.open((await testDatabase()).url)
    const put = async (name: string) =>
      (await ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', { name, text: '' })))).position.height
    const [before, after] = [await put('a'), await put('b')]
    await put('c')
    const rpc = new CometbftRpc(one.rpcUrl)
    type Answer = {
      response: {
        code: number
        log: string
        info: string
        value: string | null
        height: string
        proofOps: { ops: { data: string }[] }
      }
    }
    const key = 'notes/note/b'
    const ask = async (height: number) => {
      const params = { path: '/key', data: Buffer.from(key).toString('hex'), height: String(height) }
      return (await rpc.call<Answer>('abci_query', params)).response
    }
    for (const [height, isThere] of [
      [before, false],
      [after, true],
    ] as const) {
      const answer = await ask(height)
      expect(answer).toMatchObject({ height: String(height) })
      expect(answer.info !== 'absent').toBe(isThere)
      const value = Buffer.from(answer.value ?? '', 'base64').toString()
      if (isThere) expect(JSON.parse(value)).toMatchObject({ text: '' })
      expect(isThere ? sha256TextHex(value) : value).toBe(isThere ? answer.info : '')
      const proof = JSON.parse(Buffer.from(answer.proofOps.ops[0]!.data, 'base64').toString()) as StateProof
      const valueHash = isThere ? hexToBytes(answer.info) : undefined
      const { block } = await rpc.call<{ block: { header: { app_hash: string } } }>('block', {
        height: String(height + 1),
      })
      expect(rootFromStateProof(keyHash(key), valueHash, proof)).toBe(block.header.app_hash.toLowerCase())
    }
    expect(await ask(after + 1_000)).toMatchObject({ code: 1 })
  })

  it('proves what stood under a key, or how far a topic was, after a block of the past', async () => {
    const one = await create()
    const ledger = await one.open((await testDatabase()).url)
    const heights: number[] = []
    for (const name of ['a', 'b', 'c']) {
      const { position } = await ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', { name, text: '' })))
      heights.push(position.height)
    }
    const trust = { chainId: ledger.chainId, validators: one.validators }
    const key = 'notes/counter/all'
    for (const [index, height] of heights.entries()) {
      const receipt = await ledger.prove({ kind: 'key', key, height })
      expect(receipt).toMatchObject({
        found: { value: { count: index + 1 } },
        anchor: { header: { height: height + 1 } },
      })
      expect(verifyReceipt(canonicalBytes(receipt), trust)).toMatchObject({ ok: true })
      const topic = await ledger.prove({ kind: 'topic', topic: 'participant/core', height })
      expect(topic).toMatchObject({ anchor: { header: { height: height + 1 } } })
      expect(verifyReceipt(canonicalBytes(topic), trust)).toMatchObject({ ok: true })
    }
    const absent = await ledger.prove({ kind: 'key', key, height: 0 })
    expect(absent).toMatchObject({ found: { present: false } })
    expect(verifyReceipt(canonicalBytes(absent), trust)).toMatchObject({ ok: true })
    for (const height of [-1, heights.at(-1)! + 1_000]) {
      await expect(ledger.prove({ kind: 'key', key, height })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  it('lets nobody have more waiting than its quota, and counts only what is its own', async () => {
    const one = await create()
    const limits = { maxWaitingOfOne: 5, gatherMs: 500, resendMs: 2_000 }
    const ledger = await one.open((await testDatabase()).url, { limits })
    const note = (name: string, participant = 'core', signer?: string) =>
      ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', { name, text: '' }, { participant }), signer))
    const greedy = Promise.allSettled(Array.from({ length: 20 }, (_, n) => note(`g${n}`)))
    const modest = note('m', 'supplier-1')
    const forged = note('f', 'supplier-1', 'core:maker')
    await expect(forged).rejects.toMatchObject({ stage: 'admission', code: 'BAD_SIGNATURE' })
    expect((await modest).outcome.accepted).toBe(true)
    const settled = await greedy
    const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
    expect(refused).toHaveLength(15)
    const details = { participant: 'core', limit: 'waiting', max: 5, retryAfterMs: 1000 }
    for (const reason of refused) expect(reason).toMatchObject({ stage: 'queue', code: 'QUOTA', details })
    expect((await note('later')).outcome.accepted).toBe(true)
  })

  it('keeps to the limits that governance decides', async () => {
    const parameters = { maxBlockCommands: 3, maxQueuedPerParticipant: 8 }
    const one = await create({ governance: { ...testGenesis().governance, parameters } })
    const ledger = await one.open((await testDatabase()).url, { limits: { gatherMs: 500, resendMs: 5_000 } })
    const note = (n: number) =>
      ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', { name: `n${n}`, text: '' })))
    const settled = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => note(n)))
    const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
    expect(refused).toHaveLength(2)
    for (const reason of refused) expect(reason).toMatchObject({ code: 'QUOTA', details: { limit: 'waiting', max: 8 } })
    const heights = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value.position.height] : []))
    for (const height of heights) expect(heights.filter((other) => other === height).length).toBeLessThanOrEqual(3)
  })
})

const cometSeedKey = () => Buffer.from(cometKey().publicKey, 'base64')
