import { describe, expect, it } from 'vitest'
import { genesisEvents } from '#contracts/genesis'
import type { Key } from '#contracts/kernel/state'
import { callerOf } from '#contracts/membership/caller'
import { testGenesis } from '#contracts/testing/consortium'
import { toBase64url } from '#proof/base64url'
import { chainIdOf, genesisHash, headerSigningBytes } from '#proof/block'
import { canonicalJson } from '#proof/canonical'
import type { CommandHead } from '#proof/command'
import { headOf } from '#proof/head'
import { blockKey } from '#proof/history'
import type { Json, JsonObject } from '#proof/json'
import { verifyExport } from '#proof/verify-export'
import { signTest, testCommand, testOperatorKey, testRegistry } from '../testing/fixture.ts'
import { decodeCandidate } from './admission.ts'
import { buildBlock, buildGenesis, type ApplicationRules, type BuiltBlock } from './build-block.ts'
import { CommittedState, type BlockBase } from './state.ts'
import { verifyNative } from './verify-native.ts'

const document = testGenesis()
const json = document as unknown as JsonObject
const chainId = chainIdOf(json)
const NOW = 1_900_000_000_000
const rules: ApplicationRules = {
  chainId,
  genesisHash: genesisHash(json),
  registry: testRegistry,
  callerOf,
  check: verifyNative,
}

/** A ledger in memory whose operator may look at another state than the one it signs. */
class MemoryLedger {
  readonly blocks: BuiltBlock[] = []
  private readonly state = new CommittedState(() => Promise.resolve(new Map()))
  /** What reading a key answers in place of what stands there. */
  readonly lies = new Map<string, Json>()

  static async founded(): Promise<MemoryLedger> {
    const ledger = new MemoryLedger()
    ledger.keep(await buildGenesis(rules, ledger.state, genesisEvents(document)))
    return ledger
  }

  private keep(block: BuiltBlock): void {
    this.state.adopt(block.tree, block.changes, block.header.height)
    this.blocks.push(block)
  }

  /** Why not, when the command does not enter. */
  async note(name: string, head?: CommandHead): Promise<string | undefined> {
    const command = testCommand(chainId, 'notes.put', { name, text: '' }, { commandId: name, issuedAt: NOW, ...(head && { head }) }) // prettier-ignore
    const { state, lies } = this
    const looked: BlockBase = {
      read: <T>(key: Key<T>) => (lies.has(key.path) ? (lies.get(key.path) as T) : state.read(key)),
      load: (keys) => state.load(keys),
      changesOf: (written) => state.changesOf(written),
      treeWith: (changes) => state.treeWith(changes),
    }
    const { header, headerHash } = this.blocks.at(-1)!
    const previous = { height: header.height, headerHash, timeMs: NOW }
    const candidates = [decodeCandidate(signTest(command), chainId)]
    const { block, refused } = await buildBlock(rules, looked, previous, { timeMs: NOW, candidates, due: [] })
    if (block) this.keep(block)
    return refused[0]?.error.code
  }

  head(height: number): CommandHead {
    return headOf(height, this.blocks[height]!.header)
  }

  exported(): string[] {
    const lines: Json[] = [{ kind: 'ledger', format: 1, chainId, genesis: json }]
    for (const { header, headerHash, commands, results, events, changes } of this.blocks) {
      const counts = { commands: commands.length, events: events.length, changes: changes.length }
      const signature = toBase64url(testOperatorKey.sign(headerSigningBytes(headerHash)))
      lines.push({ kind: 'block', header: { ...header }, signature, ...counts })
      for (const [i, { signed }] of commands.entries())
        lines.push({ kind: 'command', result: results[i] as unknown as Json, signed: signed as unknown as Json })
      for (const { topics, cursor, ...event } of events)
        lines.push({ kind: 'event', ...event, cursor: { ...cursor }, topics: topics.map(({ topic }) => topic) })
      for (const { key, value } of changes)
        lines.push(value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value })
    }
    const { header, headerHash } = this.blocks.at(-1)!
    return [...lines, { kind: 'end', height: header.height, headerHash }].map((line) => canonicalJson(line))
  }
}

describe('a command that names a block', () => {
  it('enters where that block stands, and nowhere else', async () => {
    const ledger = await MemoryLedger.founded()
    expect(await ledger.note('a')).toBeUndefined()
    expect(await ledger.note('b')).toBeUndefined()
    const [first, second] = [ledger.head(1), ledger.head(2)]
    for (const [name, head] of [['c', first], ['d', second]] as const) expect(await ledger.note(name, head)).toBeUndefined() // prettier-ignore
    for (const head of [{ ...first, root: second.root }, { ...first, height: 2 }, { ...first, height: 5 }, ledger.head(0)])
      expect(await ledger.note('e', head), JSON.stringify(head)).toBe('WRONG_HEAD') // prettier-ignore
    // Its own block is not yet there when it is judged.
    const own = { height: 5, root: first.root }
    expect(await ledger.note('e', own)).toBe('WRONG_HEAD')
    expect(await ledger.note('e')).toBeUndefined()
    expect(await verifyExport(ledger.exported())).toMatchObject({ ok: true, summary: { commands: 5 } })
  })

  it('is found in an export of a ledger that took it against the rule', async () => {
    const [ledger, other] = [await MemoryLedger.founded(), await MemoryLedger.founded()]
    await ledger.note('a')
    await other.note('another')
    const { commandRoot, eventRoot, resultRoot } = other.blocks[1]!.header
    ledger.lies.set(blockKey(1), { commandRoot, eventRoot, resultRoot })
    expect(await ledger.note('b', other.head(1))).toBeUndefined()
    expect(await verifyExport(ledger.exported())).toEqual({
      ok: false,
      line: expect.any(Number) as number,
      reason: 'command 2.0: built on another history',
    })
  })
})
