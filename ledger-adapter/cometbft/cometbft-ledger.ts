import { chainIdOf, genesisHash } from '#proof/block'
import type { CommandName } from '#proof/command'
import type { Json, JsonObject } from '#proof/json'
import { predecessorOf } from '#proof/predecessor'
import { decodeCandidate, idConflict, type Candidate } from '../application/admission.ts'
import type { ApplicationRules } from '../application/build-block.ts'
import { storeHistory } from '../application/continue.ts'
import { InFlight } from '../application/in-flight.ts'
import { InOrder } from '../application/in-order.ts'
import { verifyNative } from '../application/verify-native.ts'
import { exportLedger, exportRange, type HeightRange } from '../embedded/export.ts'
import { LedgerSessions } from '../embedded/sessions.ts'
import { Prover } from '../embedded/prove.ts'
import { asReadError } from '../embedded/read-error.ts'
import { eventsAfter, untilCommitted, valuesAtHead } from '../embedded/reads.ts'
import { recover } from '../embedded/recover.ts'
import { answerOf, executedOf } from '../embedded/pending.ts'
import { LedgerError, type CommittedEvent, type EventCursor, type Executed, type Ledger, type LedgerHead, type Provable } from '../port.ts' // prettier-ignore
import { serveAbci, type AbciServer } from './abci/index.ts'
import { LedgerApplication } from './application.ts'
import { ConsensusAnchoring } from './anchoring.ts'
import { tellMisbehaviour } from './evidence.ts'
import { fillHistory, type HistorySource } from './fill-history.ts'
import type { CometbftLedgerOptions } from './ledger-options.ts'
import { Bundler, DEFAULT_LIMITS } from './bundler.ts'
import { Machine, type Commitment } from './machine.ts'
import { CometbftRpc } from './rpc.ts'
import { SnapshotStore } from './snapshot-store.ts'
import { Snapshots } from './snapshots.ts'
import { ReplicaStore } from './store.ts'
import { Transactions } from './transactions.ts'

const STORE_TIMEOUT_MS = 30_000

/**
 * One organisation's node of a ledger that many organisations agree on: CometBFT orders, this process executes and
 * keeps. Open it first, then start CometBFT with `proxy_app` = `abciAddress`; commands sent before CometBFT answers wait.
 */
export class CometbftLedger implements Ledger {
  private readonly prover: Prover
  private readonly order = new InOrder()
  private readonly inFlight = new InFlight()
  private readonly listeners = new Set<(height: number) => void>()
  private readonly transactions: Transactions
  private readonly bundler: Bundler
  private server: AbciServer | undefined
  private snapshots: Snapshots | undefined
  private failure: string | undefined

  private constructor(
    readonly chainId: string,
    private readonly options: CometbftLedgerOptions,
    private readonly sessions: LedgerSessions,
    private readonly store: ReplicaStore,
    private readonly machine: Machine,
    private readonly snapshotStore: SnapshotStore,
    private historyIsDue: boolean,
  ) {
    const [own, ...peers] = options.rpc.map((url) => new CometbftRpc(url))
    this.prover = new Prover(store.rows, new ConsensusAnchoring(machine, store, own!, options.limits?.anchorMs, peers))
    this.transactions = new Transactions(chainId)
    this.bundler = new Bundler({
      rpcs: options.rpc.map((url) => new CometbftRpc(url)),
      transactions: this.transactions,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      now: this.now,
      parameters: () => machine.parameters,
      recorded: async (candidate) => (machine.isRecorded(candidate) ? this.recorded(candidate) : undefined),
      isPast: (candidate) => this.isPast(candidate),
      onProblem: (error) => options.onProblem?.({ kind: 'wire', error, request: 'broadcast_tx_sync' }),
    })
  }

  /**
   * Opens the node's ledger of this genesis, entering block 0 when the database does not know it, and serves it to
   * CometBFT. Several ledgers share a database.
   * @throws HistoryRefused when the export is not what genesis continues; LedgerLocked when another process runs it;
   * LedgerCorrupt when the rows do not have the root they should
   */
  static async open(options: CometbftLedgerOptions): Promise<CometbftLedger> {
    const { databaseUrl, genesis, registry, callerOf, history } = options
    if (options.rpc.length === 0) throw new RangeError("rpc: at least this node's own address")
    const chainId = chainIdOf(genesis.document)
    const predecessor = predecessorOf(genesis.document)
    const rules: ApplicationRules = {
      chainId,
      genesisHash: genesisHash(genesis.document),
      registry,
      callerOf,
      check: verifyNative,
      ...(predecessor && { predecessor }),
      ...(options.onDefect && { onDefect: options.onDefect }),
    }
    const sessions = new LedgerSessions(databaseUrl, STORE_TIMEOUT_MS)
    const { database, lock } = sessions
    try {
      const store = await ReplicaStore.open(sessions, chainId, genesis.document)
      await lock.acquire(store.lockId, chainId, options.lockPatienceMs ?? 10_000)
      if (predecessor) await storeHistory(store.rows, predecessor, history?.rules ?? {}, history?.lines)
      const recovered = await recover(store.rows, rules, undefined)
      const machine = new Machine(rules, recovered, await store.height(), { store, lock })
      await machine.enterGenesis(genesis.events)
      await machine.agree()
      const snapshotStore = await SnapshotStore.open(database, lock, store.lockId, chainId)
      const isDue = (await snapshotStore.restored())?.isFilled === false
      const ledger = new CometbftLedger(chainId, options, sessions, store, machine, snapshotStore, isDue)
      await ledger.serve()
      return ledger
    } catch (error) {
      await sessions.close()
      throw error
    }
  }

  /** For CometBFT's `proxy_app`. */
  get abciAddress(): string {
    return this.server!.address
  }

  /** The last height of consensus that is durable here; blocks without commands count, as they do not in `head`. */
  get consensusHeight(): number {
    return this.machine.height
  }

  private readonly now = (): number => (this.options.now ?? Date.now)()

  /** Of the state that is being taken from others: how many of the snapshot's chunks are here. */
  get restoring(): Snapshots['progress'] {
    return this.snapshots?.progress
  }

  /** The first height of consensus. */
  get firstHeight(): number {
    return this.machine.firstHeight
  }

  /** True from a state sync until `fillHistory`: the node executes, and does not yet know what happened before. */
  get needsHistory(): boolean {
    return this.historyIsDue
  }

  /** The last block whose contents and all before it are to be filled in; undefined when all of it is here. */
  async historyWanted(): Promise<number | undefined> {
    const restored = await this.snapshotStore.restored()
    return restored?.isFilled === false ? restored.block : undefined
  }

  /**
   * Fills in what happened before the state that was restored, from position 0, each line verified.
   * @throws HistoryRefused with the first thing that does not hold; nothing of that export is kept
   */
  async fillHistory(source: HistorySource): Promise<void> {
    const chain = { chainId: this.chainId, genesisHash: genesisHash(this.options.genesis.document) }
    await fillHistory(chain, { replica: this.store, snapshots: this.snapshotStore }, source)
    this.historyIsDue = (await this.historyWanted()) !== undefined
    for (const listener of [...this.listeners]) listener(this.machine.head.header.height)
  }

  private async serve(): Promise<void> {
    const { machine } = this
    const rules = { chainId: this.chainId, genesisHash: genesisHash(this.options.genesis.document) }
    const snapshots = (this.snapshots = new Snapshots({
      rules,
      machine,
      store: this.snapshotStore,
      onRestored: () => (this.historyIsDue = true),
      onProblem: (error) => this.options.onProblem?.({ kind: 'application', error, request: 'listSnapshots' }),
      ...(this.options.snapshots && { options: this.options.snapshots }),
    }))
    const application = new LedgerApplication({
      chainId: this.chainId,
      genesis: this.options.genesis.document,
      machine,
      snapshots,
      transactions: this.transactions,
      now: this.now,
      onCommit: (commitment) => this.committed(commitment),
      onMisbehaviour: (height) => void this.tellMisbehaviour(height),
    })
    this.server = await serveAbci(application, {
      listen: this.options.listen ?? { port: 0 },
      onProblem: (problem) => {
        this.options.onProblem?.(problem)
        if (problem.kind !== 'application' || this.failure !== undefined) return
        const why = problem.error instanceof Error ? problem.error : new Error(String(problem.error))
        this.fail(why.message)
        this.options.onFailed?.(why)
      },
    })
  }

  private committed(commitment: Commitment): void {
    const { block } = commitment.finalized
    this.bundler.settle(commitment, block ? executedOf(block) : [])
    if (block) for (const listener of [...this.listeners]) listener(commitment.height)
  }

  /** The application is told who and when; the votes that show it stand in the block. */
  private async tellMisbehaviour(height: number): Promise<void> {
    const { onMisbehaviour, onProblem, rpc } = this.options
    if (!onMisbehaviour) return
    await tellMisbehaviour(new CometbftRpc(rpc[0]!), height, {
      isOpen: () => this.failure === undefined,
      tell: (doubleVote) => onMisbehaviour(doubleVote, this),
      problem: (error) => onProblem?.({ kind: 'application', error, request: 'finalizeBlock' }),
    })
  }

  private fail(why: string): void {
    this.failure ??= why
    this.bundler.close(this.failure)
  }

  async submit(signedBytes: Uint8Array): Promise<Executed> {
    const candidate = decodeCandidate(signedBytes, this.chainId)
    const checkOpen = () => this.checkOpen('queue')
    return this.inFlight.answer(candidate, checkOpen, () =>
      this.machine.isRecorded(candidate) ? this.recorded(candidate) : this.enter(candidate, signedBytes),
    )
  }

  private async enter(candidate: Candidate, bytes: Uint8Array): Promise<Executed> {
    try {
      await this.order.pass(candidate.command.participant, this.preAdmit(candidate))
      return await this.bundler.send(candidate, bytes)
    } catch (error) {
      // Long after its expiry the id has left the state, but what was answered once is answered again.
      if (error instanceof LedgerError && error.code === 'EXPIRED') return this.recorded(candidate, error)
      throw error
    }
  }

  /** The rules of admission against the next block; CheckTx and the block ask again. @throws LedgerError */
  private async preAdmit(candidate: Candidate): Promise<void> {
    const at = { height: this.machine.height + 1, timeMs: Math.max(this.now(), this.machine.timeMs) }
    const error = await this.reading(() => this.machine.refusalOf(candidate, at))
    if (!error) return
    if (error.code !== 'EXPIRED' || this.isPast(candidate)) throw error
    // By our clock alone. Whoever sent it before may still see it executed: after a pause a block bears an old time.
    throw new LedgerError('admission', 'EXPIRED', false, error.details)
  }

  /** Whether block time has passed its expiry: with no record of it by then, it never happened (LEDGER.md §1). */
  private isPast({ command }: Candidate): boolean {
    return this.machine.timeMs > command.expiresAt
  }

  private async recorded({ command, digest }: Candidate, otherwise?: LedgerError): Promise<Executed> {
    const stored = await this.readingPast(() => this.store.rows.command(command))
    if (stored?.digest === digest) return this.reading(() => answerOf(this.store.rows, stored))
    if (otherwise) throw otherwise
    throw idConflict(command, stored?.digest ?? null)
  }

  outcome(command: CommandName): Promise<Executed | undefined> {
    return this.readingPast(async () => {
      const stored = await this.store.rows.command(command)
      return stored && answerOf(this.store.rows, stored)
    })
  }

  /** The last block that changed something; the same on every node. */
  async head(): Promise<LedgerHead> {
    this.checkOpen('read')
    const { header, headerHash } = this.machine.head
    return { height: header.height, timeMs: header.timeMs, headerHash }
  }

  query(keys: readonly string[]): Promise<{ height: number; values: readonly (Json | undefined)[] }> {
    return this.reading(() =>
      valuesAtHead(keys, { state: this.machine.state, height: this.machine.head.header.height }, this.store.rows),
    )
  }

  events(after: EventCursor | undefined, page: { limit: number; topic?: string }): Promise<readonly CommittedEvent[]> {
    return this.readingPast(() => eventsAfter(after, page, this.store.rows))
  }

  waitFor(height: number, timeoutMs: number): Promise<boolean> {
    return untilCommitted(() => this.machine.head.header.height >= height, (listener) => this.onCommit(listener), timeoutMs) // prettier-ignore
  }

  onCommit(listener: (height: number) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  prove(what: Provable): Promise<JsonObject> {
    return this.readingPast(() => this.prover.prove(what))
  }

  async *export(): AsyncIterable<string> {
    this.checkHistory()
    yield* exportLedger(this.chainId, this.options.genesis.document, this.store.rows, (what) => this.prove(what))
  }

  /**
   * The blocks of these heights as an export holds them, without proofs: what a node that joins fills its history in
   * from, the same on every node.
   * @throws LedgerError HISTORY_INCOMPLETE; BEHIND_POSITION when this node is not that far
   */
  async *history(range: HeightRange): AsyncIterable<string> {
    this.checkOpen('read')
    this.checkHistory()
    const { height } = this.machine.head.header
    if (range.to > height) throw new LedgerError('read', 'BEHIND_POSITION', true, { height: range.to, head: height })
    try {
      yield* exportRange(this.chainId, this.options.genesis.document, this.store.rows, range)
    } catch (error) {
      throw asReadError(error)
    }
  }

  /** Stop CometBFT first, or it ends itself when its application is gone. */
  async close(): Promise<void> {
    this.fail('closed')
    this.machine.close()
    await this.server?.close()
    await this.sessions.close()
  }

  private checkOpen(stage: 'queue' | 'read'): void {
    if (this.failure !== undefined) throw new LedgerError(stage, 'CLOSED', true, { why: this.failure })
  }

  private checkHistory(): void {
    if (this.historyIsDue) throw new LedgerError('read', 'HISTORY_INCOMPLETE', true)
  }

  /** What happened: only once all of it is here, or a gap would look like silence. */
  private readingPast<T>(read: () => Promise<T>): Promise<T> {
    return this.reading(() => {
      this.checkHistory()
      return read()
    })
  }

  private async reading<T>(read: () => Promise<T>): Promise<T> {
    this.checkOpen('read')
    try {
      return await read()
    } catch (error) {
      throw asReadError(error)
    }
  }
}
