import * as abci from 'cosmjs-types/tendermint/abci/types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_HASH, type BlockHeader } from '#proof/block'
import { hexToBytes, sha256Bytes } from '#proof/hash'
import { keyHash, valueHash } from '../application/changes.ts'
import { FlatTree } from '../application/tree/flat-tree.ts'
import type { Machine } from './machine.ts'
import { chunkHash, chunksOf, metadataBytes, readMetadata, rowsOf, SnapshotMalformed, type StateRow } from './snapshot-format.ts' // prettier-ignore
import type { SnapshotStore } from './snapshot-store.ts'
import { Snapshots } from './snapshots.ts'

const { ACCEPT, RETRY, REJECT_SNAPSHOT, ABORT } = abci.ResponseApplySnapshotChunk_Result
const Offered = abci.ResponseOfferSnapshot_Result

// Keys of one beginning, some of which begin others.
const ROWS: readonly StateRow[] = [
  'a',
  'a/1',
  'a/10',
  `a/${'1'.repeat(40)}`,
  `a/${'1'.repeat(41)}`,
  'b',
  'é',
  '中',
].map((key) => [key, JSON.stringify({ of: key })] as const)
const leaves = (rows: readonly StateRow[]) =>
  rows.map(([key, text]) => ({ keyHash: keyHash(key), valueHash: valueHash(text) }))
const ROOT = FlatTree.empty().with(leaves(ROWS)).root()

async function snapshotOf(rows: readonly StateRow[], stateRoot = ROOT) {
  const chunks: Uint8Array[] = []
  const all = async function* () {
    yield rows
  }
  for await (const chunk of chunksOf(all(), 60)) chunks.push(chunk)
  const header: BlockHeader = { chainId: 'c', height: 3, previous: NO_HASH, timeMs: 1, commandRoot: NO_HASH, eventRoot: NO_HASH, resultRoot: NO_HASH, stateRoot, genesisHash: NO_HASH } // prettier-ignore
  const metadata = metadataBytes({ chainId: 'c', height: 4, header, chunks: chunks.map(chunkHash) })
  const snapshot = { height: 4n, format: 1, chunks: chunks.length, hash: sha256Bytes(metadata), metadata }
  return { chunks, snapshot }
}

/** A node that joins, with its rows in memory. */
function joining(firstHeight = 1) {
  const incoming = new Map<number, Uint8Array>()
  const installed: StateRow[] = []
  const restoredTo: number[] = []
  const store = {
    restored: async () => undefined,
    clearIncoming: async () => incoming.clear(),
    putIncoming: async (index: number, chunk: Uint8Array) => void incoming.set(index, chunk),
    async *incoming(chunks: number) {
      for (let index = 0, after: string | undefined; index < chunks; index += 1) {
        const rows = rowsOf(incoming.get(index)!, after)
        after = rows.at(-1)?.[0]
        yield rows
      }
    },
    install: async () => {
      for (const chunk of [...incoming].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)) installed.push(...rowsOf(chunk)) // prettier-ignore
    },
  } as unknown as SnapshotStore
  const machine = { height: 0, firstHeight, restore: async (height: number) => void restoredTo.push(height) } as unknown as Machine // prettier-ignore
  const rules = { chainId: 'c', genesisHash: NO_HASH }
  const snapshots = new Snapshots({ rules, machine, store, onRestored: () => undefined, onProblem: () => undefined })
  return { snapshots, installed, restoredTo }
}

describe('a snapshot offered to a node that joins', () => {
  const appHash = hexToBytes(ROOT)

  it('is taken in any order, and becomes the state', async () => {
    const { chunks, snapshot } = await snapshotOf(ROWS)
    const { snapshots, installed, restoredTo } = joining()
    expect(chunks.length).toBeGreaterThan(2)
    expect((await snapshots.offer({ snapshot, appHash })).result).toBe(Offered.ACCEPT)
    for (const index of [...chunks.keys()].reverse()) {
      expect((await snapshots.apply({ index, chunk: chunks[index]!, sender: 's' })).result).toBe(ACCEPT)
    }
    expect(installed).toEqual(ROWS)
    expect(restoredTo).toEqual([4])
  })

  it('a chunk with any byte changed is refused, asked for again, and its sender rejected', async () => {
    const { chunks, snapshot } = await snapshotOf(ROWS)
    const { snapshots, installed } = joining()
    await snapshots.offer({ snapshot, appHash })
    const [chunk] = chunks
    for (let at = 0; at < chunk!.length; at += 1) {
      const changed = chunk!.slice()
      changed[at] = changed[at]! ^ 1
      const answer = await snapshots.apply({ index: 0, chunk: changed, sender: 'liar' })
      expect(answer).toEqual({ result: RETRY, refetchChunks: [0], rejectSenders: ['liar'] })
    }
    for (const [index, right] of chunks.entries()) await snapshots.apply({ index, chunk: right, sender: 's' })
    expect(installed).toEqual(ROWS)
  })

  it('a state that does not have the root of the header is rejected whole', async () => {
    const wrong = ROWS.map(([key, text], n) => (n === 3 ? ([key, '{"of":"me"}'] as const) : ([key, text] as const)))
    for (const rows of [wrong, ROWS.slice(1), [...ROWS].reverse()]) {
      const { chunks, snapshot } = await snapshotOf(rows)
      const { snapshots, restoredTo } = joining()
      await snapshots.offer({ snapshot, appHash })
      const answers = []
      for (const [index, chunk] of chunks.entries()) answers.push((await snapshots.apply({ index, chunk, sender: 's' })).result) // prettier-ignore
      expect(answers.at(-1)).toBe(REJECT_SNAPSHOT)
      expect(restoredTo).toEqual([])
    }
  })

  it('is refused when it is not what the light client vouches for, of another form, or does not have its hash', async () => {
    const { snapshot } = await snapshotOf(ROWS)
    const { snapshots } = joining()
    const offer = async (over: Partial<abci.Snapshot>, hash = appHash) =>
      (await snapshots.offer({ snapshot: { ...snapshot, ...over }, appHash: hash })).result
    expect(await offer({}, hexToBytes(NO_HASH))).toBe(Offered.REJECT)
    expect(await offer({ format: 2 })).toBe(Offered.REJECT_FORMAT)
    expect(await offer({ height: 5n })).toBe(Offered.REJECT_SENDER)
    expect(await offer({ chunks: 1 })).toBe(Offered.REJECT_SENDER)
    expect(await offer({ metadata: snapshot.metadata.slice(1) })).toBe(Offered.REJECT_SENDER)
    expect((await snapshots.apply({ index: 0, chunk: new Uint8Array(0), sender: 's' })).result).toBe(ABORT)
  })

  it('is refused without blame when no block of consensus had changed its state: an honest node may offer it', async () => {
    const { snapshot } = await snapshotOf(ROWS)
    const result = async (firstHeight: number) => (await joining(firstHeight).snapshots.offer({ snapshot, appHash })).result // prettier-ignore
    expect(await result(3)).toBe(Offered.ACCEPT)
    expect(await result(4)).toBe(Offered.REJECT)
  })

  it('bytes of any kind are read or refused by name', () => {
    const named = (read: () => unknown) => {
      try {
        read()
      } catch (error) {
        expect(error).toBeInstanceOf(SnapshotMalformed)
      }
    }
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map((text) => Buffer.from(`${text}\n`))) // prettier-ignore
    fc.assert(fc.property(bytes, (some) => (named(() => rowsOf(some)), named(() => readMetadata(some))))) // prettier-ignore
  })
})

/** A node that others join, at a height of consensus that the test says. */
function offering({ firstHeight = 1, every = 10 } = {}) {
  const machine = { height: firstHeight - 1, firstHeight }
  const clock = { ms: 0 }
  const stored: { height: number; header: { height: number }; chunks: string[] }[] = []
  let finish: () => void = () => undefined
  const store = {
    list: async () => [...stored].reverse(),
    make: (first: number) =>
      new Promise<void>((resolve) => {
        expect(first).toBe(firstHeight)
        finish = () => {
          finish = () => undefined
          stored.push({ height: machine.height, header: { height: machine.height }, chunks: [] })
          resolve()
        }
      }),
  }
  const snapshots = new Snapshots({
    rules: { chainId: 'c', genesisHash: NO_HASH },
    machine: machine as unknown as Machine,
    store: store as unknown as SnapshotStore,
    onRestored: () => undefined,
    onProblem: (error) => expect(error).toBeUndefined(),
    options: { every },
    elapsed: () => clock.ms,
  })
  const settled = () => new Promise((resolve) => setTimeout(resolve, 1))
  return {
    stored,
    snapshots,
    clock,
    /** The snapshot that is being made, if any, is there. */
    async made() {
      finish()
      await snapshots.settled()
      await settled()
    },
    /** A block is committed. */
    async block() {
      machine.height += 1
      snapshots.committed()
      await settled()
    },
  }
}

describe('snapshots that a node offers', () => {
  it('are made every so many heights, one at a time, without anybody asking', async () => {
    const { block, made, stored } = offering({ firstHeight: 5, every: 3 })
    const heights = async (blocks: number) => {
      for (let n = 0; n < blocks; n += 1) {
        await block()
        await made()
      }
      return stored.map(({ height }) => height)
    }
    expect(await heights(2)).toEqual([])
    expect(await heights(1)).toEqual([7])
    expect(await heights(2)).toEqual([7])
    expect(await heights(6)).toEqual([7, 10, 13])
    // The next is due at 16; while it is not finished none is begun.
    for (let n = 0; n < 9; n += 1) await block()
    await made()
    expect(stored.map(({ height }) => height)).toEqual([7, 10, 13, 24])
  })

  it('are not made again before nine times as long has passed as the last one took', async () => {
    const { block, made, stored, clock } = offering({ every: 1 })
    await block()
    clock.ms += 100
    await made()
    clock.ms += 899
    await block()
    await made()
    expect(stored.map(({ height }) => height)).toEqual([1])
    clock.ms += 1
    await block()
    await made()
    expect(stored.map(({ height }) => height)).toEqual([1, 3])
  })

  it('are those of blocks of consensus, with two headers after them', async () => {
    const { block, stored, snapshots } = offering({ firstHeight: 5, every: 100 })
    for (let n = 0; n < 5; n += 1) await block() // up to 9
    stored.push({ height: 6, header: { height: 4 }, chunks: [] })
    stored.push({ height: 7, header: { height: 5 }, chunks: [] })
    stored.push({ height: 8, header: { height: 8 }, chunks: [] })
    expect((await snapshots.list()).snapshots.map(({ height }) => Number(height))).toEqual([7])
  })
})
