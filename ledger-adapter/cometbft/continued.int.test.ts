// A private trial on an embedded ledger becomes a network's ledger: ended, exported, continued, and nothing of it lost.
import { afterEach, describe, expect, it } from 'vitest'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { BATCH, ISSUE, SPLIT } from '#contracts/receivable/testing/story'
import { cometKey } from '#engines/cometbft/keys'
import { testDatabase } from '#engines/testing/index'
import { toBase64url } from '#proof/base64url'
import { genesisHash, headerHash, headerSigningBytes } from '#proof/block'
import { canonicalBytes, canonicalJson } from '#proof/canonical'
import type { JsonObject } from '#proof/json'
import { continuingGenesis, type Predecessor } from '#proof/predecessor'
import type { KeyReceipt, Trust } from '#proof/receipt'
import { verifyExport } from '#proof/verify-export'
import { verifyReceipt } from '#proof/verify-receipt'
import { readPredecessor } from '../application/continue.ts'
import { contractRules } from '../application/contract-rules.ts'
import { nativeChecks } from '../application/verify-native.ts'
import { EmbeddedLedger } from '../embedded/embedded-ledger.ts'
import type { CommittedEvent, Ledger, Provable } from '../port.ts'
import { decide } from '../testing/decide.ts'
import { signTest, testCommand, testLedgerOptions, testOperatorKey, testRegistry } from '../testing/fixture.ts'
import { cometbftProgram, consensusKey, SingleValidator } from '../testing/single-validator.ts'

const program = await cometbftProgram()
const missing = 'missing' in program ? program.missing : undefined
if (missing !== undefined) console.warn(`tests of a ledger that CometBFT continues are skipped: ${missing}`)

const rules = contractRules(testRegistry, callerOf, (document) => genesisEvents(document as unknown as GenesisDocument))

async function send(ledger: Ledger, who: string, call: string, args: JsonObject) {
  const [participant = '', operator = ''] = who.split(':')
  const bytes = signTest(testCommand(ledger.chainId, call, args, { participant, keyId: `${operator}-key` }))
  return { bytes, executed: await ledger.submit(bytes) }
}

async function linesOf(ledger: Ledger): Promise<string[]> {
  const lines: string[] = []
  for await (const line of ledger.export()) lines.push(line)
  return lines
}

const again = (lines: readonly string[]) =>
  async function* () {
    yield* lines
  }

interface Trial {
  readonly url: string
  readonly trust: Trust
  readonly lines: readonly string[]
  readonly events: readonly CommittedEvent[]
  readonly facts: readonly Provable[]
  readonly receipts: readonly Uint8Array[]
  readonly predecessor: Predecessor
  /** A command that was executed, and one that was refused. */
  readonly sent: readonly Uint8Array[]
}

/** A receivable is issued and accepted, a command is refused, a validator is decided on, and the ledger is ended. */
async function trial(validator: string): Promise<Trial> {
  const { url } = await testDatabase()
  const options = testLedgerOptions(url)
  let ledger = await EmbeddedLedger.open(options)
  try {
    await send(ledger, 'core:maker', 'receivable.openBatch', BATCH)
    await send(ledger, 'core:maker', 'receivable.issue', ISSUE)
    await send(ledger, 'core:checker', 'receivable.approve', { receivable: 'r' })
    const accepted = await send(ledger, 'supplier-1:maker', 'receivable.accept', { receivable: 'r', holding: 'h' })
    const refused = await send(ledger, 'core:maker', 'receivable.approve', { receivable: 'none' })
    expect([accepted, refused].map(({ executed }) => executed.outcome.accepted)).toEqual([true, false])
    await decide(ledger, { kind: 'setValidator', participant: 'manager', publicKey: validator, power: 10 })
    const events = await ledger.events(undefined, { limit: 10_000 })
    const facts: Provable[] = [
      { kind: 'command', participant: accepted.executed.participant, commandId: accepted.executed.commandId },
      { kind: 'command', participant: refused.executed.participant, commandId: refused.executed.commandId },
      { kind: 'event', cursor: { ...accepted.executed.position, event: 0 } },
      { kind: 'key', key: 'receivable/holding/h' },
      { kind: 'key', key: 'receivable/holding/none' },
      { kind: 'topic', topic: 'participant:supplier-1' },
    ]
    const receipts = await Promise.all(facts.map(async (what) => canonicalBytes(await ledger.prove(what))))

    const { height } = await ledger.head()
    expect(await ledger.end()).toMatchObject({ height })
    const late = () => send(ledger, 'core:maker', 'notes.put', { name: 'late', text: '' })
    await expect(late()).rejects.toMatchObject({ code: 'ENDED', details: { height } })
    await ledger.close()
    ledger = await EmbeddedLedger.open(options)
    await expect(late()).rejects.toMatchObject({ code: 'ENDED', details: { height } })
    expect(await ledger.end()).toMatchObject({ height })
    expect(await ledger.submit(accepted.bytes)).toEqual(accepted.executed)
    expect(await ledger.head()).toMatchObject({ height })

    const lines = await linesOf(ledger)
    const predecessor = await readPredecessor(again(lines), rules)
    const { document } = options.genesis
    const operatorKey = testOperatorKey.publicKey
    const trust = { chainId: ledger.chainId, genesisHash: genesisHash(document), operatorKey }
    expect(predecessor).toMatchObject({ ...trust, height, genesis: document })
    return { url, trust, lines, events, facts, receipts, predecessor, sent: [accepted.bytes, refused.bytes] }
  } finally {
    await ledger.close()
  }
}

describe.skipIf(missing !== undefined)('an embedded ledger continued by a CometBFT chain', () => {
  let validator: SingleValidator | undefined
  afterEach(() => validator?.dispose())
  const chainOf = async (document: JsonObject, key: ReturnType<typeof cometKey>) =>
    (validator = await SingleValidator.of((program as { path: string }).path, document, key))

  it('goes on with its state, positions and topics, and proves the old by the votes of the validators', async () => {
    const key = cometKey()
    const { trust, lines, events, facts, receipts, predecessor, sent } = await trial(consensusKey(key))
    const document = continuingGenesis('Consortium', predecessor)
    const one = await chainOf(document, key)
    const { url } = await testDatabase()
    let ledger = await one.open(url, { history: { lines: again(lines), rules } })
    expect(ledger.chainId).not.toBe(trust.chainId)
    expect(await ledger.events(undefined, { limit: 10_000 })).toEqual(events)

    // Calls go on: what the trial issued is split here. What was sent there cannot be sent here.
    const { executed } = await send(ledger, 'supplier-1:maker', 'receivable.split', SPLIT)
    expect(executed.outcome).toMatchObject({ accepted: true })
    expect(executed.position.height).toBeGreaterThan(predecessor.height)
    for (const bytes of sent) await expect(ledger.submit(bytes)).rejects.toMatchObject({ code: 'WRONG_CHAIN' })

    // One feed from position 0, with no gap in any topic.
    const all = await ledger.events(undefined, { limit: 10_000 })
    expect(all.slice(0, events.length)).toEqual(events)
    expect(all.length).toBeGreaterThan(events.length)
    const counts = new Map<string, number>()
    for (const { topics } of all) {
      for (const { topic, sequence } of topics) {
        expect(sequence, topic).toBe((counts.get(topic) ?? 0) + 1)
        counts.set(topic, sequence)
      }
    }

    // Old receipts: by the operator as ever, and by the validators whose genesis names it.
    const validators = { chainId: ledger.chainId, validators: one.validators }
    const consortium = { ...validators, predecessor }
    for (const receipt of receipts) {
      expect(verifyReceipt(receipt, trust)).toMatchObject({ ok: true })
      expect(verifyReceipt(receipt, consortium)).toMatchObject({ ok: true })
      expect(verifyReceipt(receipt, validators)).toMatchObject({ ok: false, reason: 'WRONG_ANCHOR' })
    }
    // New receipts for the old facts: the validators vouch for them, the operator is not asked.
    for (const what of [
      ...facts,
      { kind: 'command', participant: executed.participant, commandId: executed.commandId } as const,
    ]) {
      const bytes = canonicalBytes(await ledger.prove(what))
      expect(verifyReceipt(bytes, consortium), canonicalJson(what as never)).toMatchObject({ ok: true, anchored: { kind: 'cometbft' } }) // prettier-ignore
      for (let at = 0; at < bytes.length; at += 37) {
        const changed = bytes.slice()
        changed[at] = changed[at]! ^ (1 << (at % 8))
        expect(verifyReceipt(changed, consortium).ok, `byte ${at}`).toBe(false)
      }
    }
    const oldCommand = canonicalBytes(await ledger.prove(facts[0]!))
    expect(verifyReceipt(oldCommand, validators)).toMatchObject({ ok: false, reason: 'WRONG_CHAIN' })

    // What the operator may sign after the end is not part of it.
    const { anchor, ...rest } = JSON.parse(new TextDecoder().decode(receipts[3])) as KeyReceipt & { anchor: { kind: 'operator' } } // prettier-ignore
    for (const height of [predecessor.height, predecessor.height + 1]) {
      const header = { ...anchor.header, height, timeMs: anchor.header.timeMs + 1 }
      const signature = toBase64url(testOperatorKey.sign(headerSigningBytes(headerHash(header))))
      const forged = canonicalBytes({ ...rest, anchor: { kind: 'operator', header, signature } } as never)
      expect(verifyReceipt(forged, trust)).toMatchObject({ ok: true })
      expect(verifyReceipt(forged, consortium)).toMatchObject({ ok: false, reason: 'AFTER_THE_END' })
    }

    // The chain's own export holds both parts and verifies as one.
    const whole = await verifyExport(await linesOf(ledger), validators, rules, nativeChecks)
    expect(whole).toMatchObject({ ok: true, summary: { predecessor: { chainId: trust.chainId } } })

    // After a restart of both sides the export is not needed any more.
    ledger = await one.open(url)
    expect(await ledger.outcome(executed)).toEqual(executed)
    const next = await send(ledger, 'supplier-1:maker', 'notes.put', { name: 'on', text: '' })
    expect(next.executed.position.height).toBeGreaterThan(executed.position.height)
  }, 120_000)

  it('refuses a history with anything changed, left out or added, saying what does not hold', async () => {
    const { lines, predecessor } = await trial(consensusKey(cometKey()))
    const refuses = (changed: readonly string[], reason: RegExp) =>
      expect(readPredecessor(again(changed), rules)).rejects.toThrow(reason)
    const change = (kind: string, from: string, to: string) => {
      const at = lines.findIndex((line) => line.includes(`"kind":"${kind}"`) && line.includes(from))
      expect(at, `${kind} with ${from}`).toBeGreaterThan(0)
      return lines.map((line, n) => (n === at ? line.replace(from, to) : line))
    }
    await refuses(change('put', '100000000', '100000001'), /is not what the events wrote|state root/)
    await refuses(change('event', '"supplier-1"', '"supplier-2"'), /event root|events/)
    await refuses(change('block', '"timeMs":1', '"timeMs":2'), /not signed by the ledger's operator/)
    await refuses(change('command', '"holding":"h"', '"holding":"i"'), /not its result/)
    const at = lines.findIndex((line) => line.includes('"kind":"ended"'))
    await refuses(lines.toSpliced(at, 1), /was not ended/)
    const forged = canonicalJson({ kind: 'ended', signature: predecessor.endSignature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) }) // prettier-ignore
    await refuses(lines.toSpliced(at, 1, forged), /the end is not signed/)
    await refuses(lines.slice(0, -1), /cut off/)
    await refuses(lines.toSpliced(5, 1), /./)
  }, 120_000)

  it('a node does not start on a history that genesis does not name, and stores nothing of it', async () => {
    const key = cometKey()
    const { lines, predecessor } = await trial(consensusKey(key))
    const { lines: others } = await trial(consensusKey(cometKey()))
    const { url } = await testDatabase()
    const open = async (named: Predecessor, given: readonly string[] | undefined) => {
      const one = await chainOf(continuingGenesis('Consortium', named), key)
      try {
        return await one.open(url, given ? { history: { lines: again(given), rules } } : {})
      } finally {
        await one.dispose()
      }
    }
    await expect(open(predecessor, undefined)).rejects.toThrow(/no export is given/)
    await expect(open(predecessor, others)).rejects.toThrow(/the export ends with headerHash/)
    const put = lines.findLastIndex((line) => line.includes('"kind":"put"'))
    await expect(open(predecessor, lines.toSpliced(put, 1))).rejects.toThrow(/line \d+: .*changes missing/)
    const other = { ...predecessor, stateRoot: '0'.repeat(64) }
    await expect(open(other, lines)).rejects.toThrow(/stateRoot/)
    const unsigned = { ...predecessor, headerHash: '0'.repeat(64) }
    await expect(open(unsigned, lines)).rejects.toThrow(/end of .* is not signed by its operator/)
  }, 120_000)
})
