// The node between a CometBFT that the test plays, so that it holds the time of blocks, and a Postgres that it can cut.
import { afterEach, describe, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import type { Command } from '#proof/command'
import { FlakyProxy } from '../testing/flaky-proxy.ts'
import { signTest, testCommand, testLedgerOptions } from '../testing/fixture.ts'
import { HandConsensus } from '../testing/hand-consensus.ts'
import { encodeBundle } from './bundle.ts'
import { CometbftLedger } from './cometbft-ledger.ts'
import { TX_CODE } from './transactions.ts'

const MINUTE = 60_000

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** The node's clock starts at an instant of the test, and stands still unless the test moves it. */
async function start(databaseUrl: string, over: object = {}) {
  const clock = { ms: 1_700_000_000_000 }
  const consensus = await HandConsensus.start()
  undo.push(() => consensus.close())
  const options = { ...testLedgerOptions(databaseUrl), rpc: [consensus.rpcUrl], now: () => clock.ms, ...over }
  const { document } = options.genesis
  let ledger: CometbftLedger | undefined
  const open = async () => {
    consensus.hangUp()
    await ledger?.close()
    ledger = await CometbftLedger.open(options)
    await consensus.attach(ledger, document, clock.ms)
    return ledger
  }
  undo.push(() => ledger?.close())
  await open()
  let next = 0
  const note = (over: Partial<Command> = {}) =>
    testCommand(ledger!.chainId, 'notes.put', { name: `n${(next += 1)}`, text: '' }, { issuedAt: clock.ms, ...over })
  return { clock, consensus, open, note, ledger: () => ledger! }
}

/** How a submit ended, once it has. */
const settledOf = (answer: Promise<unknown>): Promise<unknown> => answer.catch((error: unknown) => error)

describe('a command that runs out of time', () => {
  it('is expired when the time of a block says so; by the clock alone a copy may still be executed', async () => {
    const { clock, consensus, note, ledger } = await start((await testDatabase()).url)
    const began = clock.ms
    const [lucky, lost] = [note({ expiresAt: began + MINUTE }), note({ expiresAt: began + MINUTE })]
    // Both were sent, by a process that is gone; then too few validators were left for two minutes.
    const bytes = [lucky, lost].map((command) => signTest(command))
    clock.ms += 2 * MINUTE
    for (const each of bytes) {
      await expect(ledger().submit(each)).rejects.toMatchObject({ code: 'EXPIRED', outcomeKnown: false })
    }
    // The first block after it bears the time at which it began. Another node proposes a copy: by its clock it is in time.
    await consensus.block(began + MINUTE, [encodeBundle([bytes[0]!])])
    expect(await ledger().submit(bytes[0]!)).toMatchObject({ commandId: lucky.commandId, outcome: { accepted: true } })
    await expect(ledger().submit(bytes[1]!)).rejects.toMatchObject({ code: 'EXPIRED', outcomeKnown: false })
    await consensus.block(began + MINUTE + 1, [])
    await expect(ledger().submit(bytes[1]!)).rejects.toMatchObject({ code: 'EXPIRED', outcomeKnown: true })
    // And it is true: no block can have it any more.
    await consensus.block(began + MINUTE + 1, [encodeBundle([bytes[1]!])])
    expect(await ledger().outcome(lost)).toBeUndefined()
    expect((await ledger().query([`notes/note/n1`, `notes/note/n2`])).values).toEqual([
      { by: 'core', text: '' },
      undefined,
    ])
  })

  it('in the mempool is not proposed, and who waits for it is answered by the block that is past it', async () => {
    const { clock, consensus, note, ledger } = await start((await testDatabase()).url)
    const began = clock.ms
    const waiting = settledOf(ledger().submit(signTest(note({ expiresAt: began + MINUTE }))))
    await consensus.holds(1)
    expect(await consensus.proposal(began)).toHaveLength(1)
    clock.ms += 2 * MINUTE
    expect(await consensus.proposal(began)).toEqual([])
    const asked = ledger().submit(signTest(note({ commandId: 'other', expiresAt: began + 5 * MINUTE })))
    await consensus.holds(2)
    await consensus.block(began + MINUTE, consensus.mempool.slice(1))
    expect(await asked).toMatchObject({ commandId: 'other' })
    // The check of what is left threw the one out, and nobody has said yet that it never happened.
    expect(consensus.mempool).toEqual([])
    await consensus.block(began + 2 * MINUTE)
    expect(await waiting).toMatchObject({ code: 'EXPIRED', outcomeKnown: true })
  })

  it('before the first block is over when it ended before the chain began', async () => {
    const { clock, note, ledger } = await start((await testDatabase()).url)
    const old = signTest(note({ issuedAt: clock.ms - 2 * MINUTE, expiresAt: clock.ms - 1 }))
    await expect(ledger().submit(old)).rejects.toMatchObject({ code: 'EXPIRED', outcomeKnown: true })
  })
})

describe('a store that is away for a moment', () => {
  it('is waited for by consensus, asked for again by the mempool, and ends nobody', async () => {
    const proxy = await FlakyProxy.before((await testDatabase()).url)
    undo.push(() => proxy.close())
    const failures: Error[] = []
    const world = await start(proxy.url, { onFailed: (why: Error) => failures.push(why) })
    const { clock, consensus, note } = world
    await consensus.block(clock.ms, [encodeBundle([signTest(note())])])
    // Opened again, it has nothing at hand: each question goes to the store.
    const ledger = await world.open()
    const tx = encodeBundle([signTest(note())])
    await proxy.cut()
    expect(await consensus.check(tx)).toMatchObject({
      code: TX_CODE.LATER,
      log: '{"code":"STORE_UNAVAILABLE","details":{}}',
    })
    expect((await consensus.client.ask({ listSnapshots: {} }))?.listSnapshots).toEqual({ snapshots: [] })
    const chunk = { loadSnapshotChunk: { height: 1n, format: 1, chunk: 0 } }
    expect((await consensus.client.ask(chunk))?.loadSnapshotChunk?.chunk).toHaveLength(0)
    const waiting = consensus.proposal(clock.ms, [tx])
    await expect(ledger.submit(signTest(note()))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      outcomeKnown: true,
    })
    await proxy.restore()
    expect((await waiting).map((bytes) => Buffer.from(bytes))).toEqual([Buffer.from(tx)])
    expect(await consensus.check(tx)).toMatchObject({ code: TX_CODE.OK })
    // Away again while a block is executed and stored.
    await proxy.cut()
    const block = consensus.block(clock.ms, [tx])
    await new Promise((resolve) => setTimeout(resolve, 100))
    await proxy.restore()
    expect((await block).txResults).toMatchObject([{ code: TX_CODE.OK }])
    expect(await ledger.head()).toMatchObject({ height: 2 })
    expect(failures).toEqual([])
  })
})

it('an application that cannot go on says so once, and answers nobody as if it could', async () => {
  const { url } = await testDatabase()
  const failures: Error[] = []
  const { clock, consensus, note, ledger } = await start(url, { onFailed: (why: Error) => failures.push(why) })
  const waiting = settledOf(ledger().submit(signTest(note())))
  await consensus.holds(1)
  // A store that refuses what it is told, for good: no wire is to blame.
  const { database } = (ledger() as unknown as { sessions: { database: { query(text: string): Promise<unknown> } } })
    .sessions
  await database.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused by the test'; END $$`) // prettier-ignore
  await database.query(
    'CREATE TRIGGER refuse BEFORE INSERT ON sluice_ledger.block FOR EACH ROW EXECUTE FUNCTION refuse()',
  )
  await expect(consensus.block(clock.ms)).rejects.toThrow('refused by the test')
  expect(failures).toMatchObject([{ message: 'refused by the test' }])
  expect(await waiting).toMatchObject({ code: 'CLOSED', outcomeKnown: false })
  for (const ask of [
    () => ledger().head(),
    () => ledger().query(['a']),
    () => ledger().outcome({ participant: 'core', commandId: 'a' }),
    () => ledger().submit(signTest(note())),
  ]) {
    await expect(ask()).rejects.toMatchObject({ code: 'CLOSED', details: { why: 'refused by the test' } })
  }
})
