import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canonicalBytes } from '#proof/canonical'
import { encodeSigned, decodeSigned, type Command } from '#proof/command'
import { EMPTY_FEED, eventDigest, extendFeed } from '#proof/feed'
import type { Json, JsonObject } from '#proof/json'
import type { Trust } from '#proof/receipt'
import { verifyReceipt, verifyReceiptObject } from '#proof/verify-receipt'
import { verifyExport } from '#proof/verify-export'
import { contractRules } from '../application/contract-rules.ts'
import { nativeChecks } from '../application/verify-native.ts'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import type { CommittedEvent, Ledger } from '../port.ts'
import { signTest, testCommand, testRegistry } from '../testing/fixture.ts'
import { trustIn, type LedgerDriver } from './harness.ts'

/** What every driver of the port must do. Run it from a driver's own `*.int.test.ts`. */
export function ledgerConformance(name: string, prepare: () => Promise<LedgerDriver>): void {
  describe(`${name}: a ledger`, () => {
    let driver: LedgerDriver
    let ledger: Ledger
    const opened: Ledger[] = []
    const open = async (how: () => Promise<Ledger>) => {
      const one = await how()
      opened.push(one)
      return one
    }
    beforeEach(async () => {
      driver = await prepare()
      ledger = await open(() => driver.open())
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()))
    })

    const note = (noteName: string, over: Partial<Command> = {}) =>
      testCommand(ledger.chainId, 'notes.put', { name: noteName, text: `text of ${noteName}` }, over)
    const submitNote = (noteName: string) => ledger.submit(signTest(note(noteName)))
    const trust = () => trustIn(driver, ledger)
    /** Heights follow on one another, or blocks without commands stand between. */
    const expectNext = (height: number, before: number) =>
      driver.validators ? expect(height).toBeGreaterThan(before) : expect(height).toBe(before + 1)
    const allEvents = async (topic?: string): Promise<CommittedEvent[]> => {
      const all: CommittedEvent[] = []
      for (;;) {
        const page = await ledger.events(all.at(-1)?.cursor, { limit: 7, ...(topic === undefined ? {} : { topic }) })
        if (page.length === 0) return all
        all.push(...page)
      }
    }
    const rules = () =>
      contractRules(driver.registry ?? testRegistry, callerOf, (doc) =>
        genesisEvents(doc as unknown as GenesisDocument),
      )
    const exported = async (): Promise<string[]> => {
      const lines: string[] = []
      for await (const line of ledger.export()) lines.push(line)
      return lines
    }

    it('answers a repeated command the same, and refuses another command under its id', async () => {
      const command = note('a')
      const bytes = signTest(command)
      const first = await ledger.submit(bytes)
      const head = await ledger.head()
      expect(await ledger.submit(bytes)).toEqual(first)
      expect(await ledger.outcome(command)).toEqual(first)
      expect(await ledger.head()).toEqual(head)
      const other = signTest(note('b', { commandId: command.commandId }))
      await expect(ledger.submit(other)).rejects.toMatchObject({ code: 'COMMAND_ID_CONFLICT', outcomeKnown: true })
      expect(await ledger.outcome({ ...command, commandId: 'never-sent' })).toBeUndefined()
    })

    it('answers many submits of one command at once with one execution', async () => {
      const bytes = signTest(note('a'))
      const answers = await Promise.all(Array.from({ length: 20 }, () => ledger.submit(bytes)))
      for (const answer of answers) expect(answer).toEqual(answers[0])
      expect((await ledger.query(['notes/counter/all'])).values).toEqual([{ count: 1 }])
    })

    it('of two commands under one id at once, executes one and refuses the other as a conflict', async () => {
      const one = note('a')
      const other = note('b', { commandId: one.commandId })
      const outcomes = await Promise.allSettled([ledger.submit(signTest(one)), ledger.submit(signTest(other))])
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const rejected = outcomes.find((outcome) => outcome.status === 'rejected')
      expect(rejected?.reason).toMatchObject({ code: 'COMMAND_ID_CONFLICT' })
    })

    it('refuses at admission what is malformed, elsewhere, too early, too late, unknown or badly signed', async () => {
      const now = Date.now()
      const minute = 60_000
      const good = note('a')
      const signed = decodeSigned(signTest(good))
      const cases: readonly (readonly [string, Uint8Array])[] = [
        ['MALFORMED', new Uint8Array([1, 2, 3])],
        ['MALFORMED', canonicalBytes({ command: { ...signed.command, extra: 1 } as unknown as Json, signature: signed.signature })], // prettier-ignore
        ['WRONG_CHAIN', signTest({ ...good, chainId: 'elsewhere-00000000' })],
        ['LIFETIME_TOO_LONG', signTest({ ...good, expiresAt: good.issuedAt + 25 * 60 * minute })],
        ['LIFETIME_TOO_LONG', signTest({ ...good, expiresAt: good.issuedAt - 1 })],
        ['EXPIRED', signTest({ ...good, issuedAt: now - 10 * minute, expiresAt: now - 5 * minute })],
        ['NOT_YET_VALID', signTest({ ...good, issuedAt: now + 10 * minute, expiresAt: now + 20 * minute })],
        ['UNKNOWN_KEY', signTest({ ...good, keyId: 'nobody-key' })],
        ['UNKNOWN_KEY', signTest({ ...good, participant: 'nobody' })],
        ['UNKNOWN_METHOD', signTest({ ...good, method: 'burn' })],
        ['UNKNOWN_METHOD', signTest({ ...good, contract: 'nothing' })],
        ['UNKNOWN_METHOD', signTest({ ...good, method: 'constructor' })],
        ['BAD_SIGNATURE', signTest(good, 'core:checker')],
        ['BAD_SIGNATURE', signTest(good, 'supplier-1:maker')],
        ['BAD_SIGNATURE', encodeSigned({ command: { ...good, method: 'remove' }, signature: signed.signature })],
      ]
      const head = await ledger.head()
      for (const [code, bytes] of cases) {
        await expect(ledger.submit(bytes), code).rejects.toMatchObject({
          name: 'LedgerError',
          code,
          outcomeKnown: true,
        })
      }
      // Nothing was recorded, and the id is free.
      expect(await ledger.head()).toEqual(head)
      expect(await ledger.outcome(good)).toBeUndefined()
      expect((await ledger.submit(signTest(good))).outcome.accepted).toBe(true)
    })

    it('records a refusal of the contract, spends its id and changes nothing else', async () => {
      await submitNote('a')
      const refusals: readonly (readonly [string, string, JsonObject])[] = [
        ['NOTE_EXISTS', 'notes.put', { name: 'a', text: '' }],
        ['BAD_ARGS', 'notes.put', { name: 1 }],
        ['INVARIANT', 'notes.defect', {}],
        ['INVARIANT', 'notes.misplace', { key: 'sys/command/forged' }],
        ['INVARIANT', 'notes.misplace', { key: 'feed/public' }],
        ['INVARIANT', 'notes.misplace', { key: 'a\u0000b' }],
        ['INVARIANT', 'notes.misplace', { key: 'notes/应收' }],
      ]
      for (const [code, call, args] of refusals) {
        const command = testCommand(ledger.chainId, call, args)
        const executed = await ledger.submit(signTest(command))
        expect(executed.outcome, call).toMatchObject({ accepted: false, refusal: { code } })
        // What a defect was is for the node's log: engines word it as they like.
        if (code === 'INVARIANT')
          expect(executed.outcome).toEqual({ accepted: false, refusal: { code, kind: 'invariant', details: {} } })
        expect(await ledger.outcome(command)).toEqual(executed)
        const verdict = verifyReceiptObject(
          await ledger.prove({ kind: 'command', participant: command.participant, commandId: command.commandId }),
          trust(),
        )
        expect(verdict).toMatchObject({ ok: true, receipt: { result: { accepted: false, refusal: { code } } } })
      }
      const { values } = await ledger.query(['notes/counter/all', 'notes/note/a'])
      expect(values).toEqual([{ count: 1 }, { text: 'text of a', by: 'core' }])
      expect((await allEvents()).filter(({ contract }) => contract === 'notes')).toHaveLength(1)
    })

    it('keeps commands in order with what each did, under concurrent submits', async () => {
      const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => submitNote(`n${n}`)))
      expect(answers.every(({ outcome }) => outcome.accepted)).toBe(true)
      const events = (await allEvents()).filter(({ contract }) => contract === 'notes')
      expect(events.map(({ data }) => data.count)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1))
      const positions = new Set(answers.map(({ position }) => `${position.height}.${position.index}`))
      expect(positions.size).toBe(60)
      // Also right after a start, when nothing is in memory: what one participant sends enters as it was sent.
      await ledger.close()
      ledger = await open(() => driver.open())
      const more = await Promise.all(Array.from({ length: 60 }, (_, n) => submitNote(`m${n}`)))
      const order = more.map(({ position: { height, index } }) => height * 1_000_000 + index)
      expect(order).toEqual([...order].sort((a, b) => a - b))
    })

    it('pages events of all and of one topic, each topic a complete chain that its proof closes', async () => {
      for (const name of ['a', 'b', 'c']) await submitNote(name)
      await ledger.submit(signTest(testCommand(ledger.chainId, 'notes.remove', { name: 'b' })))
      for (const topic of ['public', 'regulator', 'participant/core', 'participant/nobody']) {
        const events = await allEvents(topic)
        let feed = EMPTY_FEED
        for (const event of events) {
          feed = extendFeed(feed, eventDigest(event))
          const entry = event.topics.find((one) => one.topic === topic)
          expect(entry).toEqual({ topic, sequence: feed.count, hash: feed.hash })
        }
        const verdict = verifyReceiptObject(await ledger.prove({ kind: 'topic', topic }), trust())
        expect(verdict).toMatchObject({ ok: true, receipt: { topic, feed } })
        // One event left out, and the chain no longer ends where the proof says.
        const without = events.slice(1).reduce((chain, event) => extendFeed(chain, eventDigest(event)), EMPTY_FEED)
        if (events.length > 0) expect(without).not.toEqual(feed)
      }
      const all = await allEvents()
      expect(await allEvents('regulator')).toEqual(all)
      expect(await ledger.events(all.at(-1)!.cursor, { limit: 10 })).toEqual([])
    })

    it('proves commands, events, keys present and absent, and topics; refuses a receipt with any byte changed', async () => {
      const [executed] = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(submitNote))
      const { outcome, participant, commandId } = executed!
      const cursor = outcome.accepted ? outcome.events[0]!.cursor : undefined
      const receipts = await Promise.all([
        ledger.prove({ kind: 'command', participant, commandId }),
        ledger.prove({ kind: 'event', cursor: cursor! }),
        ledger.prove({ kind: 'key', key: 'notes/note/a' }),
        ledger.prove({ kind: 'key', key: 'notes/note/none' }),
        ledger.prove({ kind: 'topic', topic: 'public' }),
      ])
      for (const receipt of receipts) {
        const bytes = canonicalBytes(receipt)
        expect(verifyReceipt(bytes, trust(), nativeChecks)).toMatchObject({ ok: true, receipt })
        for (let at = 0; at < bytes.length; at += 1) {
          const changed = bytes.slice()
          changed[at] = changed[at]! ^ (1 << (at % 8))
          expect(verifyReceipt(changed, trust(), nativeChecks).ok, `byte ${at} of ${JSON.stringify(receipt)}`).toBe(
            false,
          )
        }
        if (!driver.validators) {
          const elsewhere = { ...(trust() as Trust), genesisHash: '0'.repeat(64) }
          expect(verifyReceipt(bytes, elsewhere)).toMatchObject({ reason: 'WRONG_GENESIS' })
        }
        expect(verifyReceipt(bytes, { ...trust(), chainId: 'other-00000000' })).toMatchObject({ reason: 'WRONG_CHAIN' })
      }
      const none = { kind: 'command', participant, commandId: 'none' } as const
      await expect(ledger.prove(none)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      const missing = { height: 1, index: 999, event: 0 }
      await expect(ledger.prove({ kind: 'event', cursor: missing })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('refuses a command of one ledger on another in the same storage', async () => {
      const other = await open(() => driver.openOther())
      expect(other.chainId).not.toBe(ledger.chainId)
      const bytes = signTest(note('a'))
      await expect(other.submit(bytes)).rejects.toMatchObject({ code: 'WRONG_CHAIN' })
      await ledger.submit(bytes)
      expect((await other.query(['notes/note/a'])).values).toEqual([undefined])
      expect((await other.head()).height).toBe(0)
    })

    it('goes on after a restart where it stopped', async () => {
      const executed = await submitNote('a')
      const [head, events] = [await ledger.head(), await allEvents()]
      await ledger.close()
      await expect(ledger.submit(signTest(note('b')))).rejects.toMatchObject({ code: 'CLOSED' })
      ledger = await open(() => driver.open())
      expect(await ledger.head()).toEqual(head)
      expect(await allEvents()).toEqual(events)
      expect(await ledger.outcome(executed)).toEqual(executed)
      expectNext((await submitNote('b')).position.height, head.height)
    })

    it('tells who listens of each commit, and who waits when a height is reached', async () => {
      const heights: number[] = []
      const stop = ledger.onCommit((height) => heights.push(height))
      const { height } = await ledger.head()
      const waiting = ledger.waitFor(height + 1, 60_000)
      await submitNote('a')
      expect(await waiting).toBe(true)
      expect(heights).toHaveLength(1)
      expectNext(heights[0]!, height)
      expect(await ledger.waitFor(height + 5, 1)).toBe(false)
      stop()
      await submitNote('b')
      expect(heights).toHaveLength(1)
    })

    it('exports itself, verifiable with and without the contracts; any line changed or missing is found', async () => {
      await Promise.all(['a', 'b', 'c'].map(submitNote))
      await submitNote('a')
      await ledger.submit(signTest(testCommand(ledger.chainId, 'notes.remove', { name: 'b' })))
      const lines = await exported()
      const verdict = await verifyExport(lines, trust(), rules(), nativeChecks)
      const receipts = { command: 1, event: 1, key: 1, topic: 1 }
      expect(verdict).toMatchObject({ ok: true, summary: { commands: 5, refused: 1, receipts, unchecked: [] } })
      expect(await verifyExport(lines, trust(), {}, nativeChecks)).toMatchObject({ ok: true })
      const fails = async (changed: readonly string[]) => {
        const found = await verifyExport(changed, trust(), rules(), nativeChecks)
        expect(found.ok, changed.join('\n')).toBe(false)
      }
      await fc.assert(
        fc.asyncProperty(fc.nat(lines.length - 1), fc.nat(), fc.integer({ min: 0, max: 6 }), async (at, seed, bit) => {
          const line = lines[at]!
          const i = seed % line.length
          const flipped = String.fromCharCode(line.charCodeAt(i) ^ (1 << bit))
          await fails(lines.with(at, line.slice(0, i) + flipped + line.slice(i + 1)))
        }),
        { numRuns: 60 },
      )
      for (let at = 0; at < lines.length; at += 1) {
        // Receipts are samples: a file without one still says the same.
        if (lines[at]!.includes('"kind":"receipt"')) continue
        await fails(lines.toSpliced(at, 1))
      }
      await fails([...lines, lines.at(-1)!])
    })
  })
}
