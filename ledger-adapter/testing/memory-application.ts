import type { RequestFinalizeBlock } from 'cosmjs-types/tendermint/abci/types'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import type { Parameters } from '#contracts/governance/state'
import type { EventRecord } from '#contracts/kernel/event'
import { callerOf } from '#contracts/membership/caller'
import { testGenesis } from '#contracts/testing/consortium'
import { chainIdOf, genesisHash } from '#proof/block'
import type { Command } from '#proof/command'
import type { JsonObject } from '#proof/json'
import type { ApplicationRules, BuiltBlock } from '../application/build-block.ts'
import { ExpiryQueue } from '../application/expiry.ts'
import { CommittedState } from '../application/state.ts'
import { verifyNative } from '../application/verify-native.ts'
import { LedgerApplication } from '../cometbft/application.ts'
import { encodeBundle } from '../cometbft/bundle.ts'
import { Machine, type Commitment } from '../cometbft/machine.ts'
import type { Snapshots } from '../cometbft/snapshots.ts'
import type { ReplicaStore } from '../cometbft/store.ts'
import { Transactions } from '../cometbft/transactions.ts'
import type { SequencerLock } from '../embedded/lock.ts'
import { signTest, testCommand, testRegistry } from './fixture.ts'

export const timestamp = (ms: number) => ({
  seconds: BigInt(Math.floor(ms / 1000)),
  nanos: Math.floor(ms % 1000) * 1_000_000,
})

let usual: readonly EventRecord[] | undefined

/**
 * The application as CometBFT meets it, over rows in memory: everything is real but the store, which a test may take
 * away. It keeps next to no value at hand, so that it asks the store again and again.
 */
export class MemoryApplication {
  readonly commitments: Commitment[] = []
  readonly chainId: string
  readonly application: LedgerApplication
  readonly machine: Machine
  readonly transactions: Transactions
  /** What the store answers instead of rows. */
  trouble: Error | undefined
  /** Before a block is stored. */
  beforeAppend: () => Promise<void> = () => Promise.resolve()
  readonly rows = new Map<string, string>()
  /** Of the node's clock. */
  nowMs = Date.now()
  private next = 0

  private constructor(
    readonly genesis: GenesisDocument,
    snapshots: Partial<Snapshots>,
  ) {
    const document = genesis as unknown as JsonObject
    this.chainId = chainIdOf(document)
    const rules: ApplicationRules = {
      chainId: this.chainId,
      genesisHash: genesisHash(document),
      registry: testRegistry,
      callerOf,
      check: verifyNative,
    }
    const { rows } = this
    const answer = <T>(value: T): Promise<T> => (this.trouble ? Promise.reject(this.trouble) : Promise.resolve(value))
    const found = (keys: readonly string[]) =>
      new Map(keys.flatMap((key) => (rows.has(key) ? [[key, rows.get(key)!] as const] : [])))
    const store: Partial<ReplicaStore> = {
      append: async ({ changes }: BuiltBlock) => {
        await answer(undefined)
        await this.beforeAppend()
        for (const { key, text } of changes) {
          if (text === undefined) rows.delete(key)
          else rows.set(key, text)
        }
      },
      putHeight: () => answer(undefined),
    }
    const state = new CommittedState((keys) => answer(keys).then(found), undefined, 1)
    const recovered = { state, expiry: new ExpiryQueue(), last: undefined }
    const lock = { isHeld: true } as SequencerLock
    this.machine = new Machine(rules, recovered, 0, { store: store as ReplicaStore, lock })
    this.transactions = new Transactions(this.chainId)
    this.application = new LedgerApplication({
      chainId: this.chainId,
      genesis: document,
      machine: this.machine,
      transactions: this.transactions,
      snapshots: { committed: () => undefined, ...snapshots } as Snapshots,
      now: () => this.nowMs,
      onCommit: (commitment) => this.commitments.push(commitment),
      onMisbehaviour: () => undefined,
    })
  }

  /** @param parameters of governance, from genesis on */
  static async create(
    parameters?: Partial<Parameters>,
    snapshots: Partial<Snapshots> = {},
  ): Promise<MemoryApplication> {
    const plain = testGenesis()
    const governance = parameters ? { ...plain.governance, parameters } : plain.governance
    const one = new MemoryApplication({ ...plain, governance }, snapshots)
    await one.machine.enterGenesis(parameters ? genesisEvents(one.genesis) : (usual ??= genesisEvents(plain)))
    await one.machine.agree()
    return one
  }

  note(over: Partial<Command> = {}, text = ''): Command {
    const args = { name: `n${(this.next += 1)}`, text }
    return testCommand(this.chainId, 'notes.put', args, { issuedAt: this.nowMs, ...over })
  }

  /** A transaction of these, or of so many notes. */
  bundle(commands: readonly Command[] | number): Uint8Array {
    const all = typeof commands === 'number' ? Array.from({ length: commands }, () => this.note()) : commands
    return encodeBundle(all.map((command) => signTest(command)))
  }

  /** The next block, committed. */
  async block(txs: readonly Uint8Array[], timeMs = this.nowMs) {
    const height = BigInt(this.machine.height + 1)
    const request = { txs: [...txs], height, time: timestamp(timeMs), misbehavior: [] }
    const result = await this.application.finalizeBlock(request as unknown as RequestFinalizeBlock)
    await this.application.commit()
    return result
  }
}
