import { millisOf, type LightBlock } from '#proof/cometbft/index'
import { canonicalJson } from '#proof/canonical'
import { HISTORY_KEY, type History } from '#proof/history'
import type { Json } from '#proof/json'
import type { Anchor, HistoryPlace } from '#proof/receipt'
import { compareBytes } from '#proof/sparse-tree'
import { keyHash, valueHash } from '../application/changes.ts'
import type { StateTree } from '../application/tree/flat-tree.ts'
import { provesExpiry, replacedAfter, type Anchoring } from '../embedded/prove.ts'
import { LedgerError } from '../port.ts'
import { waiting } from '../waiting.ts'
import { BlockHistory } from './block-history.ts'
import { blocksToFollow } from './follow.ts'
import type { Machine } from './machine.ts'
import { lightBlockAt, RpcError, type CometbftRpc } from './rpc.ts'
import type { ReplicaStore } from './store.ts'

const DEFAULT_PATIENCE_MS = 15_000
const RETRY_MS = 20
const KEPT_ANCHORS = 8

interface AnchoredState {
  readonly height: number
  readonly tree: StateTree
  readonly anchor: Anchor
}

/**
 * CometBFT's anchor: the root of the state after block h stands in the header of h+1, which more than two thirds of the
 * validators signed. A fact of an older block goes through the history in the state, so any later header will do.
 */
export class ConsensusAnchoring implements Anchoring {
  private readonly anchors = new Map<number, Promise<LightBlock>>()
  private readonly history: BlockHistory

  constructor(
    private readonly machine: Machine,
    store: ReplicaStore,
    private readonly rpc: CometbftRpc,
    private readonly patienceMs = DEFAULT_PATIENCE_MS,
    /** Of others: they have the headers of before this node joined. Whoever follows these headers checks them. */
    private readonly peers: readonly CometbftRpc[] = [],
  ) {
    this.history = new BlockHistory(store)
  }

  async ofBlock(height: number): Promise<{ place: HistoryPlace; anchor: Anchor }> {
    const { tree, anchor, height: anchored } = await this.from(height)
    const key = keyHash(HISTORY_KEY)
    // At once: while the blocks are read others are committed, and older trees let go.
    const [want, proof] = [tree.get(key), tree.prove(key)]
    const isInState = (history: History) =>
      want !== undefined && compareBytes(valueHash(canonicalJson(history as unknown as Json)), want) === 0
    const place = await this.history.placeOf(height, anchored, isInState)
    return { place: { ...place, proof }, anchor }
  }

  async ofState(): Promise<{ tree: StateTree; anchor: Anchor; replaced: (key: string) => Json | undefined }> {
    const { tree, anchor, height } = await this.from(this.machine.head.header.height)
    return { tree, anchor, replaced: replacedAfter(this.machine.state, height) }
  }

  /**
   * The header after this height says its root. That of the head may still be on its way, and is waited for.
   * @throws LedgerError BEHIND_POSITION when it does not come
   */
  async ofStateAt(height: number) {
    const { machine } = this
    if (height < machine.firstHeight - 1) return undefined
    if (height >= machine.height) {
      if (height !== machine.head.header.height) return undefined
      await this.from(height)
    }
    const { state } = machine
    const tree = machine.treeAt(height)
    if (!tree) return undefined
    try {
      return { ...(await this.anchored(height, tree)), replaced: replacedAfter(state, height) }
    } catch (error) {
      // CometBFT no longer has that header.
      if (error instanceof RpcError) return undefined
      throw error
    }
  }

  async afterExpiry(expiresAt: number): Promise<{ tree: StateTree; anchor: Anchor; next: null } | undefined> {
    const { tree, anchor } = await this.ofState()
    const timeMs = anchor.kind === 'cometbft' ? millisOf(anchor.header.time) : anchor.header.timeMs
    return provesExpiry(timeMs, expiresAt) ? { tree, anchor, next: null } : undefined
  }

  /** @throws LedgerError NOT_FOUND when this node has no header of that height, or not yet */
  async validatorsFrom(height: number): Promise<readonly LightBlock[]> {
    const latest = this.machine.height
    if (height < 1 || height > latest) throw new LedgerError('read', 'NOT_FOUND', true, { from: height, latest })
    try {
      // Not through the kept anchors: what is followed here is asked for once.
      return await blocksToFollow(await this.lightBlock(latest), (at) => this.askAny(at), height)
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      throw new LedgerError('read', 'NOT_FOUND', true, { from: height, why: error.data.slice(0, 200) })
    }
  }

  /** The state after this height or a later one, as soon as a header says its root. @throws LedgerError BEHIND_POSITION */
  private async from(height: number): Promise<AnchoredState> {
    const until = performance.now() + this.patienceMs
    const look = () =>
      this.latest(height).catch((error: unknown) => {
        if (performance.now() > until) throw error
        return undefined
      })
    return (await look()) ?? waiting(() => this.awaited(height, until, look))
  }

  private async awaited(
    height: number,
    until: number,
    look: () => Promise<AnchoredState | undefined>,
  ): Promise<AnchoredState> {
    for (;;) {
      if (performance.now() > until) throw new LedgerError('read', 'BEHIND_POSITION', true, { height })
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      const found = await look()
      if (found) return found
    }
  }

  private async latest(atLeast: number): Promise<AnchoredState | undefined> {
    const { machine } = this
    const anchoring = machine.height
    const tree = anchoring > atLeast ? machine.treeAt(anchoring - 1) : undefined
    if (!tree) return undefined
    return this.anchored(anchoring - 1, tree)
  }

  private async anchored(height: number, tree: StateTree): Promise<AnchoredState> {
    const root = tree.root()
    const block = await this.lightBlock(height + 1)
    if (block.header.appHash !== root) {
      throw new Error(`header ${height + 1} says the state has root ${block.header.appHash}, here it is ${root}`)
    }
    return { height, tree, anchor: { kind: 'cometbft', ...block } }
  }

  private lightBlock(height: number): Promise<LightBlock> {
    const known = this.anchors.get(height)
    if (known) return known
    const asked = lightBlockAt(this.rpc, height)
    this.anchors.set(height, asked)
    asked.catch(() => this.anchors.delete(height))
    const [oldest] = this.anchors.keys()
    if (this.anchors.size > KEPT_ANCHORS && oldest !== undefined) this.anchors.delete(oldest)
    return asked
  }

  private async askAny(height: number): Promise<LightBlock> {
    let refusal: unknown
    for (const rpc of [this.rpc, ...this.peers]) {
      try {
        return await lightBlockAt(rpc, height)
      } catch (error) {
        refusal ??= error // of this node's own CometBFT
      }
    }
    throw refusal
  }
}
