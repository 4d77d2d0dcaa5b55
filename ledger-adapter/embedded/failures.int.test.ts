import postgres from 'postgres'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GenesisDocument } from '#contracts/genesis'
import { testGenesis } from '#contracts/testing/consortium'
import { testDatabase } from '#engines/testing/index'
import { genesisHash } from '#proof/block'
import { decodeSigned } from '#proof/command'
import { verifyExport } from '#proof/verify-export'
import { nativeChecks } from '../application/verify-native.ts'
import { newSeed, signingKey } from '../application/operator-key.ts'
import { FlakyProxy } from '../testing/flaky-proxy.ts'
import { signTest, testCommand, testLedgerOptions } from '../testing/fixture.ts'
import { LedgerError, type CommittedEvent } from '../port.ts'
import { EmbeddedLedger, type EmbeddedLedgerOptions } from './embedded-ledger.ts'

let url: string
const cleanup: (() => Promise<void>)[] = []
beforeEach(async () => {
  url = (await testDatabase()).url
})
afterEach(async () => {
  for (const clean of cleanup.splice(0).reverse()) await clean()
})

const start = async (over: Partial<EmbeddedLedgerOptions> = {}, founded: Partial<GenesisDocument> = {}) => {
  const ledger = await EmbeddedLedger.open({ ...testLedgerOptions(url, founded), ...over })
  cleanup.push(() => ledger.close())
  return ledger
}
const proxied = async () => {
  const proxy = await FlakyProxy.before(url)
  cleanup.push(() => proxy.close())
  return proxy
}
const note = (ledger: { chainId: string }, name: string, over = {}) =>
  signTest(testCommand(ledger.chainId, 'notes.put', { name, text: '' }, over))
const sqlOf = (address: string) => {
  const sql = postgres(address, { max: 1 })
  cleanup.push(() => sql.end({ timeout: 1 }))
  return sql
}
const verified = async (ledger: EmbeddedLedger) => {
  const verdict = await verifyExport(ledger.export(), {}, {}, nativeChecks)
  expect(verdict).toMatchObject({ ok: true })
  return verdict.ok ? verdict.summary : undefined
}

describe('embedded ledger, when something fails', () => {
  it('lets one process sequence a ledger, and the next when it has let go', async () => {
    const first = await start()
    await expect(start({ lockPatienceMs: 200 })).rejects.toMatchObject({ name: 'LedgerLocked' })
    await first.submit(note(first, 'a'))
    const next = start({ lockPatienceMs: 20_000 })
    await first.close()
    expect((await (await next).head()).height).toBe(1)
  })

  it('refuses while the store is away, says so, and goes on when it returns', async () => {
    const proxy = await proxied()
    const ledger = await start({ databaseUrl: proxy.url, limits: { storePatienceMs: 300 } })
    await ledger.submit(note(ledger, 'before'))
    await proxy.cut()
    const lost = note(ledger, 'lost')
    const unavailable = { code: 'STORE_UNAVAILABLE' }
    await expect(ledger.submit(lost)).rejects.toMatchObject(unavailable)
    await expect(ledger.submit(note(ledger, 'refused'))).rejects.toMatchObject({ ...unavailable, outcomeKnown: true })
    await expect(ledger.events(undefined, { limit: 1 })).rejects.toMatchObject({ ...unavailable, stage: 'read' })
    await proxy.restore()
    // What was unknown is asked again with the same bytes, and is there once.
    const executed = await submitUntilAnswered(ledger, lost)
    expect(executed.outcome.accepted).toBe(true)
    expect((await ledger.query(['notes/counter/all'])).values).toEqual([{ count: 2 }])
    expect(await verified(ledger)).toMatchObject({ commands: 2 })
  })

  it('learns that a block is there whose acknowledgement was lost, and executes nothing twice', async () => {
    const proxy = await proxied()
    const ledger = await start({ databaseUrl: proxy.url })
    proxy.swallowAnswers()
    const commands = ['a', 'b', 'c'].map((name) => note(ledger, name))
    const answers = Promise.all(commands.map((bytes) => ledger.submit(bytes)))
    // The block has arrived when another connection sees it; only then is the wire cut.
    const sql = sqlOf(url)
    await until(async () => (await sql`SELECT 1 FROM sluice_ledger.block WHERE height = 1`).length === 1)
    await proxy.cut()
    await proxy.restore()
    for (const { outcome, position } of await answers) {
      expect(outcome.accepted).toBe(true)
      expect(position.height).toBe(1)
    }
    expect(await ledger.head()).toMatchObject({ height: 1 })
    expect(await verified(ledger)).toMatchObject({ commands: 3 })
  })

  it('executes nothing twice that is sent again and again until it is known that its block is there', async () => {
    const proxy = await proxied()
    const ledger = await start({ databaseUrl: proxy.url, limits: { storePatienceMs: 100 } })
    proxy.swallowAnswers()
    const commands = Array.from({ length: 12 }, (_, n) => note(ledger, `n${n}`))
    const sql = sqlOf(url)
    const first = Promise.allSettled(commands.map((bytes) => ledger.submit(bytes)))
    await until(async () => (await sql`SELECT 1 FROM sluice_ledger.block WHERE height = 1`).length === 1)
    await proxy.cut()
    for (const answer of await first) expect(answer).toMatchObject({ reason: { outcomeKnown: false } })
    // Some are on their way at any time, also in the turn in which the block turns out to be there.
    const answers = Promise.all(commands.flatMap((bytes) => [0, 1, 2].map(() => submitAtOnce(ledger, bytes))))
    await proxy.restore()
    for (const { outcome, position } of await answers) {
      expect(outcome.accepted).toBe(true)
      expect(position.height).toBe(1)
    }
    expect(await verified(ledger)).toMatchObject({ commands: 12 })
  })

  it('gives up what was built on a block that the store refuses, and builds it again', async () => {
    const ledger = await start({ limits: { maxBlockCommands: 100 } })
    const sql = sqlOf(url)
    await sql.unsafe(`
      CREATE SEQUENCE asked;
      CREATE FUNCTION refuse_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.height = 2 AND nextval('asked') = 1 THEN RAISE EXCEPTION 'refused once'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse_once BEFORE INSERT ON sluice_ledger.block FOR EACH ROW EXECUTE FUNCTION refuse_once()`)
    const commands = Array.from({ length: 600 }, (_, n) => note(ledger, `n${n}`))
    const answers = await Promise.allSettled(commands.map((bytes) => ledger.submit(bytes)))
    const refused = commands.filter((_, n) => answers[n]!.status === 'rejected')
    for (const answer of answers) {
      if (answer.status === 'fulfilled') expect(answer.value.outcome.accepted).toBe(true)
      else expect(answer.reason).toMatchObject({ code: 'STORE_UNAVAILABLE', stage: 'commit', outcomeKnown: true })
    }
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThanOrEqual(100)
    expect((await ledger.query(['notes/counter/all'])).values).toEqual([{ count: 600 - refused.length }])
    for (const bytes of refused) expect((await ledger.submit(bytes)).outcome.accepted).toBe(true)
    expect(await verified(ledger)).toMatchObject({ commands: 600 })
  })

  it('answers everyone and closes when its own code fails', async () => {
    const good = testLedgerOptions(url).operatorKey
    let signatures = 0
    const sign = (message: Uint8Array) => {
      if ((signatures += 1) > 1) throw new Error('the key device is gone')
      return good.sign(message)
    }
    const ledger = await start({ operatorKey: { publicKey: good.publicKey, sign } })
    const answers = await Promise.allSettled(['a', 'b'].map((name) => ledger.submit(note(ledger, name))))
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: { name: 'LedgerError' } })
    await expect(ledger.submit(note(ledger, 'c'))).rejects.toMatchObject({ code: 'CLOSED' })
    await ledger.close()
    expect((await (await start()).head()).height).toBe(0)
  })

  it('bounds its queue', async () => {
    const ledger = await start({ limits: { maxQueue: 3, maxBlockCommands: 1 } })
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd', 'e'].map((name) => ledger.submit(note(ledger, name))),
    )
    const full = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(full).toHaveLength(2)
    for (const { reason } of full) expect(reason).toMatchObject({ code: 'QUEUE_FULL', outcomeKnown: true })
    expect((await ledger.head()).height).toBe(3)
  })

  it('bounds what one participant brings, tells it when to come again, and lets the others through', async () => {
    let now = Date.now()
    const limits = { maxBlockCommands: 10, maxWaitingOfOne: 30, ratePerSecond: 10, rateBurst: 40 }
    const ledger = await start({ limits, now: () => now })
    const greedy = Array.from({ length: 50 }, (_, n) => ledger.submit(note(ledger, `greedy${n}`)))
    const settled = Promise.allSettled(greedy)
    const modest = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        ledger
          .submit(note(ledger, `modest${n}`, { participant: 'supplier-1' }))
          .then(({ position }) => position.height),
      ),
    )
    // Half of a block is the other's, however many wait before it.
    expect(new Set(modest)).toEqual(new Set([1]))
    const refused = (await settled).flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    expect(refused).toHaveLength(20)
    for (const reason of refused) {
      const details = { participant: 'core', limit: 'waiting', max: 30, retryAfterMs: 1000 }
      expect(reason).toMatchObject({ stage: 'queue', code: 'QUOTA', outcomeKnown: true, details })
    }
    // What somebody else signed in its name does not count against it.
    for (let n = 0; n < 20; n += 1) {
      const forged = signTest(testCommand(ledger.chainId, 'notes.put', { name: `f${n}`, text: '' }), 'supplier-1:maker')
      await expect(ledger.submit(forged)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' })
    }
    const more = (n: number) => ledger.submit(note(ledger, `more${n}`))
    for (let n = 0; n < 10; n += 1) await more(n)
    const tooFast = { code: 'QUOTA', details: { participant: 'core', limit: 'rate', max: 10, retryAfterMs: 100 } }
    await expect(more(10)).rejects.toMatchObject(tooFast)
    expect((await ledger.submit(note(ledger, 'still', { participant: 'supplier-1' }))).outcome.accepted).toBe(true)
    now += 100
    expect((await more(10)).outcome.accepted).toBe(true)
    expect(await verified(ledger)).toMatchObject({ commands: 30 + 5 + 10 + 1 + 1 })
  })

  it('keeps to the limits that governance decides', async () => {
    const parameters = { maxBlockCommands: 3, maxQueuedPerParticipant: 8 }
    const ledger = await start({}, { governance: { ...testGenesis().governance, parameters } })
    await ledger.submit(note(ledger, 'first'))
    const settled = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => ledger.submit(note(ledger, `n${n}`))))
    const heights = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value.position.height] : []))
    expect(heights.length).toBeGreaterThanOrEqual(8)
    for (const height of heights) expect(heights.filter((other) => other === height).length).toBeLessThanOrEqual(3)
    for (const each of settled) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'QUOTA', details: { limit: 'waiting', max: 8 } }) // prettier-ignore
    }
  })

  it('bounds what is read: exports at once, keys and events of one answer', async () => {
    const ledger = await start()
    const large = 'x'.repeat(200_000)
    for (let n = 0; n < 100; n += 1) {
      await ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', { name: `n${n}`, text: large })))
    }
    for (const topic of [undefined, 'participant/core']) {
      const options = { limit: 10_000, ...(topic === undefined ? {} : { topic }) }
      const seen: string[] = []
      let cursor
      for (;;) {
        const page: readonly CommittedEvent[] = await ledger.events(cursor, options)
        if (page.length === 0) break
        expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(17 << 20)
        seen.push(...page.flatMap(({ contract, commandId }) => (contract === 'notes' ? [commandId] : [])))
        cursor = page.at(-1)!.cursor
      }
      expect(new Set(seen).size).toBe(100)
      expect(seen).toHaveLength(100)
    }
    const readers = Array.from({ length: 4 }, () => ledger.export()[Symbol.asyncIterator]())
    await Promise.all(readers.map((reader) => reader.next()))
    const fifth = ledger.export()[Symbol.asyncIterator]()
    await expect(fifth.next()).rejects.toMatchObject({ stage: 'read', code: 'QUEUE_FULL' })
    await readers[0]!.return?.()
    const again = ledger.export()[Symbol.asyncIterator]()
    expect((await again.next()).done).toBe(false)
    await Promise.all([again, ...readers].map((reader) => reader.return?.()))
    const keys = Array.from({ length: 10_001 }, (_, n) => `k${n}`)
    await expect(ledger.query(keys)).rejects.toMatchObject({ code: 'MALFORMED' })
    await expect(ledger.outcome({ participant: 'core', commandId: 'a\0b' })).rejects.toMatchObject({
      stage: 'read',
      code: 'MALFORMED',
    })
  })

  it('does not start on rows that are not what was signed', async () => {
    const ledger = await start()
    await ledger.submit(note(ledger, 'a'))
    await ledger.submit(note(ledger, 'b'))
    await ledger.close()
    const sql = sqlOf(url)
    const tampers: readonly (readonly [apply: string, undo: string])[] = [
      [`UPDATE state SET value = '{"by":"thief","text":""}' WHERE key = 'notes/note/a'`, `UPDATE state SET value = '{"by":"core","text":""}' WHERE key = 'notes/note/a'`],
      [`UPDATE block SET header = replace(header, '"height":2', '"height":3') WHERE height = 2`, `UPDATE block SET header = replace(header, '"height":3', '"height":2') WHERE height = 2`],
      [`UPDATE block SET signature = reverse(signature) WHERE height = 2`, `UPDATE block SET signature = reverse(signature) WHERE height = 2`],
      [`UPDATE block SET header_hash = md5(header_hash) || md5(header_hash), signature = signature WHERE height = 1`, ''],
    ] // prettier-ignore
    await sql`SET search_path = sluice_ledger`
    for (const [apply, undo] of tampers) {
      await sql.unsafe(apply)
      await expect(start(), apply).rejects.toMatchObject({ name: 'LedgerCorrupt' })
      if (undo) {
        await sql.unsafe(undo)
        await (await start()).close()
      }
    }
  })

  it('refuses to open with a key that genesis does not name', async () => {
    await expect(start({ operatorKey: signingKey(newSeed()) })).rejects.toThrow('genesis names the ledger operator')
  })

  it('drops spent ids an hour after expiry, answers the old command still, and never lets time go back', async () => {
    let now = 1_900_000_000_000
    const hour = 3_600_000
    const ledger = await start({ now: () => now })
    const at = (name: string, over = {}) => note(ledger, name, { issuedAt: now, expiresAt: now + 60_000, ...over })
    const old = at('a')
    const first = await ledger.submit(old)
    const { participant, commandId } = decodeSigned(old).command
    const key = `sys/command/${participant}/${commandId}`
    expect((await ledger.query([key])).values[0]).toMatchObject({ expiresAt: now + 60_000 })
    now += hour // not yet an hour after expiry
    await ledger.submit(at('b'))
    expect((await ledger.query([key])).values[0]).toBeDefined()
    expect(await ledger.submit(old)).toEqual(first)
    now += 60_001
    await ledger.submit(at('c'))
    expect((await ledger.query([key])).values[0]).toBeUndefined()
    expect(await ledger.submit(old)).toEqual(first)
    // The id is free for another command; the business key is what is unique for ever.
    const again = await ledger.submit(at('a', { commandId }))
    expect(again.outcome).toMatchObject({ accepted: false, refusal: { code: 'NOTE_EXISTS' } })
    const before = (await ledger.head()).timeMs
    now -= 10_000
    await ledger.submit(at('d'))
    expect((await ledger.head()).timeMs).toBe(before)
    await ledger.close()
    const reopened = await start({ now: () => now })
    now += 2 * hour
    await reopened.submit(at('e'))
    const leftover = await sqlOf(url)`SELECT key FROM sluice_ledger.state WHERE key LIKE 'sys/command/%'`
    expect(leftover).toHaveLength(1)
    const verdict = await verifyExport(
      reopened.export(),
      { genesisHash: genesisHash(testLedgerOptions(url).genesis.document) },
      {},
      nativeChecks,
    )
    expect(verdict).toMatchObject({ ok: true, summary: { commands: 6 } })
  })
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}

async function submitUntilAnswered(ledger: EmbeddedLedger, bytes: Uint8Array) {
  for (;;) {
    try {
      return await ledger.submit(bytes)
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Sends again in the next turn of the loop whatever is not answered. */
async function submitAtOnce(ledger: EmbeddedLedger, bytes: Uint8Array) {
  for (;;) {
    const executed = await ledger.submit(bytes).catch((error: unknown) => {
      if (!(error instanceof LedgerError) || error.code !== 'STORE_UNAVAILABLE') throw error
    })
    if (executed) return executed
    await new Promise((resolve) => setImmediate(resolve))
  }
}
