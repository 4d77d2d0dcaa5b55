import type { EventRecord } from '#contracts/kernel/event'
import type { VersionResolver } from '#contracts/kernel/execute'
import { chainIdOf, genesisHash, ledgerOperatorKey } from '#proof/block'
import type { CommandName } from '#proof/command'
import type { Json, JsonObject } from '#proof/json'
import { decodeCandidate, idConflict, type CallerOf, type Candidate } from '../application/admission.ts'
import type { ApplicationRules, DefectListener } from '../application/build-block.ts'
import { InFlight } from '../application/in-flight.ts'
import { InOrder } from '../application/in-order.ts'
import type { SigningKey } from '../application/operator-key.ts'
import { FlatTree } from '../application/tree/flat-tree.ts'
import { verifyNative } from '../application/verify-native.ts'
import { LedgerError, type CommittedEvent, type EventCursor, type Executed, type Ledger, type LedgerHead, type Provable } from '../port.ts' // prettier-ignore
import { isStoreError } from './connection.ts'
import { answerOf } from './pending.ts'
import { asReadError } from './read-error.ts'
import { eventsAfter, untilCommitted, valuesAtHead } from './reads.ts'
import { exportLedger } from './export.ts'
import { operatorAnchoring, Prover } from './prove.ts'
import { recover } from './recover.ts'
import { DEFAULT_LIMITS, type SequencerLimits } from './limits.ts'
import { Sequencer } from './sequencer.ts'
import { LedgerSessions } from './sessions.ts'
import { LedgerStore } from './store.ts'

export interface EmbeddedLedgerOptions {
  readonly databaseUrl: string
  /** What the founders agreed on and its events; the document names `ledgerOperator.publicKey`. */
  readonly genesis: { readonly document: JsonObject; readonly events: readonly EventRecord[] }
  readonly registry: VersionResolver
  readonly callerOf: CallerOf
  /** Signs block headers; must be the key that genesis names. */
  readonly operatorKey: SigningKey
  /** Milliseconds; the system clock unless a test says otherwise. */
  readonly now?: () => number
  readonly limits?: Partial<SequencerLimits>
  /** How long to wait for another process to let go of the ledger. */
  readonly lockPatienceMs?: number
  readonly onDefect?: DefectListener
}

const MAX_EXPORTS = 4

/** The default driver: one process sequences, Postgres keeps, the operator's signature is what is trusted. */
export class EmbeddedLedger implements Ledger {
  private readonly prover: Prover
  private exports = 0
  private readonly order = new InOrder()
  private readonly inFlight = new InFlight()

  private constructor(
    readonly chainId: string,
    private readonly genesis: JsonObject,
    private readonly sessions: LedgerSessions,
    private readonly store: LedgerStore,
    private readonly sequencer: Sequencer,
  ) {
    this.prover = new Prover(
      store,
      operatorAnchoring(store, () => sequencer.head, sequencer.state),
      sequencer.recent,
    )
  }

  /**
   * Opens the ledger of this genesis, founding it when the database does not know it. Several ledgers share a database.
   * @throws LedgerLocked when another process sequences it; LedgerCorrupt when the rows are not what was signed
   */
  static async open(options: EmbeddedLedgerOptions): Promise<EmbeddedLedger> {
    const { databaseUrl, genesis, registry, callerOf, operatorKey } = options
    const { document } = genesis
    const named = ledgerOperatorKey(document)
    if (named !== operatorKey.publicKey) {
      throw new Error(
        `genesis names the ledger operator ${named ?? '(none)'}, the key at hand is ${operatorKey.publicKey}`,
      )
    }
    const chainId = chainIdOf(document)
    const rules: ApplicationRules = {
      chainId,
      genesisHash: genesisHash(document),
      registry,
      callerOf,
      check: verifyNative,
      ...(options.onDefect && { onDefect: options.onDefect }),
    }
    const limits = { ...DEFAULT_LIMITS, ...options.limits }
    const sessions = new LedgerSessions(databaseUrl, limits.storeTimeoutMs)
    const { lock } = sessions
    try {
      const store = await LedgerStore.open(sessions, chainId, document)
      await lock.acquire(store.lockId, chainId, options.lockPatienceMs ?? 10_000)
      const recovered = await recover(store, rules, operatorKey.publicKey)
      const deps = { store, lock, operatorKey, now: options.now ?? Date.now, limits }
      const sequencer = new Sequencer(rules, recovered, deps)
      await sequencer.enterGenesis(genesis.events)
      const end = await store.end()
      if (end) sequencer.resumeEnded(end)
      return new EmbeddedLedger(chainId, document, sessions, store, sequencer)
    } catch (error) {
      await sessions.close()
      throw error
    }
  }

  async submit(signedBytes: Uint8Array): Promise<Executed> {
    const candidate = decodeCandidate(signedBytes, this.chainId)
    const checkOpen = () => this.sequencer.checkOpen('queue')
    return this.inFlight.answer(candidate, checkOpen, () =>
      this.isRecorded(candidate.idKey) ? this.recorded(candidate) : this.enter(candidate),
    )
  }

  private isRecorded(idKey: string): boolean {
    return this.sequencer.state.has(idKey)
  }

  private async enter(candidate: Candidate): Promise<Executed> {
    try {
      this.sequencer.checkNotEnded()
      await this.order.pass(candidate.command.participant, this.sequencer.preAdmit(candidate))
      // Meanwhile a block that was in doubt may have turned out to be there, and this command in it.
      if (this.isRecorded(candidate.idKey)) return await this.recorded(candidate)
      return await this.sequencer.enqueue(candidate)
    } catch (error) {
      if (isStoreError(error)) throw new LedgerError('queue', 'STORE_UNAVAILABLE', true)
      // Long after its expiry the id has left the state, but what was answered once is answered again.
      if (error instanceof LedgerError && error.code === 'EXPIRED') return this.recorded(candidate, error)
      throw error
    }
  }

  /**
   * Ends the ledger for good: nothing is committed after its last block any more, here or after a restart. It is still
   * read, proven from and exported; its export can found a chain that goes on from it (docs/adr/031).
   * @throws LedgerError CLOSED; STORE_UNAVAILABLE, then ask again: until a restart nothing is taken
   */
  end(): Promise<{ readonly height: number; readonly signature: string }> {
    return this.reading(() => this.sequencer.end())
  }

  private async recorded({ command, digest }: Candidate, otherwise?: LedgerError): Promise<Executed> {
    const stored = await this.reading(() => this.store.command(command))
    if (stored?.digest === digest) return this.reading(() => answerOf(this.store, stored))
    if (otherwise) throw otherwise
    throw idConflict(command, stored?.digest ?? null)
  }

  outcome(command: CommandName): Promise<Executed | undefined> {
    return this.reading(async () => {
      const stored = await this.store.command(command)
      return stored && answerOf(this.store, stored)
    })
  }

  /** Keys in the state, and bytes that its tree takes with the versions of the last heights. */
  get stateSize(): { readonly keys: number; readonly bytes: number } {
    const { tree } = this.sequencer.state
    return tree instanceof FlatTree ? { keys: tree.size, bytes: tree.memory.usedBytes } : { keys: 0, bytes: 0 }
  }

  head(): Promise<LedgerHead> {
    const { header, headerHash } = this.sequencer.head
    return Promise.resolve({ height: header.height, timeMs: header.timeMs, headerHash })
  }

  query(keys: readonly string[]): Promise<{ height: number; values: readonly (Json | undefined)[] }> {
    return this.reading(() =>
      valuesAtHead(keys, { state: this.sequencer.state, height: this.sequencer.head.header.height }, this.store),
    )
  }

  events(after: EventCursor | undefined, page: { limit: number; topic?: string }): Promise<readonly CommittedEvent[]> {
    return this.reading(() => eventsAfter(after, page, this.store))
  }

  waitFor(height: number, timeoutMs: number): Promise<boolean> {
    return untilCommitted(() => this.sequencer.head.header.height >= height, (listener) => this.onCommit(listener), timeoutMs) // prettier-ignore
  }

  onCommit(listener: (height: number) => void): () => void {
    return this.sequencer.onCommit(listener)
  }

  prove(what: Provable): Promise<JsonObject> {
    return this.reading(() => this.prover.prove(what))
  }

  /** @throws LedgerError QUEUE_FULL when too many are being read; STORE_UNAVAILABLE, then begin anew */
  async *export(): AsyncIterable<string> {
    this.sequencer.checkOpen('read')
    if (this.exports >= MAX_EXPORTS) throw new LedgerError('read', 'QUEUE_FULL', true, { exports: this.exports })
    this.exports += 1
    try {
      yield* exportLedger(this.chainId, this.genesis, this.store, (what) => this.prove(what))
    } catch (error) {
      if (isStoreError(error)) throw new LedgerError('read', 'STORE_UNAVAILABLE', true)
      throw error
    } finally {
      this.exports -= 1
    }
  }

  async close(): Promise<void> {
    await this.sequencer.close()
    await this.sessions.close()
  }

  private async reading<T>(read: () => Promise<T>): Promise<T> {
    this.sequencer.checkOpen('read')
    try {
      return await read()
    } catch (error) {
      throw asReadError(error)
    }
  }
}
