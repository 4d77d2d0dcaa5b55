import type { CommandResult, SignedHeader } from '#proof/block'
import { EMPTY_FEED, eventDigest, feedKey, type Feed } from '#proof/feed'
import { canonicalJson } from '#proof/canonical'
import type { LightBlock } from '#proof/cometbft/index'
import type { Json, JsonObject } from '#proof/json'
import { ListTree } from '#proof/list-tree'
import type { Anchor, KeyReceipt, Place, Receipt } from '#proof/receipt'
import { commandDigest, commandKey, commandOfKey, ID_RETENTION_MS, type Command, type CommandName, type SignedCommand } from '#proof/command' // prettier-ignore
import { compareBytes } from '#proof/sparse-tree'
import { bytesToHex, sha256TextHex, type Hash } from '#proof/hash'
import { keyHash, valueHash } from '../application/changes.ts'
import { type CommittedState } from '../application/state.ts'
import type { StateTree } from '../application/tree/flat-tree.ts'
import { cursorText, LedgerError, type EventCursor, type Provable } from '../port.ts'
import type { RecentBlocks } from './recent-blocks.ts'
import type { Head } from './sequencer.ts'
import type { LedgerStore } from './store.ts'

/** Trees of blocks proved from of late, since receipts of one block are asked for together. */
const MAX_TREES = 128

/** A driver's way from a state, or from the roots of a block, to what a verifier trusts. */
export interface Anchoring {
  /** @param height of a block that is stored */
  ofBlock(height: number): Promise<{ readonly place: Place; readonly anchor: Anchor }>
  /** The state as late as it can be anchored; `replaced` knows values that a later block has replaced. */
  ofState(): Promise<AnchoredState>
  /** The state after the block of this height, where it is kept and can be anchored; undefined when it is not. */
  ofStateAt?(height: number): Promise<AnchoredState | undefined>
  /** A state whose absences prove that what expired then never happened (proof/verify-expired.ts); none in reach: undefined. */
  afterExpiry(
    expiresAt: number,
  ): Promise<{ readonly tree: StateTree; readonly anchor: Anchor; readonly next: SignedHeader | null } | undefined>
  /** Headers that lead from the validators of a height to those of the latest; absent where an operator signs. */
  validatorsFrom?(height: number): Promise<readonly LightBlock[]>
}

export interface AnchoredState {
  readonly tree: StateTree
  readonly anchor: Anchor
  readonly replaced?: (key: string) => Json | undefined
}

/** Whether absence from a state anchored at this time means that a command was not executed and will not be. */
export const provesExpiry = (timeMs: number, expiresAt: number): boolean =>
  timeMs > expiresAt && timeMs <= expiresAt + ID_RETENTION_MS

/** The embedded ledger: each header is signed, and the states of the head and of some blocks before are at hand. */
export const operatorAnchoring = (
  store: LedgerStore,
  head: () => Head,
  state: Pick<CommittedState, 'treeAt' | 'valueAt'>,
): Anchoring => ({
  async ofBlock(height) {
    return { place: null, anchor: anchorOf((await store.block(height))!) }
  },
  ofState() {
    const { tree, ...signed } = head()
    return Promise.resolve({ tree, anchor: anchorOf(signed) })
  },
  async ofStateAt(height) {
    const tree = height <= head().header.height ? state.treeAt(height) : undefined
    const block = tree && (await store.block(height))
    if (!block) return undefined
    return { tree, anchor: anchorOf(block), replaced: replacedAfter(state, height) }
  },
  async afterExpiry(expiresAt) {
    const { tree, ...signed } = head()
    const { height, timeMs } = signed.header
    if (timeMs <= expiresAt) return undefined
    if (provesExpiry(timeMs, expiresAt)) return { tree, anchor: anchorOf(signed), next: null }
    // The ledger was idle, or it is long ago: the last block before the expiry, and the one after it.
    const last = await lastBlockUntil(store, height, expiresAt)
    const former = state.treeAt(last)
    const [block, next] = await Promise.all([store.block(last), store.block(last + 1)])
    if (!former || !block || !next) return undefined
    return { tree: former, anchor: anchorOf(block), next: { header: next.header, signature: next.signature } }
  },
})

/** The values that a block after this height has replaced, as the undo log remembers them. */
export const replacedAfter =
  (state: Pick<CommittedState, 'valueAt'>, height: number) =>
  (key: string): Json | undefined => {
    const found = state.valueAt(height, key)
    return typeof found === 'object' ? found.value : undefined
  }

/** The last block not after this time, which is not the head's; block 0 has time 0. */
async function lastBlockUntil(store: LedgerStore, head: number, timeMs: number): Promise<number> {
  let [low, high] = [0, head]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if ((await store.block(middle))!.header.timeMs <= timeMs) low = middle
    else high = middle
  }
  return low
}

/** Builds the receipts that `proof/verify-receipt.ts` verifies. */
export class Prover {
  private readonly trees = new Map<string, Promise<ListTree>>()

  constructor(
    private readonly store: LedgerStore,
    private readonly anchoring: Anchoring,
    /** The last blocks of a ledger whose own header is the anchor of what happened in it. */
    private readonly recent?: RecentBlocks,
  ) {}

  /** @throws LedgerError NOT_FOUND */
  async prove(what: Provable): Promise<JsonObject> {
    return (await this.receipt(what)) as unknown as JsonObject
  }

  private async receipt(what: Provable): Promise<Receipt> {
    switch (what.kind) {
      case 'command':
        return this.command(what)
      case 'event':
        return this.event(what.cursor)
      case 'key':
        return this.key(what.key, what.height)
      case 'expired':
        return this.expired(what.command)
      case 'validators': {
        const blocks = await this.anchoring.validatorsFrom?.(what.from)
        if (!blocks) throw notFound({ from: what.from, why: 'an operator signs this ledger: it has no validators' })
        return { kind: 'validators', blocks }
      }
      case 'topic': {
        const { found, proof, anchor } = await this.key(feedKey(what.topic), what.height)
        const { count, hash } = found.present ? (found.value as unknown as Feed) : EMPTY_FEED
        return { kind: 'topic', topic: what.topic, feed: { count, hash }, proof, anchor }
      }
    }
  }

  private async command({ participant, commandId }: CommandName): Promise<Receipt> {
    const name = { participant, commandId }
    const recent = this.recent?.find(name)
    if (recent) return recentReceipt(recent)
    const stored = await this.store.command(name)
    if (!stored) throw notFound(name)
    const { height, index } = stored
    let read: ReturnType<LedgerStore['commandsOf']> | undefined
    const all = () => (read ??= this.store.commandsOf(height)) // once for both trees
    const [anchored, commands, results] = await Promise.all([
      this.anchoring.ofBlock(height),
      this.tree(`commands ${height}`, async () => (await all()).map(({ digest }) => digest)),
      this.tree(`results ${height}`, async () => (await all()).map(hashOfResult)),
    ])
    const { command } = JSON.parse(stored.signed) as SignedCommand
    const result = JSON.parse(stored.result) as CommandResult
    const { path: resultPath } = results.proof(index)
    const commandProof = commands.proof(index)
    return { kind: 'command', command, result, commandProof, resultPath, ...anchored }
  }

  private async expired(command: Command): Promise<Receipt> {
    const { participant, commandId, expiresAt } = command
    const name = { participant, commandId }
    const state = await this.anchoring.afterExpiry(expiresAt)
    if (!state) throw notFound({ ...name, why: 'no state at hand that was written soon after its expiry' })
    const { tree, anchor, next } = state
    const key = keyHash(commandKey(name))
    if (tree.get(key)) throw notFound({ ...name, why: 'it was executed, or its id was spent on another command' })
    return { kind: 'expired', command, digest: commandDigest(command), proof: tree.prove(key), next, anchor }
  }

  private async event(cursor: EventCursor): Promise<Receipt> {
    const [ordinal, event] = await Promise.all([this.store.eventOrdinal(cursor), this.store.event(cursor)])
    if (!event) throw notFound({ cursor: cursorText(cursor) })
    const { height } = cursor
    const tree = await this.tree(`events ${height}`, async () => (await this.store.eventsOf(height)).map(eventDigest))
    const { commandId, contract, event: name, data } = event
    const core = { cursor: event.cursor, commandId, contract, event: name, data }
    return { kind: 'event', event: core, proof: tree.proof(ordinal), ...(await this.anchoring.ofBlock(height)) }
  }

  private async stateAt(height: number | undefined): Promise<AnchoredState> {
    if (height === undefined) return this.anchoring.ofState()
    const state = await this.anchoring.ofStateAt?.(height)
    if (!state) throw notFound({ height, why: 'the state after that block is not kept, or no block has that height' })
    return state
  }

  /** The tree at hand and the value in the store; when the store went on between, asked again. */
  private async key(key: string, height?: number): Promise<KeyReceipt> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const { tree, anchor, replaced } = await this.stateAt(height)
      const want = tree.get(keyHash(key))
      const base = { kind: 'key', key, proof: tree.prove(keyHash(key)), anchor } as const
      if (!want) return { ...base, found: { present: false, keyHash: bytesToHex(keyHash(key)) } }
      const former = replaced?.(key)
      if (former !== undefined) return { ...base, found: { present: true, value: former } }
      const text = (await this.store.values([key])).get(key) ?? (await this.spentId(key))
      if (text !== undefined && compareBytes(valueHash(text), want) === 0) {
        return { ...base, found: { present: true, value: JSON.parse(text) as Json } }
      }
    }
    throw new LedgerError('read', 'BEHIND_POSITION', true, { key })
  }

  /** What stood under the id of a command that has left the state since: the block log remembers it. */
  private async spentId(key: string): Promise<string | undefined> {
    const name = commandOfKey(key)
    const stored = name && (await this.store.command(name))
    if (!stored) return undefined
    const { digest, height, index } = stored
    const { expiresAt } = (JSON.parse(stored.signed) as SignedCommand).command
    return canonicalJson({ digest, height, index, expiresAt })
  }

  private tree(name: string, items: () => Promise<readonly string[]>): Promise<ListTree> {
    const known = this.trees.get(name)
    if (known) return known
    const made = items().then((hashes) => new ListTree(hashes))
    this.trees.set(name, made)
    made.catch(() => this.trees.delete(name))
    const [oldest] = this.trees.keys()
    if (this.trees.size > MAX_TREES && oldest !== undefined) this.trees.delete(oldest)
    return made
  }
}

function recentReceipt({ block, signature, index }: NonNullable<ReturnType<RecentBlocks['find']>>): Receipt {
  const { header, commands, results, commandTree, resultTree } = block
  const { command } = commands[index]!.signed
  const proofs = { commandProof: commandTree.proof(index), resultPath: resultTree.proof(index).path }
  return { kind: 'command', command, result: results[index]!, ...proofs, place: null, anchor: anchorOf({ header, signature }) } // prettier-ignore
}

const anchorOf = ({ header, signature }: SignedHeader): Anchor => ({ kind: 'operator', header, signature })

/** Of the canonical text, as it is stored. */
const hashOfResult = ({ result }: { readonly result: string }): Hash => sha256TextHex(result)

const notFound = (details: JsonObject): LedgerError => new LedgerError('read', 'NOT_FOUND', true, details)

const MAX_ATTEMPTS = 50
