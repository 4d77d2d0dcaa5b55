import { ed25519 } from '@noble/curves/ed25519.js'
import { assetContent, encodePath, type AssetProof } from '../asset.ts'
import { assetReceipt } from '../asset-receipt.ts'
import { toBase64url } from '../base64url.ts'
import { headerHash, headerSigningBytes, NO_HASH, resultHash, type BlockHeader, type SignedHeader } from '../block.ts'
import { commandDigest, commandKey, type Command } from '../command.ts'
import type { SignatureCheck } from '../ed25519.ts'
import { eventDigest, extendFeed, EMPTY_FEED, feedKey, type EventCore } from '../feed.ts'
import { inOrder } from '../cometbft/index.ts'
import { bytesToHex, hashJson, hexToBytes, sha256Bytes, sha256Hex, utf8ToBytes } from '../hash.ts'
import { EMPTY_HISTORY, extendHistory, HISTORY_KEY, historyLeaf } from '../history.ts'
import type { Json, JsonObject } from '../json.ts'
import { ListTree } from '../list-tree.ts'
import { MountainRange } from '../mountain-range.ts'
import type { Anchor, AssetReceipt, HistoryPlace, KeyReceipt, Receipt, Trust, ValidatorTrust } from '../receipt.ts'
import { SparseTree, type StateProof } from '../sparse-tree.ts'
import { SumTree, type SumLeaf } from '../sum-tree.ts'
import { publicParts, START_SECONDS, TEST_CHAIN, testBlock, testValidator } from './comet-chain.ts'

/** A ledger of a few blocks made by hand, with receipts of every kind under either anchor. */
export const GENESIS = sha256Hex(utf8ToBytes('genesis'))
const operatorSecret = sha256Bytes(utf8ToBytes('operator'))
export const operatorTrust: Trust = {
  chainId: TEST_CHAIN,
  genesisHash: GENESIS,
  operatorKey: toBase64url(ed25519.getPublicKey(operatorSecret)),
}
export const validators = inOrder(['a', 'b', 'c', 'd'].map((name) => testValidator(name, 1)))
export const validatorTrust: ValidatorTrust = {
  chainId: TEST_CHAIN,
  validators: { height: 1, timeMs: 0, validators: publicParts(validators) },
}

export const NOW_MS = START_SECONDS * 1000
export const command = (commandId: string, over: Partial<Command> = {}): Command => ({
  chainId: TEST_CHAIN,
  contract: 'notes',
  method: 'put',
  args: { name: commandId },
  commandId,
  participant: 'core',
  keyId: 'maker-key',
  issuedAt: NOW_MS,
  expiresAt: NOW_MS + 60_000,
  ...over,
})

export function signHeader(header: BlockHeader): SignedHeader {
  const signature = ed25519.sign(headerSigningBytes(headerHash(header)), operatorSecret)
  return { header, signature: toBase64url(signature) }
}

const termsOf = (slot: number) => ({ obligor: `P${slot}`, originalFen: String(1_000_000 + slot) })

const BLOCKS = 5
const PER_BLOCK = 3
const keyHash = (key: string): Uint8Array => sha256Bytes(utf8ToBytes(key))

/** What the operator's header, or CometBFT's app hash, commits to after the last block. */
export class SmallLedger {
  readonly state = new Map<string, Json>()
  readonly batch: SumTree
  readonly batchKey = 'asset-registry/batch/deal-a/1'
  readonly leaves: readonly SumLeaf[]
  private tree = SparseTree.empty()
  private readonly blocks: { commands: Command[]; events: EventCore[]; trees: ListTree[]; leaf: string }[] = []

  constructor(assets = 5, otherKeys = 40, batchState = 'effective') {
    let history = EMPTY_HISTORY
    let feed = EMPTY_FEED
    for (let height = 1; height <= BLOCKS; height += 1) {
      const commands = Array.from({ length: PER_BLOCK }, (_, i) => command(`c-${height}-${i}`))
      const events = commands.map(({ commandId }, index): EventCore => {
        const cursor = { height, index, event: 0 }
        return { cursor, commandId, contract: 'notes', event: 'NotePut', data: { name: commandId } }
      })
      const digests = commands.map(commandDigest)
      const results = commands.map((one) => resultHash(this.result(one)))
      const trees = [digests, events.map(eventDigest), results].map((items) => new ListTree(items))
      const [commandRoot, eventRoot, resultRoot] = trees.map((tree) => tree.root()) as [string, string, string]
      const leaf = historyLeaf(height, { commandRoot, eventRoot, resultRoot })
      this.blocks.push({ commands, events, trees, leaf })
      history = extendHistory(history, leaf)
      for (const event of events) feed = extendFeed(feed, eventDigest(event))
      for (const [index, one] of commands.entries()) {
        this.state.set(commandKey(one), { digest: digests[index]!, height, index, expiresAt: one.expiresAt })
      }
    }
    this.state.set(HISTORY_KEY, { ...history })
    this.state.set(feedKey('public'), { ...feed })
    this.leaves = Array.from({ length: assets }, (_, i) => ({
      content: assetContent(termsOf(i), GENESIS),
      originalFen: BigInt(termsOf(i).originalFen),
      currentFen: 900_000n + BigInt(i),
      defaultedFen: i % 7 === 0 ? 100n : 0n,
    }))
    this.batch = SumTree.of(this.leaves)
    const { hash, top, levels, count, originalFen, currentFen, defaultedFen } = this.batch.root()
    const sums = { count: `${count}`, originalFen: `${originalFen}`, currentFen: `${currentFen}`, defaultedFen: `${defaultedFen}` } // prettier-ignore
    const contentHash = GENESIS
    this.state.set(this.batchKey, { deal: 'deal-a', version: 1, state: batchState, previous: null, root: { hash, top, levels, ...sums }, changed: assets, contentHash, asOf: '2026-01-01' }) // prettier-ignore
    for (let i = 0; i < otherKeys; i += 1) this.state.set(`notes/note/${i}`, { text: `note ${i}` })
    this.tree = this.tree.with(
      [...this.state].map(([key, value]) => ({ keyHash: keyHash(key), valueHash: hexToBytes(hashJson(value)) })),
    )
  }

  private result(one: Command) {
    return { commandId: one.commandId, digest: commandDigest(one), accepted: true, events: 1 } as const
  }

  get stateRoot(): string {
    return this.tree.root()
  }

  proof(key: string): StateProof {
    return this.tree.prove(keyHash(key))
  }

  header(over: Partial<BlockHeader> = {}): BlockHeader {
    const [commandRoot, eventRoot, resultRoot] = this.blocks.at(-1)!.trees.map((tree) => tree.root())
    const roots = { commandRoot: commandRoot!, eventRoot: eventRoot!, resultRoot: resultRoot! }
    const own = { chainId: TEST_CHAIN, height: BLOCKS, previous: NO_HASH, timeMs: NOW_MS, genesisHash: GENESIS }
    return { ...own, ...roots, stateRoot: this.stateRoot, ...over }
  }

  operatorAnchor(over: Partial<BlockHeader> = {}): Anchor {
    return { kind: 'operator', ...signHeader(this.header(over)) }
  }

  cometAnchor(seconds?: number): Anchor {
    const time = seconds === undefined ? {} : { seconds }
    return { kind: 'cometbft', ...testBlock({ height: BLOCKS + 1, validators, appHash: this.stateRoot, ...time }) }
  }

  place(height: number): HistoryPlace {
    const [commandRoot, eventRoot, resultRoot] = this.blocks[height - 1]!.trees.map((tree) => tree.root()) as [string, string, string] // prettier-ignore
    const path = MountainRange.of(this.blocks.map(({ leaf }) => leaf)).path(height - 1)
    const history = this.state.get(HISTORY_KEY) as unknown as HistoryPlace['history']
    return { height, commandRoot, eventRoot, resultRoot, index: height - 1, path, history, proof: this.proof(HISTORY_KEY) } // prettier-ignore
  }

  /** Of the block's second command; without a place when the anchor's own header has the roots. */
  command(anchor: Anchor, height: number, place: HistoryPlace | null = this.place(height)): Receipt {
    const { commands, trees } = this.blocks[height - 1]!
    const one = commands[1]!
    const commandProof = trees[0]!.proof(1)
    return { kind: 'command', command: one, result: this.result(one), commandProof, resultPath: trees[2]!.proof(1).path, place, anchor } // prettier-ignore
  }

  event(anchor: Anchor, height: number, place: HistoryPlace | null = this.place(height)): Receipt {
    const { events, trees } = this.blocks[height - 1]!
    return { kind: 'event', event: events[2]!, proof: trees[1]!.proof(2), place, anchor }
  }

  key(anchor: Anchor, key: string): Receipt {
    const value = this.state.get(key)
    const found =
      value === undefined
        ? ({ present: false, keyHash: bytesToHex(keyHash(key)) } as const)
        : ({ present: true, value } as const)
    return { kind: 'key', key, found, proof: this.proof(key), anchor }
  }

  topic(anchor: Anchor): Receipt {
    const feed = this.state.get(feedKey('public')) as { count: number; hash: string }
    return { kind: 'topic', topic: 'public', feed, proof: this.proof(feedKey('public')), anchor }
  }

  expired(anchor: Anchor, gone: Command, next: SignedHeader | null = null): Receipt {
    const proof = this.proof(commandKey(gone))
    return { kind: 'expired', command: gone, digest: commandDigest(gone), proof, next, anchor }
  }

  /** @param form 1: as receipts were made at first, which are still read */
  asset(anchor: Anchor, slot: number, form: 1 | 2 = 2): AssetReceipt {
    const batch = this.key(anchor, this.batchKey) as KeyReceipt
    const { currentFen, defaultedFen } = this.leaves[slot]!
    const asset: AssetProof = {
      kind: 'sluice/asset/1',
      deal: 'deal-a',
      version: 1,
      slot,
      terms: termsOf(slot),
      salt: GENESIS,
      currentFen: `${currentFen}`,
      defaultedFen: `${defaultedFen}`,
      root: (this.state.get(this.batchKey) as { root: JsonObject }).root,
      path: encodePath(this.batch.proof(slot).siblings),
    }
    if (form === 2) return assetReceipt(batch, asset)
    return { kind: 'asset', asset, batch: this.state.get(this.batchKey) as JsonObject, proof: batch.proof, anchor }
  }
}

/** The same answers, each worked out once: most changes to a receipt leave its signatures as they were. */
export function memoized(check: SignatureCheck): SignatureCheck {
  const known = new Map<string, boolean>()
  return (key, message, signature) => {
    const id = [key, message, signature].map(bytesToHex).join(':')
    const answer = known.get(id) ?? check(key, message, signature)
    known.set(id, answer)
    return answer
  }
}
