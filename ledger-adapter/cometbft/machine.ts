import { parametersAt, validatorsAt, validatorUpdates } from '#contracts/governance/read'
import { DEFAULT_PARAMETERS, type Parameters, type Validator } from '#contracts/governance/state'
import type { EventRecord } from '#contracts/kernel/event'
import type { Caller } from '#contracts/kernel/method'
import type { Key, Read } from '#contracts/kernel/state'
import { canonicalJson } from '#proof/canonical'
import type { Json } from '#proof/json'
import { compareBytes } from '#proof/sparse-tree'
import type { Candidate } from '../application/admission.ts'
import { BlockAdmission, type Admitted } from '../application/block-admission.ts'
import { buildGenesis, executeBlock, type ApplicationRules, type BuiltBlock } from '../application/build-block.ts'
import { loading } from '../application/loading.ts'
import { valueHash } from '../application/changes.ts'
import { StateCorrupt, type CommittedState } from '../application/state.ts'
import type { StateTree } from '../application/tree/flat-tree.ts'
import { isConflict, isDefiniteFailure, isStoreError, StoreUnreachable } from '../embedded/connection.ts'
import { LedgerLocked, type SequencerLock } from '../embedded/lock.ts'
import { LedgerCorrupt, recover, type Recovered } from '../embedded/recover.ts'
import type { Head } from '../embedded/sequencer.ts'
import { LedgerError } from '../port.ts'
import { RequestRefused } from './abci/index.ts'
import type { ReplicaStore } from './store.ts'

/** What the agreed block at one height does; nothing of it is visible before `commit`. */
export interface Finalized {
  readonly height: number
  /** Root of the state after it. */
  readonly stateRoot: string
  /** Absent when no command of it was executed: such a block changes nothing. */
  readonly block: BuiltBlock | undefined
  /** Why not each of the candidates, in their order; null when it was executed. */
  readonly fates: readonly Fate[]
  /** What governance has decided about the validators with this height: new powers, 0 for who leaves. */
  readonly validators: readonly Validator[]
}

/** `error` is absent when the id was recorded already, or taken earlier in the block. */
export type Fate = { readonly candidate: Candidate; readonly error: LedgerError | undefined } | null

export interface Commitment {
  readonly height: number
  readonly timeMs: number
  readonly finalized: Finalized
}

const RETRY_MS = 200
const MAX_LOOKS = 10
const LOOK_AGAIN_MS = 20

/**
 * The replicated state machine of one node: takes the blocks that consensus agreed on, in order, and makes each durable
 * before it says so. Everything it does follows from the state and the block, so every node does the same.
 */
export class Machine {
  state: CommittedState
  /** The last height of consensus that is durable here, blocks without commands included. */
  height: number
  /** No later than the last block of consensus, milliseconds: after a start it is that of the last one with commands. */
  timeMs: number
  private current: Head | undefined
  /** As last asked for. */
  parameters: Parameters = DEFAULT_PARAMETERS
  private pending: (Commitment & { readonly restore: () => void }) | undefined
  private admission: { readonly tree: StateTree; readonly to: BlockAdmission } | undefined
  private isStoring = false
  private isClosed = false

  constructor(
    private readonly rules: ApplicationRules,
    private recovered: Recovered,
    height: number,
    private readonly deps: { readonly store: ReplicaStore; readonly lock: SequencerLock },
  ) {
    this.state = recovered.state
    const { last } = recovered
    if (last) this.current = { ...last, tree: this.state.tree }
    this.height = Math.max(height, last?.header.height ?? 0)
    this.timeMs = Math.max(this.beginsAtMs, last?.header.timeMs ?? 0)
  }

  /** The last block that changed something. */
  get head(): Head {
    if (!this.current) throw new Error('a ledger without its genesis block')
    return this.current
  }

  async enterGenesis(records: readonly EventRecord[]): Promise<void> {
    if (this.current) return
    const block = await buildGenesis(this.rules, this.state, records)
    await this.store(block)
    this.adopt(block)
  }

  /** Goes on from a state that was put into the store from a snapshot of this height of consensus. */
  async restore(height: number): Promise<void> {
    const recovered = await recover(this.deps.store.rows, this.rules, undefined)
    this.pending = undefined
    this.recovered = recovered
    this.state = recovered.state
    this.current = { ...recovered.last!, tree: this.state.tree }
    this.height = height
    this.timeMs = recovered.last!.header.timeMs
    await this.agree()
  }

  /** Who validates from the first block on, as the founders agreed. */
  foundingValidators(): Promise<readonly Validator[]> {
    return loading(this.state, () => validatorsAt(this.state.read, this.firstHeight))
  }

  /** Of consensus: 1, or the next after the last of the ledger that the chain continues. */
  get firstHeight(): number {
    return (this.rules.predecessor?.height ?? 0) + 1
  }

  /** The chain does not begin before, milliseconds. */
  get beginsAtMs(): number {
    return this.rules.predecessor?.timeMs ?? 0
  }

  /** Consensus has begun at this time; no block is before it. */
  begin(timeMs: number): void {
    this.timeMs = Math.max(this.timeMs, timeMs)
  }

  /** What governance says of the next block; all nodes say the same. */
  async agree(): Promise<Parameters> {
    this.parameters = await loading(this.state, () => parametersAt(this.state.read, this.height + 1))
    return this.parameters
  }

  private readAfter(block: BuiltBlock | undefined): Read {
    const written = new Map(block?.changes.map(({ key, value }) => [key, value]))
    return <T>(key: Key<T>) => (written.has(key.path) ? (written.get(key.path) as T | undefined) : this.state.read(key))
  }

  isRecorded({ idKey }: Candidate): boolean {
    return this.state.has(idKey)
  }

  /**
   * By the rules of admission to this block, why not; undefined when it may enter.
   * @throws what the store throws
   */
  async refusalOf(candidate: Candidate, block: { height: number; timeMs: number }): Promise<LedgerError | undefined> {
    const decided = await this.admit(candidate, block)
    return decided instanceof LedgerError ? decided : undefined
  }

  /** Who sent the command, when it may enter this block, or why it may not. At once where all that it asks is at hand. */
  private admit(
    candidate: Candidate,
    { height, timeMs }: { height: number; timeMs: number },
  ): Caller | LedgerError | Promise<Caller | LedgerError> {
    try {
      const found = this.admissionTo(height).admit(candidate, timeMs)
      return found instanceof Promise ? found.catch((error: unknown) => this.refusal(error)) : found
    } catch (error) {
      return this.refusal(error)
    }
  }

  private refusal(error: unknown): LedgerError {
    if (error instanceof LedgerError) return error
    // Who asks beside consensus sees a block in the store before it is in the tree, for as long as the store does not
    // answer that it is there.
    if (error instanceof StateCorrupt && this.isStoring) throw new StoreUnreachable(error)
    throw error
  }

  /** For as long as the state and the height are the same: mempool, proposal and block ask it of the same commands. */
  private admissionTo(height: number): BlockAdmission {
    const { tree } = this.state
    if (this.admission?.to.height !== height || this.admission.tree !== tree)
      this.admission = { tree, to: new BlockAdmission(this.rules, this.state, height) }
    return this.admission.to
  }

  /**
   * Executes a block; calling again for the same height begins anew (CometBFT was restarted before it committed).
   * @throws RequestRefused when it is not the next
   */
  async finalize(height: number, timeMs: number, candidates: readonly Candidate[]): Promise<Finalized> {
    if (height !== this.height + 1) throw new RequestRefused(`block ${height} after ${this.height}`)
    this.pending?.restore()
    this.pending = undefined
    return this.whileStoreIsAway(async () => {
      const { admitted, fates } = await this.select(candidates, { height, timeMs })
      const due = admitted.length === 0 ? [] : this.recovered.expiry.takeDue(timeMs, admitted.length * 2 + 16)
      const restore = () => due.forEach(({ key, expiresAt }) => this.recovered.expiry.add(key, expiresAt))
      try {
        const { header, headerHash } = this.head
        const previous = { height: height - 1, headerHash, timeMs: header.timeMs }
        const keys = due.map(({ key }) => key)
        const contents = { timeMs, admitted, due: keys }
        const block = admitted.length > 0 ? await executeBlock(this.rules, this.state, previous, contents) : undefined
        const stateRoot = block?.header.stateRoot ?? this.state.tree.root()
        const read = this.readAfter(block)
        // Also of a block that changes nothing: what was decided for its height takes effect without a command.
        // What was decided for the first height is what consensus begins with.
        const isFirst = height === this.firstHeight
        const validators = isFirst ? [] : await loading(this.state, () => validatorUpdates(read, height))
        const finalized = { height, stateRoot, block, fates, validators }
        this.pending = { height, timeMs, finalized, restore }
        return finalized
      } catch (error) {
        restore()
        throw error
      }
    })
  }

  /**
   * Which candidates enter: admitted, and of several of a participant under one id the first that is. Admission comes before the id, so
   * that nobody can push a command out of its block by a bad one under the same id. Fates go by place, never by object:
   * one node may read a command that stands twice into one object and another into two, and the results are hashed.
   */
  private async select(candidates: readonly Candidate[], at: { height: number; timeMs: number }) {
    const admitted: Admitted[] = []
    const fates: Fate[] = []
    const taken = new Set<string>()
    for (const candidate of candidates) {
      if (this.isRecorded(candidate) || taken.has(candidate.idKey)) {
        fates.push({ candidate, error: undefined })
        continue
      }
      const found = this.admit(candidate, at)
      const decided = found instanceof Promise ? await found : found
      if (decided instanceof LedgerError) {
        fates.push({ candidate, error: decided })
        continue
      }
      taken.add(candidate.idKey)
      admitted.push({ candidate, caller: decided })
      fates.push(null)
    }
    return { admitted, fates }
  }

  /** Makes the finalized block durable, then visible. @throws RequestRefused when there is none */
  async commit(): Promise<Commitment> {
    const { pending } = this
    if (!pending) throw new RequestRefused('commit without a finalized block')
    const { block } = pending.finalized
    if (block) {
      this.isStoring = true
      await this.store(block)
      this.adopt(block)
      this.isStoring = false
    } else {
      await this.whileStoreIsAway(async () => {
        await this.holdLock()
        await this.deps.store.putHeight(pending.height)
      })
    }
    this.pending = undefined
    this.height = pending.height
    this.timeMs = pending.timeMs
    return pending
  }

  /** The state's tree after the block of this height; undefined when it is no longer, or not yet again, in memory. */
  treeAt(height: number): StateTree | undefined {
    return height >= this.head.header.height ? this.state.tree : this.state.treeAt(height)
  }

  /**
   * The canonical text of a key's value after the block of this height; undefined when no more is at hand than its hash.
   * @param want that hash, in the tree of that height: whatever else is found is not given out
   * @throws what the store throws
   */
  async textAt(height: number, key: string, want: Uint8Array): Promise<string | undefined> {
    for (let attempt = 0; attempt < MAX_LOOKS; attempt += 1) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
      const found = height >= this.head.header.height ? 'head' : this.state.valueAt(height, key)
      if (found === 'unknown') return undefined
      const text = found === 'head' ? await this.textAtHead(key) : textOf(found.value)
      if (text !== undefined && compareBytes(valueHash(text), want) === 0) return text
      // A block on its way is in the store before it is in the tree; then its undo says what it replaced.
    }
    return undefined
  }

  /** Not by `state.load`: who asks from outside must not hold up, nor push out, what the execution of commands needs. */
  private async textAtHead(key: string): Promise<string | undefined> {
    if (this.state.isAtHand(key)) return textOf(this.state.value(key))
    return (await this.deps.store.rows.values([key])).get(key)
  }

  /** Waiting for a store that is away ends with an error. */
  close(): void {
    this.isClosed = true
  }

  private adopt(block: BuiltBlock): void {
    const { header, headerHash, tree, changes, commands } = block
    this.state.adopt(tree, changes, header.height)
    for (const { idKey, command } of commands) this.recovered.expiry.add(idKey, command.expiresAt)
    this.current = { header, headerHash, signature: '', tree }
  }

  private async store(block: BuiltBlock): Promise<void> {
    const { store } = this.deps
    const { height } = block.header
    await this.whileStoreIsAway(async () => {
      await this.holdLock()
      try {
        await store.append(block)
      } catch (error) {
        if (!isConflict(error)) throw error
        // Stored by the attempt before, whose answer was lost; or by another process, which must not be.
        const last = await store.lastBlock()
        if (last?.headerHash === block.headerHash) return
        throw new LedgerCorrupt(this.rules.chainId, `another process wrote block ${height}`)
      }
    })
  }

  private async holdLock(): Promise<void> {
    const { store, lock } = this.deps
    if (!lock.isHeld) await lock.acquire(store.lockId, this.rules.chainId, 0)
  }

  /** A block that was agreed on cannot be left out: while the store is away the node waits, and consensus with it. */
  async whileStoreIsAway<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        const isAway = (isStoreError(error) && !isDefiniteFailure(error)) || error instanceof LedgerLocked
        if (!isAway || this.isClosed) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}

const textOf = (value: Json | undefined): string | undefined => (value === undefined ? undefined : canonicalJson(value))
