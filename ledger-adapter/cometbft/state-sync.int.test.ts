// A node that joins takes the state from another, and what happened before from an export.
import { afterEach, describe, expect, it } from 'vitest'
import { callerOf } from '#contracts/membership/caller'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { testDatabase } from '#engines/testing/index'
import { genesisHash } from '#proof/block'
import { canonicalBytes } from '#proof/canonical'
import type { JsonObject } from '#proof/json'
import { verifyExport } from '#proof/verify-export'
import { verifyReceipt, verifyValidators } from '#proof/verify-receipt'
import { contractRules } from '../application/contract-rules.ts'
import { nativeChecks } from '../application/verify-native.ts'
import type { Provable } from '../port.ts'
import { signTest, testCommand, testRegistry } from '../testing/fixture.ts'
import { cometbftProgram, SingleValidator } from '../testing/single-validator.ts'
import type { CometbftLedger } from './cometbft-ledger.ts'

const program = await cometbftProgram()
const missing = 'missing' in program ? program.missing : undefined
if (missing !== undefined) console.warn(`tests of state sync are skipped: ${missing}`)

const rules = contractRules(testRegistry, callerOf, (document) => genesisEvents(document as unknown as GenesisDocument))

async function linesOf(source: AsyncIterable<string>): Promise<string[]> {
  const lines: string[] = []
  for await (const line of source) lines.push(line)
  return lines
}

/** Read again and again, as a file is. */
const source = (lines: readonly string[]) =>
  async function* () {
    yield* lines
  }

describe.skipIf(missing !== undefined)('state sync', () => {
  const made: SingleValidator[] = []
  afterEach(async () => {
    for (const one of made.splice(0).reverse()) await one.dispose()
  })

  it('a node joins by a snapshot, follows, and its feed is complete from position 0', async () => {
    const { path } = program as { path: string }
    const one = await SingleValidator.create(path)
    made.push(one)
    const ledger = await one.open((await testDatabase()).url, { snapshots: { every: 4, chunkBytes: 2_000 } })
    let notes = 0
    const note = () => {
      const args = { name: `n${(notes += 1)}`, text: 'x'.repeat(300) }
      return ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', args)))
    }
    const first = await note()
    for (let block = 0; block < 3; block += 1) await note()

    const late = await SingleValidator.joining(path, one)
    made.push(late)
    const { url } = await testDatabase()
    const rpc = [late.rpcUrl, one.rpcUrl]
    const opened = late.open(url, { rpc })
    opened.catch(() => undefined) // it is awaited below
    // Two headers after the state of a snapshot are wanted, so blocks go on while it joins.
    let isOpen = false
    void opened.then(() => (isOpen = true)).catch(() => undefined)
    let joined: CometbftLedger | undefined
    while (!joined?.needsHistory) {
      const { position } = await note()
      await new Promise((resolve) => setTimeout(resolve, 2_500)) // a snapshot must outlive its discovery
      if (!joined && isOpen) joined = await opened
      if (joined && !joined.needsHistory && joined.consensusHeight >= position.height) throw new Error('joined without a snapshot') // prettier-ignore
    }
    const { position } = await note()
    expect(await joined.waitFor(position.height, 30_000)).toBe(true)
    expect(await joined.head()).toEqual(await ledger.head())
    expect((await joined.query(['notes/note/n1'])).values).toEqual((await ledger.query(['notes/note/n1'])).values)

    // A gap is said, never shown as silence.
    for (const ask of [
      () => joined.events(undefined, { limit: 10 }),
      () => joined.outcome(first),
      () => joined.prove({ kind: 'command', participant: first.participant, commandId: first.commandId }),
      () => linesOf(joined.export()),
      () => linesOf(joined.history({ from: 0, to: 1 })),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'HISTORY_INCOMPLETE' })
    }

    const { height: head } = await ledger.head()
    await expect(linesOf(ledger.history({ from: 0, to: head + 1 }))).rejects.toMatchObject({ code: 'BEHIND_POSITION' })
    // Fetched in two parts, without any proof: the state that was restored is the proof.
    const part = async (from: number, to: number) => (await linesOf(ledger.history({ from, to }))).slice(0, -1)
    const lines = [...(await part(0, 2)), ...(await part(3, head))]
    const tampered = lines.map((line) => (line.startsWith('{"commandId"') ? line.replace('n2', 'n7') : line))
    await expect(joined.fillHistory({ lines: source(tampered), rules })).rejects.toThrow(/line/)
    const short = await joined.fillHistory({ lines: source(await part(0, 1)), rules }).catch((error: Error) => error)
    const [, restored = ''] = /the file ends before block (\d+)$/.exec((short as Error).message) ?? []
    // All of it holds together, and leads to another block than the one whose state is here.
    const other = lines.map((line) =>
      line.includes(`"height":${restored},`) && line.includes('"kind":"block"')
        ? line.replace(/"timeMs":(\d+)/, (_, time) => `"timeMs":${Number(time) + 1}`)
        : line,
    )
    expect(other).not.toEqual(lines)
    await expect(joined.fillHistory({ lines: source(other), rules })).rejects.toThrow('not the one that is known')
    expect(joined.needsHistory).toBe(true)
    await joined.fillHistory({ lines: source(lines), rules })
    expect(joined.needsHistory).toBe(false)

    const all = { limit: 10_000 }
    expect(await joined.events(undefined, all)).toEqual(await ledger.events(undefined, all))
    expect(await joined.outcome(first)).toEqual(first)

    // What it became is durable: it goes on after a restart, and from its own rows it rebuilds the same state.
    const again = await late.open(url, { rpc })
    expect(again.needsHistory).toBe(false)
    const last = await note()
    expect(await again.waitFor(last.position.height, 30_000)).toBe(true)
    expect(await again.events(undefined, all)).toEqual(await ledger.events(undefined, all))

    // It proves what happened before it joined, and its export is as good as that of one that was there.
    const trust = { chainId: ledger.chainId, validators: one.validators }
    const facts: Provable[] = [
      { kind: 'command', participant: first.participant, commandId: first.commandId },
      { kind: 'event', cursor: { ...first.position, event: 0 } },
      { kind: 'key', key: 'notes/note/n1' },
    ]
    for (const what of facts) {
      const receipt = canonicalBytes(await again.prove(what))
      expect(verifyReceipt(receipt, trust), what.kind).toMatchObject({ ok: true })
    }
    const validators = canonicalBytes(await again.prove({ kind: 'validators', from: 1 }))
    expect(verifyValidators(validators, trust)).toMatchObject({ ok: true })
    const exported = await linesOf(again.export())
    const expected = { ...trust, genesisHash: genesisHash(one.genesis as unknown as JsonObject) }
    const verdict = await verifyExport(exported, expected, rules, nativeChecks)
    expect(verdict).toMatchObject({ ok: true, summary: { commands: notes, refused: 0, unchecked: [], byValidators: true } }) // prettier-ignore
    const { height } = await ledger.head()
    expect(await linesOf(again.history({ from: 0, to: height }))).toEqual(
      await linesOf(ledger.history({ from: 0, to: height })),
    )
  }, 120_000)
})
