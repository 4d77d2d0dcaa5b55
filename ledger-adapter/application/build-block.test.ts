import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { genesisEvents } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { testGenesis } from '#contracts/testing/consortium'
import { chainIdOf, genesisHash } from '#proof/block'
import type { JsonObject } from '#proof/json'
import { verifyEd25519 } from '#proof/ed25519'
import { signTest, testCommand, testRegistry } from '../testing/fixture.ts'
import { decodeCandidate } from './admission.ts'
import { buildBlock, buildGenesis, type ApplicationRules, type BuiltBlock } from './build-block.ts'
import { ExpiryQueue, ID_RETENTION_MS } from './expiry.ts'
import { leafOf } from './changes.ts'
import { CommittedState } from './state.ts'
import { FlatTree } from './tree/flat-tree.ts'
import { verifyNative } from './verify-native.ts'

const document = testGenesis()
const chainId = chainIdOf(document as unknown as JsonObject)
const rules: ApplicationRules = {
  chainId,
  genesisHash: genesisHash(document as unknown as JsonObject),
  registry: testRegistry,
  callerOf,
  check: verifyNative,
}
const NOW = 1_900_000_000_000

/** A node in memory: its rows, and how much of them it keeps at hand. */
class MemoryNode {
  readonly rows = new Map<string, string>()
  state: CommittedState
  last: BuiltBlock | undefined
  loads = 0

  constructor(
    private readonly maxCached: number,
    private readonly with_: ApplicationRules = rules,
  ) {
    this.state = this.stateOver(FlatTree.empty())
  }

  private stateOver(tree: FlatTree): CommittedState {
    const load = (keys: readonly string[]) => {
      this.loads += keys.length
      return Promise.resolve(new Map(keys.flatMap((key) => (this.rows.has(key) ? [[key, this.rows.get(key)!]] : []))))
    }
    return new CommittedState(load, tree, this.maxCached)
  }

  async genesis() {
    this.keep(await buildGenesis(this.with_, this.state, genesisEvents(document)))
    return this
  }

  async block(commands: readonly Uint8Array[], timeMs = NOW) {
    const candidates = commands.map((bytes) => decodeCandidate(bytes, chainId))
    const { header, headerHash } = this.last!
    const previous = { height: header.height, headerHash, timeMs: header.timeMs }
    const built = await buildBlock(this.with_, this.state, previous, { timeMs, candidates, due: [] })
    if (built.block) this.keep(built.block)
    return built
  }

  /** As after a restart: nothing but the rows, in another order. */
  restart() {
    const rows = [...this.rows].reverse()
    const tree = FlatTree.empty().with(rows.map(([key, text]) => leafOf({ key, text })))
    expect(tree.root()).toBe(this.last!.header.stateRoot)
    this.state = this.stateOver(tree)
  }

  private keep(block: BuiltBlock) {
    for (const { key, text } of block.changes) {
      if (text === undefined) this.rows.delete(key)
      else this.rows.set(key, text)
    }
    this.state.adopt(block.tree, block.changes)
    this.last = block
  }
}

const call = fc.oneof(
  fc
    .record({ name: fc.constantFrom('a', 'b', 'c', 'd'), text: fc.string() })
    .map((args) => ['notes.put', args] as const),
  fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd') }).map((args) => ['notes.remove', args] as const),
  fc.constant(['notes.defect', {}] as const),
  fc.constant(['notes.misplace', { key: 'sys/x' }] as const),
)
const story = fc.array(fc.array(call, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 })

describe('a block', () => {
  it('has the same bytes on a warm, a cold and a restarted node, by either signature check', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(story, async (blocks) => {
        run += 1
        const warm = await new MemoryNode(10_000).genesis()
        const cold = await new MemoryNode(0).genesis()
        const portable = await new MemoryNode(3, { ...rules, check: verifyEd25519 }).genesis()
        for (const [height, calls] of blocks.entries()) {
          const commands = calls.map(([name, args], n) =>
            signTest(
              testCommand(chainId, name, args as JsonObject, { commandId: `r${run}.${height}.${n}`, issuedAt: NOW }),
            ),
          )
          const built = await Promise.all([warm, cold, portable].map((node) => node.block(commands)))
          const bytes = built.map(({ block }) => {
            const { header, headerHash, results, events, changes } = block!
            return JSON.stringify({ header, headerHash, results, events, changes })
          })
          expect(bytes[1]).toBe(bytes[0])
          expect(bytes[2]).toBe(bytes[0])
          portable.restart()
        }
        expect(cold.loads).toBeGreaterThan(0)
      }),
      { numRuns: 15 },
    )
  })

  it('leaves out what may not enter, and is none when nothing may', async () => {
    const node = await new MemoryNode(100).genesis()
    const good = testCommand(chainId, 'notes.put', { name: 'a', text: '' }, { issuedAt: NOW })
    const late = { ...good, commandId: 'late', issuedAt: NOW - 100_000, expiresAt: NOW - 1 }
    const before = node.last!.headerHash
    const none = await node.block([signTest(late)])
    expect(none.block).toBeUndefined()
    expect(none.refused).toMatchObject([{ error: { code: 'EXPIRED' } }])
    expect(node.last!.headerHash).toBe(before)
    const some = await node.block([signTest(late), signTest(good)])
    expect(some.block?.results).toMatchObject([{ commandId: good.commandId, accepted: true }])
    expect(some.refused).toHaveLength(1)
  })

  it('does not let a contract change a value that it read', async () => {
    const node = await new MemoryNode(10_000).genesis()
    const value = node.state.value('membership/consortium') as { name: string }
    expect(() => {
      value.name = 'another'
    }).toThrow(TypeError)
  })
})

describe('expiry queue', () => {
  it('gives ids in the order of their expiry, and only those due', () => {
    const entry = fc.record({ expiresAt: fc.nat(1000), key: fc.string() })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), fc.nat(1000), (entries, at) => {
        const queue = new ExpiryQueue()
        entries.forEach(({ key, expiresAt }) => queue.add(key, expiresAt))
        const due = queue.takeDue(at + ID_RETENTION_MS, 1000)
        expect(due).toHaveLength(entries.filter(({ expiresAt }) => expiresAt < at).length)
        const sorted = [...due].sort((a, b) => a.expiresAt - b.expiresAt || (a.key < b.key ? -1 : 1))
        expect(due.map(({ expiresAt }) => expiresAt)).toEqual(sorted.map(({ expiresAt }) => expiresAt))
        expect(due.map(({ key }) => key)).toEqual(sorted.map(({ key }) => key))
        expect(queue.size).toBe(entries.length - due.length)
      }),
    )
  })
})
