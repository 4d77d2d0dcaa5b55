import * as abci from 'cosmjs-types/tendermint/abci/types'
import { bytesToHex, sha256Bytes } from '#proof/hash'
import type { ApplicationRules } from '../application/build-block.ts'
import { keyHash, valueHash } from '../application/changes.ts'
import { LeafWriter } from '../application/tree/changes.ts'
import { FlatTree } from '../application/tree/flat-tree.ts'
import type { Machine } from './machine.ts'
import { chunkHash, metadataBytes, readMetadata, SnapshotMalformed, SNAPSHOT_FORMAT, type SnapshotMetadata } from './snapshot-format.ts' // prettier-ignore
import type { SnapshotStore } from './snapshot-store.ts'

const { ACCEPT, ABORT, REJECT, REJECT_FORMAT, REJECT_SENDER } = abci.ResponseOfferSnapshot_Result
const Applied = abci.ResponseApplySnapshotChunk_Result

/** A light client needs the two headers after a state: a snapshot of the very last block is of no use to it. */
const HEADERS_AFTER = 2

export interface SnapshotOptions {
  /** A snapshot this many heights old is followed by another; 1,000 unless said otherwise. */
  readonly every?: number
  readonly chunkBytes?: number
}

const DEFAULT_EVERY = 1_000
/** After one was made there is none for this many times as long: what snapshots cost stays a small part of all work. */
const REST = 9

export interface SnapshotDeps {
  readonly rules: Pick<ApplicationRules, 'chainId' | 'genesisHash'>
  readonly machine: Machine
  readonly store: SnapshotStore
  /** After a state was taken from others. */
  readonly onRestored: () => void
  /** Told when a snapshot could not be made: nobody waits for it, the next who asks begins anew. */
  readonly onProblem: (error: unknown) => void
  readonly options?: SnapshotOptions
  /** Milliseconds of any origin, never going back; this process's unless a test says otherwise. */
  readonly elapsed?: () => number
}

/**
 * State sync: gives this node's state to a node that joins, and takes it from others when this is the one that joins.
 * What is taken is compared with the app hash that CometBFT's light client vouches for before any of it is believed.
 */
export class Snapshots {
  private readonly every: number
  private readonly elapsed: () => number
  private making: Promise<void> | undefined
  private restsUntil = 0
  /** No snapshot is due before this height of consensus. */
  private lookAt = 0
  private taking: { readonly metadata: SnapshotMetadata; readonly have: Set<number> } | undefined

  constructor(private readonly deps: SnapshotDeps) {
    this.every = deps.options?.every ?? DEFAULT_EVERY
    this.elapsed = deps.elapsed ?? (() => performance.now())
  }

  async list(): Promise<abci.ResponseListSnapshots> {
    const { machine } = this.deps
    const all = await this.stored()
    const latest = all[0]?.height
    if (latest === undefined || machine.height - latest >= this.every) this.make()
    const useful = all.filter(({ height }) => height + HEADERS_AFTER <= machine.height)
    return { snapshots: useful.map(announced) }
  }

  /** Those that another node can take: where no block of consensus has changed anything, there is nothing to take. */
  private async stored(): Promise<readonly SnapshotMetadata[]> {
    const { store, machine } = this.deps
    return (await store.list()).filter(({ header }) => header.height >= machine.firstHeight)
  }

  /** After a block: begins another snapshot where the last one is that old. Nobody waits for it. */
  committed(): void {
    const { machine, onProblem } = this.deps
    if (machine.height < this.lookAt || !this.isFree) return
    this.lookAt = machine.height + this.every
    this.makeWhereDue().catch(onProblem)
  }

  private async makeWhereDue(): Promise<void> {
    const { machine } = this.deps
    const [last] = await this.stored()
    const next = (last?.height ?? machine.firstHeight - 1) + this.every
    if (machine.height >= next) this.make()
    else this.lookAt = next
  }

  private get isFree(): boolean {
    return this.making === undefined && this.elapsed() >= this.restsUntil
  }

  /** Beside the blocks, one at a time; who asked is answered with those that are there. */
  private make(): void {
    if (!this.isFree) return
    const { store, machine, options, onProblem } = this.deps
    const began = this.elapsed()
    this.making = store
      .make(machine.firstHeight, options?.chunkBytes)
      .then(() => undefined, onProblem)
      .finally(() => {
        this.making = undefined
        const now = this.elapsed()
        this.restsUntil = now + REST * (now - began)
      })
  }

  /** Of the snapshot that is being taken from others: how many of its chunks are here. */
  get progress(): { readonly height: number; readonly chunks: number; readonly have: number } | undefined {
    if (!this.taking) return undefined
    const { metadata, have } = this.taking
    return { height: metadata.height, chunks: metadata.chunks.length, have: have.size }
  }

  /** Waits for a snapshot that is being made. */
  async settled(): Promise<void> {
    await this.making
  }

  async load({ height, format, chunk }: abci.RequestLoadSnapshotChunk): Promise<abci.ResponseLoadSnapshotChunk> {
    const bytes = format === SNAPSHOT_FORMAT ? await this.deps.store.chunk(Number(height), chunk) : undefined
    return { chunk: bytes ?? new Uint8Array(0) }
  }

  async offer({ snapshot, appHash }: abci.RequestOfferSnapshot): Promise<abci.ResponseOfferSnapshot> {
    const { machine, store } = this.deps
    this.taking = undefined
    if (!snapshot) return { result: REJECT }
    if (snapshot.format !== SNAPSHOT_FORMAT) return { result: REJECT_FORMAT }
    const metadata = this.metadataOf(snapshot)
    if (!metadata) return { result: REJECT_SENDER }
    // Before the first block of consensus there is nothing that a header could vouch for.
    if (metadata.header.height < machine.firstHeight) return { result: REJECT }
    if (metadata.header.stateRoot !== bytesToHex(appHash)) return { result: REJECT }
    // A state that grew here is not thrown away for one that others tell of.
    const restored = await store.restored()
    if (machine.height >= machine.firstHeight && machine.head.header.height !== restored?.block) {
      return { result: ABORT }
    }
    await store.clearIncoming()
    this.taking = { metadata, have: new Set() }
    return { result: ACCEPT }
  }

  private metadataOf(snapshot: abci.Snapshot): SnapshotMetadata | undefined {
    const { rules } = this.deps
    if (bytesToHex(sha256Bytes(snapshot.metadata)) !== bytesToHex(snapshot.hash)) return undefined
    try {
      const metadata = readMetadata(snapshot.metadata)
      const { chainId, header, height, chunks } = metadata
      const isOurs = [chainId, header.chainId].every((id) => id === rules.chainId) && header.genesisHash === rules.genesisHash // prettier-ignore
      const fits = BigInt(height) === snapshot.height && chunks.length === snapshot.chunks && chunks.length > 0
      return isOurs && fits && header.height <= height ? metadata : undefined
    } catch (error) {
      if (error instanceof SnapshotMalformed) return undefined
      throw error
    }
  }

  async apply({ index, chunk, sender }: abci.RequestApplySnapshotChunk): Promise<abci.ResponseApplySnapshotChunk> {
    const { store } = this.deps
    if (!this.taking) return applied(Applied.ABORT)
    const { metadata, have } = this.taking
    if (metadata.chunks[index] === undefined) return applied(Applied.ABORT)
    // Another may have the right one; who sent this one is asked for nothing any more.
    if (chunkHash(chunk) !== metadata.chunks[index]) return { ...applied(Applied.RETRY), refetchChunks: [index], rejectSenders: [sender] } // prettier-ignore
    await store.putIncoming(index, chunk)
    have.add(index)
    if (have.size < metadata.chunks.length) return applied(Applied.ACCEPT)
    try {
      return applied((await this.becomes(metadata)) ? Applied.ACCEPT : Applied.REJECT_SNAPSHOT)
    } finally {
      this.taking = undefined
    }
  }

  /** The state that was taken becomes this node's; false when it is not what the header says. */
  private async becomes(metadata: SnapshotMetadata): Promise<boolean> {
    const { store, machine, onRestored } = this.deps
    if ((await this.rootOfIncoming(metadata)) !== metadata.header.stateRoot) {
      await store.clearIncoming()
      return false
    }
    await store.install(metadata)
    onRestored() // before the machine stands there: whoever sees it stand there must know that it lacks its history
    await machine.restore(metadata.height)
    return true
  }

  /** Undefined when the chunks are no rows of a state: whoever announced them made them up. */
  private async rootOfIncoming({ chunks }: SnapshotMetadata): Promise<string | undefined> {
    const leaves = new LeafWriter()
    try {
      for await (const rows of this.deps.store.incoming(chunks.length)) {
        leaves.add(joined(rows.map(([key]) => keyHash(key))), joined(rows.map(([, text]) => valueHash(text))))
      }
    } catch (error) {
      if (error instanceof SnapshotMalformed) return undefined
      throw error
    }
    return FlatTree.of(leaves.flat()).root()
  }
}

const joined = (hashes: readonly Uint8Array[]): Uint8Array => Buffer.concat(hashes)

const applied = (result: abci.ResponseApplySnapshotChunk_Result): abci.ResponseApplySnapshotChunk => ({
  result,
  refetchChunks: [],
  rejectSenders: [],
})

function announced(metadata: SnapshotMetadata): abci.Snapshot {
  const bytes = metadataBytes(metadata)
  const { height, chunks } = metadata
  return {
    height: BigInt(height),
    format: SNAPSHOT_FORMAT,
    chunks: chunks.length,
    hash: sha256Bytes(bytes),
    metadata: bytes,
  }
}
