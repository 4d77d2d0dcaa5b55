import type { EventRecord } from '#contracts/kernel/event'
import type { VersionResolver } from '#contracts/kernel/execute'
import { Overlay, type Key, type Read } from '#contracts/kernel/state'
import { headerHash, NO_HASH, type BlockHeader, type CommandResult } from '#proof/block'
import { canonicalJson } from '#proof/canonical'
import type { Command } from '#proof/command'
import type { SignatureCheck } from '#proof/ed25519'
import { EMPTY_FEED, eventDigestOf, eventTextOf, extendFeed, feedKey, type Feed } from '#proof/feed'
import { sha256TextHex, type Hash } from '#proof/hash'
import { blockKey, EMPTY_HISTORY, extendHistory, HISTORY_KEY, historyLeaf, type BlockRoots, type History } from '#proof/history' // prettier-ignore
import type { Json } from '#proof/json'
import { listRoot, ListTree } from '#proof/list-tree'
import type { Predecessor } from '#proof/predecessor'
import type { CommittedEvent, TopicEntry } from '../port.ts'
import type { CallerOf, Candidate } from './admission.ts'
import { BlockAdmission, readsOf, type Admitted, type Refused } from './block-admission.ts'
import { checkWritten, decided, type Checked } from './checked-execution.ts'
import { atOnce } from './loading.ts'
import type { Change, Written } from './changes.ts'
import { freeze, type BlockBase } from './state.ts'
import type { StateTree } from './tree/flat-tree.ts'

export interface ApplicationRules {
  readonly chainId: string
  readonly genesisHash: Hash
  /** Which version of the contracts decides a command; a `Registry` is one that knows one. */
  readonly registry: VersionResolver
  readonly callerOf: CallerOf
  readonly check: SignatureCheck
  /** The ledger that the chain continues: its last block is this one's first. */
  readonly predecessor?: Predecessor
  readonly onDefect?: DefectListener
}

/**
 * Told of a command that met a defect in the contracts, for the node's log; told again when its block is built again. It
 * must not throw.
 */
export type DefectListener = (defect: {
  readonly command: Pick<Command, 'contract' | 'method' | 'participant' | 'commandId'>
  readonly height: number
  readonly problem: string
}) => void

/** What `sys/command/<participant>/<id>` holds while the id is spent. */
export interface CommandRecord {
  readonly digest: Hash
  readonly height: number
  readonly index: number
  readonly expiresAt: number
}

export const GENESIS_COMMAND = 'genesis'

export interface BuiltBlock {
  readonly header: BlockHeader
  readonly headerHash: Hash
  readonly commands: readonly Candidate[]
  readonly results: readonly CommandResult[]
  readonly events: readonly CommittedEvent[]
  readonly changes: readonly Change[]
  readonly tree: StateTree
  /** Canonical texts of the events with their topics, and of the results: each is written once. */
  readonly texts: { readonly events: readonly string[]; readonly results: readonly string[] }
  /** Trees of the command digests and of the result hashes, for receipts. */
  readonly commandTree: ListTree
  readonly resultTree: ListTree
}

export interface Previous {
  readonly height: number
  readonly headerHash: Hash
  readonly timeMs: number
}

/**
 * Collects what one block does: results, events with their place in each topic, writes over the committed state. Pure
 * but for loading values; the same commands in the same order give the same bytes on every node.
 */
class Draft {
  private readonly written = new Map<string, Written>()
  readonly commands: Candidate[] = []
  readonly results: CommandResult[] = []
  readonly events: CommittedEvent[] = []
  private readonly eventDigests: Hash[] = []
  private readonly eventTexts: string[] = []
  private readonly resultTexts: string[] = []
  /** The topics that this block's events enter, as they stand. */
  private readonly feeds = new Map<string, { readonly key: string; readonly name: string; feed: Feed }>()

  constructor(
    private readonly state: BlockBase,
    readonly height: number,
  ) {}

  readonly read: Read = <T>(key: Key<T>): T | undefined => {
    const written = this.written.get(key.path)
    return written ? (written.value as T | undefined) : this.state.read(key)
  }

  /** Where the value's canonical text is at hand, nobody may change the value any more. */
  put(key: string, written: Written): void {
    this.written.set(key, written)
    if (written.value !== undefined && written.text !== undefined) freeze(written.value)
  }

  /** The key goes, unless it has a value in this block. */
  removeUnlessWritten(key: string): void {
    if (this.written.get(key)?.value === undefined) this.put(key, { value: undefined })
  }

  /** Brings the feeds that the events enter; undefined when all are there. */
  loadFeeds(records: readonly EventRecord[]): Promise<void> | undefined {
    const missing: string[] = []
    for (const { topics } of records) {
      for (const topic of topics) if (!this.feeds.has(topic)) missing.push(feedKey(topic))
    }
    return missing.length > 0 ? this.state.load(missing) : undefined
  }

  /** The feeds have been loaded. */
  addEvents(index: number, commandId: string, records: readonly EventRecord[], texts: readonly string[] = []): void {
    records.forEach(({ contract, event, data, topics }, ordinal) => {
      const core = { cursor: { height: this.height, index, event: ordinal }, commandId, contract, event, data }
      const text = eventTextOf(core, texts[ordinal] ?? canonicalJson(data))
      const digest = eventDigestOf(text)
      const written: string[] = []
      const entries = topics.map((topic): TopicEntry => {
        const entered = this.feedOf(topic)
        const { count, hash } = (entered.feed = extendFeed(entered.feed, digest))
        written.push(`{"hash":"${hash}","sequence":${count},"topic":${entered.name}}`)
        return { topic, sequence: count, hash }
      })
      this.eventDigests.push(digest)
      // "topics" is the last of its fields in canonical order.
      this.eventTexts.push(`${text.slice(0, -1)},"topics":[${written.join()}]}`)
      this.events.push({ ...core, topics: entries })
    })
  }

  private feedOf(topic: string) {
    let entered = this.feeds.get(topic)
    if (!entered) {
      const key = feedKey(topic)
      entered = { key, name: canonicalJson(topic), feed: this.read<Feed>({ path: key }) ?? EMPTY_FEED }
      this.feeds.set(topic, entered)
    }
    return entered
  }

  /** @param text the result's canonical text, where it is at hand */
  addResult(result: CommandResult, text = canonicalJson(result as unknown as Json)): void {
    this.results.push(result)
    this.resultTexts.push(text)
  }

  /** Puts the block's roots into the state, so that one later header proves what happened here. */
  private addToHistory(roots: BlockRoots): void {
    const history = this.read<History>({ path: HISTORY_KEY }) ?? EMPTY_HISTORY
    const { count, peaks } = extendHistory(history, historyLeaf(this.height, roots))
    this.put(blockKey(this.height), { value: { ...roots } })
    this.put(HISTORY_KEY, { value: { count, peaks } })
  }

  finish(rules: ApplicationRules, previous: Previous | undefined, timeMs: number): BuiltBlock {
    const { resultTexts } = this
    const commandTree = new ListTree(this.commands.map(({ digest }) => digest))
    const resultTree = new ListTree(resultTexts.map(sha256TextHex))
    const roots = {
      commandRoot: commandTree.root(),
      eventRoot: listRoot(this.eventDigests),
      resultRoot: resultTree.root(),
    }
    if (this.commands.length > 0) this.addToHistory(roots)
    for (const { key, feed } of this.feeds.values()) this.put(key, { value: { ...feed } })
    const changes = this.state.changesOf(this.written)
    const tree = this.state.treeWith(changes)
    const header: BlockHeader = {
      chainId: rules.chainId,
      height: this.height,
      previous: previous?.headerHash ?? NO_HASH,
      timeMs,
      ...roots,
      stateRoot: tree.root(),
      genesisHash: rules.genesisHash,
    }
    const { commands, results, events } = this
    const texts = { events: this.eventTexts, results: resultTexts }
    const said = { header, headerHash: headerHash(header), commands, results, events }
    return { ...said, changes, tree, texts, commandTree, resultTree }
  }
}

/** Block 0: the founders' events on an empty state, at time 0. */
export async function buildGenesis(
  rules: ApplicationRules,
  state: BlockBase,
  records: readonly EventRecord[],
): Promise<BuiltBlock> {
  const draft = new Draft(state, 0)
  const overlay = new Overlay(state.read)
  const version = rules.registry.versionFor(state.read, undefined, 0)
  for (const record of records) for (const write of version.writesOf(record)) overlay.write(write)
  for (const [key, value] of overlay.written) {
    checkWritten(key, value)
    draft.put(key, { value })
  }
  await draft.loadFeeds(records)
  draft.addEvents(0, GENESIS_COMMAND, records)
  return draft.finish(rules, undefined, 0)
}

/**
 * The block after `previous` with those of the candidates that may enter it; the others are answered with why not.
 * @param due keys of ids whose time has come to leave the state
 */
export async function buildBlock(
  rules: ApplicationRules,
  state: BlockBase,
  previous: Previous,
  { timeMs, candidates, due }: { timeMs: number; candidates: readonly Candidate[]; due: readonly string[] },
): Promise<{ block: BuiltBlock | undefined; refused: readonly Refused[] }> {
  const admission = new BlockAdmission(rules, state, previous.height + 1)
  const { admitted, refused } = await admission.admitAll(candidates, timeMs)
  if (admitted.length === 0) return { block: undefined, refused }
  return { block: await executeBlock(rules, state, previous, { timeMs, admitted, due }), refused }
}

/** The block after `previous` of commands that were admitted to it. */
export async function executeBlock(
  rules: ApplicationRules,
  state: BlockBase,
  previous: Previous,
  { timeMs, admitted, due }: { timeMs: number; admitted: readonly Admitted[]; due: readonly string[] },
): Promise<BuiltBlock> {
  const draft = new Draft(state, previous.height + 1)
  const declared: string[] = []
  for (const one of admitted) {
    if (one.candidate.isAtHand) continue
    const found = readsOf(rules.registry, state, draft.height, one)
    for (const key of found instanceof Promise ? await found : found) declared.push(key)
  }
  await state.load([...declared, HISTORY_KEY])
  const context = { chainId: rules.chainId, height: draft.height, blockTimeMs: timeMs }
  for (const { candidate, caller } of admitted) {
    const { command } = candidate
    const found = atOnce(state, () => {
      const version = rules.registry.versionFor(draft.read, command, draft.height)
      return decided(version, draft.read, { command, caller, context })
    })
    const checked = found instanceof Promise ? await found : found
    const { execution } = checked
    const feeds = execution.accepted ? draft.loadFeeds(execution.events) : undefined
    if (feeds) await feeds
    else if (!execution.accepted && execution.defect !== undefined) {
      rules.onDefect?.({ command, height: draft.height, problem: execution.defect })
    }
    enter(draft, candidate, checked)
  }
  // An id that is due and yet enters here is another command's by now.
  for (const key of due) draft.removeUnlessWritten(key)
  return draft.finish(rules, previous, timeMs)
}

/**
 * What was decided becomes part of the block. Digests and ids are plain texts and what is counted are safe integers, so
 * the values of every call are written as canonical texts where they are made.
 */
function enter(draft: Draft, candidate: Candidate, { execution, written, eventTexts }: Checked): void {
  const { command, digest } = candidate
  const index = draft.commands.push(candidate) - 1
  const { commandId, expiresAt } = command
  const { height } = draft
  if (execution.accepted) {
    for (const [key, one] of written) draft.put(key, one)
    draft.addEvents(index, commandId, execution.events, eventTexts)
    const events = execution.events.length
    const text = `{"accepted":true,"commandId":"${commandId}","digest":"${digest}","events":${events}}`
    draft.addResult({ commandId, digest, accepted: true, events }, text)
  } else {
    draft.addResult({ commandId, digest, accepted: false, refusal: execution.refusal })
  }
  const text = `{"digest":"${digest}","expiresAt":${expiresAt},"height":${height},"index":${index}}`
  draft.put(candidate.idKey, { value: { digest, height, index, expiresAt }, text })
}
