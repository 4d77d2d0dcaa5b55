import { chainIdOf, genesisHash, headerHash, isSignedBy, ledgerOperatorKey, NO_HASH, resultHash, type BlockHeader, type CommandResult, type SignedHeader } from './block.ts' // prettier-ignore
import { fromBase64url } from './base64url.ts'
import { CanonicalError, canonicalBytes, canonicalJson, MAX_DEPTH, parseCanonical } from './canonical.ts'
import {
  commandDigest,
  commandKey,
  decodeSigned,
  ID_RETENTION_MS,
  MAX_AHEAD_MS,
  MAX_LIFETIME_MS,
  signingBytes,
  type Command,
  type SignedCommand,
} from './command.ts'
import type { SignatureCheck } from './ed25519.ts'
import { curveOf } from './public-key.ts'
import { verifySignature } from './signature.ts'
import { EMPTY_FEED, eventDigest, extendFeed, feedKey, type EventCore, type Feed } from './feed.ts'
import * as f from './form.ts'
import { eventCoreFields, headerForm, resultForm } from './forms.ts'
import { sha256Bytes, utf8ToBytes, type Hash } from './hash.ts'
import { blockKey, EMPTY_HISTORY, extendHistory, HISTORY_KEY, historyLeaf, type History } from './history.ts'
import type { Json, JsonObject } from './json.ts'
import { listRoot } from './list-tree.ts'
import { foundingDocument, isEndSigned, predecessorOf, type Predecessor } from './predecessor.ts'
import { SparseTree } from './sparse-tree.ts'
import type { Trust, ValidatorTrust } from './receipt.ts'
import { verifyReceiptObject } from './verify-receipt.ts'

/** What the contracts know and `proof/` does not; a verifier that has their code checks more. */
export interface ContractRules {
  /** The public key a command must be signed with, by the state before its block. */
  readonly keyOf?: (
    read: (key: string) => Json | undefined,
    command: Command,
    height: number,
  ) => { readonly publicKey: string; readonly curve: string } | undefined
  /** What an event writes, over what is read. */
  readonly apply?: (
    event: EventCore,
    read: (key: string) => Json | undefined,
  ) => Iterable<readonly [key: string, value: Json | undefined]>
  /**
   * What a command does, decided again: by the version of the contracts that decided it then. `before` is the state
   * before its block, `read` that before the command. With it results, events and writes are all recomputed.
   */
  readonly execute?: (
    command: Command,
    state: { readonly read: (key: string) => Json | undefined; readonly before: (key: string) => Json | undefined },
    block: { readonly chainId: string; readonly height: number; readonly timeMs: number },
  ) => ReExecution
  /** The events of block 0. */
  readonly genesisEvents?: (document: JsonObject) => readonly JsonObject[]
}

export type ReExecution =
  | {
      readonly accepted: true
      readonly events: readonly Pick<OpenEvent, 'contract' | 'event' | 'data' | 'topics'>[]
      readonly written: Iterable<readonly [key: string, value: Json | undefined]>
    }
  | { readonly accepted: false; readonly refusal: JsonObject }
type OpenEvent = EventCore & { readonly topics: readonly string[] }

export interface ExportSummary {
  readonly chainId: string
  readonly genesisHash: Hash
  readonly operatorKey: string
  /** Not the operator's signature but more than two thirds of the validators vouch for its (last) headers. */
  readonly byValidators?: true
  readonly height: number
  readonly headerHash: Hash
  /** After the last block. */
  readonly stateRoot: Hash
  /** Of the last block, milliseconds. */
  readonly timeMs: number
  /** The operator's signature that nothing follows; absent where the ledger goes on. */
  readonly endSignature?: string
  /** The chain that it continues, up to which height. */
  readonly predecessor?: { readonly chainId: string; readonly height: number }
  readonly commands: number
  readonly refused: number
  readonly events: number
  readonly topics: number
  readonly receipts: Readonly<Record<string, number>>
  /** What was not checked, for want of the contracts' code. */
  readonly unchecked: readonly string[]
}

export type ExportVerdict =
  | { readonly ok: true; readonly summary: ExportSummary }
  /** The first thing that does not hold, and in which line. */
  | { readonly ok: false; readonly line: number; readonly reason: string }

class NotHolding extends Error {}
const holds = (condition: boolean, reason: string): void => {
  if (!condition) throw new NotHolding(reason)
}

/** Empty where no operator signs. */
const operatorSignature: f.Form = (value, path) => (value === '' ? undefined : f.signature(value, path))

const lineForm = f.oneOf(
  'kind',
  new Map<Json, f.Form>([
    ['ledger', f.fields({ kind: f.any, format: f.count, chainId: f.text, genesis: f.object })],
    [
      'block',
      f.fields({
        kind: f.any,
        header: headerForm,
        signature: operatorSignature,
        commands: f.count,
        events: f.count,
        changes: f.count,
      }),
    ],
    ['command', f.fields({ kind: f.any, signed: f.object, result: resultForm })],
    ['event', f.fields({ kind: f.any, ...eventCoreFields, topics: f.listOf(f.text, 1000) })],
    ['put', f.fields({ kind: f.any, key: f.text, value: f.any })],
    ['delete', f.fields({ kind: f.any, key: f.text })],
    ['receipt', f.fields({ kind: f.any, receipt: f.object })],
    ['ended', f.fields({ kind: f.any, signature: f.signature })],
    ['end', f.fields({ kind: f.any, height: f.count, headerHash: f.hash })],
  ]),
)

interface OpenBlock extends SignedHeader {
  readonly counts: { readonly commands: number; readonly events: number; readonly changes: number }
  readonly commands: { readonly command: Command; readonly result: CommandResult }[]
  readonly events: (EventCore & { readonly topics: readonly string[] })[]
  readonly changes: Map<string, Json | undefined>
}

const MAX_LINE_BYTES = 64 << 20

/** Whose votes stand for the last state, where no operator signs. */
export interface ConsensusTrust {
  readonly validators: ValidatorTrust['validators']
}

/**
 * Verifies a whole exported ledger from its lines, without any server: the chain of headers and their signatures, every
 * root recomputed from the contents, every signature of a command, the feeds, and the receipts at the end.
 *
 * On a ledger that its members agree on (`validators` given) nobody signs a header: heights without commands have none,
 * and at least one receipt must anchor the state after the last block by the votes of validators whom one trusts. That
 * state holds the roots of every block (sys/history), so it vouches for all contents; block times are vouched for only
 * as far as nothing came before its time or after its expiry.
 * @param expected what the verifier knows beforehand; without it the file is only checked against itself
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  expected: Partial<Trust> & Partial<ConsensusTrust> = {},
  rules: ContractRules = {},
  check: SignatureCheck = verifySignature,
): Promise<ExportVerdict> {
  const verifier = new ExportVerifier(expected, rules, check)
  let line = 0
  try {
    for await (const text of lines) {
      line += 1
      verifier.take(text)
    }
    return { ok: true, summary: verifier.finish() }
  } catch (error) {
    if (error instanceof NotHolding || error instanceof CanonicalError || error instanceof f.FormError) {
      return { ok: false, line, reason: error.message }
    }
    throw error
  }
}

class ExportVerifier {
  private trust: Trust | undefined
  private genesis: JsonObject = {}
  private predecessor: Predecessor | undefined
  private endSignature: string | undefined
  private last: { readonly header: BlockHeader; readonly hash: Hash } | undefined
  private open: OpenBlock | undefined
  private tree = SparseTree.empty()
  private readonly state = new Map<string, Json>()
  private readonly headers: Hash[] = []
  /** Of each block, in order. */
  private readonly roots: { readonly height: number; readonly stateRoot: Hash }[] = []
  private readonly topics = new Set<string>()
  private readonly receipts: Record<string, number> = {}
  private readonly counts = { commands: 0, refused: 0, events: 0 }
  private isEnded = false
  /** Consensus: a receipt vouches for the state after the last block. */
  private isAnchored = false

  constructor(
    private readonly expected: Partial<Trust> & Partial<ConsensusTrust>,
    private readonly rules: ContractRules,
    private readonly check: SignatureCheck,
  ) {}

  take(text: string): void {
    holds(!this.isEnded, 'nothing may follow the end')
    const value = parseCanonical(utf8ToBytes(text), MAX_LINE_BYTES, MAX_DEPTH + 2) as JsonObject
    lineForm(value, '')
    const kind = value.kind as string
    if (kind === 'ledger') return this.ledger(value)
    holds(this.trust !== undefined, 'the first line must be the ledger')
    switch (kind) {
      case 'block':
        return this.block(value)
      case 'command':
        return this.command(value.signed!, value.result as unknown as CommandResult)
      case 'event':
        return this.event(value as unknown as EventCore & { topics: string[] })
      case 'put':
      case 'delete':
        return this.change(value.key as string, kind === 'put' ? value.value : undefined)
      case 'receipt':
        return this.receipt(value.receipt as JsonObject)
      case 'ended':
        return this.ended(value.signature as string)
      default:
        return this.end(value.height as number, value.headerHash as string)
    }
  }

  finish(): ExportSummary {
    holds(this.isEnded, 'the file ends before its end line: it was cut off')
    const { validators } = this.expected
    holds(!validators || this.isAnchored, 'no receipt vouches for the state after the last block')
    const { keyOf, apply, execute, genesisEvents } = this.rules
    const unchecked = [
      ...(keyOf ? [] : ['signatures of commands']),
      ...(apply ? [] : ['that writes follow from events']),
      ...(execute ? [] : ['that events and refusals follow from commands']),
      ...(genesisEvents ? [] : ['that the first events follow from the genesis document']),
    ]
    return {
      ...this.trust!,
      ...(validators ? { byValidators: true as const } : {}),
      height: this.last!.header.height,
      headerHash: this.last!.hash,
      stateRoot: this.last!.header.stateRoot,
      timeMs: this.last!.header.timeMs,
      ...(this.endSignature === undefined ? {} : { endSignature: this.endSignature }),
      ...(this.predecessor && {
        predecessor: { chainId: this.predecessor.chainId, height: this.predecessor.height },
      }),
      ...this.counts,
      topics: this.topics.size,
      receipts: this.receipts,
      unchecked,
    }
  }

  private ledger({ format, chainId, genesis }: JsonObject): void {
    holds(this.trust === undefined, 'a second ledger line')
    holds(format === 1, 'format 1 expected')
    this.genesis = genesis as JsonObject
    this.predecessor = predecessorOf(this.genesis)
    const operatorKey = ledgerOperatorKey(foundingDocument(this.genesis))
    holds(operatorKey !== undefined, 'genesis names no ledger operator')
    holds(chainId === chainIdOf(this.genesis), 'chainId is not that of the genesis document')
    const trust: Trust = {
      chainId: chainId as string,
      genesisHash: genesisHash(this.genesis),
      operatorKey: operatorKey!,
    }
    for (const field of ['chainId', 'genesisHash', 'operatorKey'] as const) {
      const want = this.expected[field]
      holds(want === undefined || want === trust[field], `${field} is ${trust[field]}, expected ${want}`)
    }
    this.trust = trust
  }

  private block(value: JsonObject): void {
    this.closeBlock()
    holds(Object.keys(this.receipts).length === 0, 'a block after the receipts')
    const signed = { header: value.header, signature: value.signature } as unknown as SignedHeader
    const { header } = signed
    const { operatorKey } = this.trust!
    const at = `block ${header.height}`
    holds(this.endSignature === undefined, `${at}: after the end`)
    const former = this.predecessor && header.height <= this.predecessor.height ? this.predecessor : undefined
    const { chainId, genesisHash } = former ?? this.trust!
    // Up to its end the operator signed what the chain continues; then consensus stands for it.
    const validators = former ? undefined : this.expected.validators
    const next = this.last ? this.last.header.height + 1 : 0
    const isNext =
      validators && this.last && this.last.header.height >= (this.predecessor?.height ?? 0)
        ? header.height >= next
        : header.height === next
    holds(isNext, `${at}: height is not the next`)
    holds(header.previous === (this.last?.hash ?? NO_HASH), `${at}: does not follow the header before`)
    holds(header.timeMs >= (this.last?.header.timeMs ?? 0), `${at}: time goes back`)
    holds(header.chainId === chainId && header.genesisHash === genesisHash, `${at}: of another ledger`)
    if (validators) holds(signed.signature === '', `${at}: a signature where consensus stands for it`)
    else holds(isSignedBy(signed, operatorKey, this.check), `${at}: not signed by the ledger's operator`)
    if (former?.height === header.height)
      holds(headerHash(header) === former.headerHash, `${at}: not the header that genesis names as the last`)
    const [commands, events, changes] = [value.commands, value.events, value.changes] as number[]
    const counts = { commands: commands!, events: events!, changes: changes! }
    this.open = { ...signed, counts, commands: [], events: [], changes: new Map() }
  }

  private current(kind: string): OpenBlock {
    if (!this.open) throw new NotHolding(`${kind} outside a block`)
    return this.open
  }

  private command(signed: Json, result: CommandResult): void {
    const { header, commands } = this.current('command')
    const at = `command ${header.height}.${commands.length}`
    let decoded: SignedCommand
    try {
      decoded = decodeSigned(canonicalBytes(signed))
    } catch (error) {
      throw new NotHolding(`${at}: ${error instanceof Error ? error.message : 'malformed'}`)
    }
    const { command } = decoded
    holds(command.chainId === header.chainId, `${at}: of another chain`)
    holds(result.digest === commandDigest(command) && result.commandId === command.commandId, `${at}: not its result`)
    holds(header.timeMs <= command.expiresAt, `${at}: entered after it expired`)
    holds(command.issuedAt - MAX_AHEAD_MS <= header.timeMs, `${at}: entered before it was issued`)
    holds(command.expiresAt - command.issuedAt <= MAX_LIFETIME_MS, `${at}: lives too long`)
    if (this.rules.keyOf) {
      const known = this.rules.keyOf(this.read, command, header.height)
      const [key, signature] = [fromBase64url(known?.publicKey ?? '!'), fromBase64url(decoded.signature)]
      const isGood =
        key && signature && curveOf(key) === known?.curve && this.check(key, signingBytes(command), signature)
      holds(!!isGood, `${at}: not signed with key ${command.keyId} of ${command.participant}`)
    }
    commands.push({ command, result })
  }

  private event({ cursor, commandId, contract, event, data, topics }: EventCore & { topics: string[] }): void {
    this.current('event').events.push({ cursor, commandId, contract, event, data, topics })
  }

  private change(key: string, value: Json | undefined): void {
    const { changes, header } = this.current('change')
    holds(!changes.has(key), `block ${header.height}: ${key} changes twice`)
    changes.set(key, value)
  }

  private readonly read = (key: string): Json | undefined => this.state.get(key)

  private closeBlock(): void {
    const block = this.open
    if (!block) return
    this.open = undefined
    const { header, counts, commands, events, changes } = block
    const at = `block ${header.height}`
    holds(commands.length === counts.commands, `${at}: commands missing`)
    holds(events.length === counts.events, `${at}: events missing`)
    holds(changes.size === counts.changes, `${at}: changes missing`)
    holds(listRoot(commands.map(({ result }) => result.digest)) === header.commandRoot, `${at}: command root`)
    holds(listRoot(commands.map(({ result }) => resultHash(result))) === header.resultRoot, `${at}: result root`)
    const digests = events.map(eventDigest)
    holds(listRoot(digests) === header.eventRoot, `${at}: event root`)
    this.checkOrder(block)
    this.checkChanges(block, digests)
    this.tree = this.tree.with(
      [...changes].map(([key, value]) => ({
        keyHash: sha256Bytes(utf8ToBytes(key)),
        valueHash: value === undefined ? undefined : sha256Bytes(canonicalBytes(value)),
      })),
    )
    holds(this.tree.root() === header.stateRoot, `${at}: state root`)
    for (const [key, value] of changes) {
      if (value === undefined) this.state.delete(key)
      else this.state.set(key, value)
    }
    const hash = headerHash(header)
    this.headers.push(hash)
    this.roots.push({ height: header.height, stateRoot: header.stateRoot })
    this.last = { header, hash }
    this.counts.commands += commands.length
    this.counts.refused += commands.filter(({ result }) => !result.accepted).length
    this.counts.events += events.length
  }

  /** Each accepted command has as many events as its result says, in order, under its id; genesis has none but its own. */
  private checkOrder({ header, commands, events }: OpenBlock): void {
    const owners: readonly (readonly [id: string, count: number])[] =
      header.height === 0
        ? [['genesis', events.length]]
        : commands.map(({ result }) => [result.commandId, result.accepted ? result.events : 0])
    if (header.height === 0) {
      holds(commands.length === 0, 'block 0: holds commands')
      this.checkGenesis(events)
    }
    let next = 0
    owners.forEach(([id, count], index) => {
      for (let ordinal = 0; ordinal < count; ordinal += 1, next += 1) {
        const event = events[next]
        const { cursor } = event ?? {}
        const isHere = cursor?.height === header.height && cursor.index === index && cursor.event === ordinal
        holds(isHere && event?.commandId === id, `block ${header.height}: event ${next} is not where it should be`)
      }
    })
    holds(next === events.length, `block ${header.height}: an event without a command`)
  }

  private checkGenesis(events: OpenBlock['events']): void {
    const want = this.rules.genesisEvents?.(this.genesis)
    if (!want) return
    const have = events.map(({ contract, event, data, topics }) => ({ contract, event, data, topics }))
    holds(canonicalJson(have) === canonicalJson(want), 'block 0: its events are not those of the genesis document')
  }

  /** The ledger's own keys follow from the block's contents; the contracts' from the events, where their code is known. */
  private checkChanges({ header, commands, events, changes }: OpenBlock, digests: readonly Hash[]): void {
    const at = `block ${header.height}`
    const own = new Map<string, Json>()
    events.forEach(({ topics }, i) => {
      for (const topic of topics) {
        const before = (own.get(feedKey(topic)) ?? this.read(feedKey(topic)) ?? EMPTY_FEED) as unknown as Feed
        own.set(feedKey(topic), { ...extendFeed(before, digests[i]!) })
        this.topics.add(topic)
      }
    })
    commands.forEach(({ command, result }, index) => {
      const key = commandKey(command.commandId)
      holds(this.read(key) === undefined && !own.has(key), `${at}: id ${command.commandId} was spent already`)
      own.set(key, { digest: result.digest, height: header.height, index, expiresAt: command.expiresAt })
    })
    if (commands.length > 0) {
      const { commandRoot, eventRoot, resultRoot } = header
      const roots = { commandRoot, eventRoot, resultRoot }
      const history = (this.read(HISTORY_KEY) ?? EMPTY_HISTORY) as unknown as History
      own.set(blockKey(header.height), roots)
      own.set(HISTORY_KEY, { ...extendHistory(history, historyLeaf(header.height, roots)) })
    }
    const contracts = this.writesOf({ header, commands, events })
    for (const [key, value] of changes) {
      if (!/^(sys|feed)\//.test(key)) {
        if (contracts) holds(isSame(contracts.get(key), value), `${at}: ${key} is not what the events wrote`)
      } else if (value === undefined) {
        const { expiresAt } = (this.read(key) ?? {}) as { expiresAt?: number }
        const isDue = key.startsWith('sys/command/') && (expiresAt ?? Infinity) + ID_RETENTION_MS < header.timeMs
        holds(isDue, `${at}: ${key} is gone before its time`)
      } else holds(isSame(own.get(key), value), `${at}: ${key} is not what the block's contents say`)
    }
    for (const [key, value] of own) holds(isSame(changes.get(key), value), `${at}: ${key} was not written`)
    for (const [key, value] of contracts ?? []) {
      holds(changes.has(key) || isSame(this.read(key), value), `${at}: ${key} was not written`)
    }
  }

  private writesOf({
    header,
    commands,
    events,
  }: Pick<OpenBlock, 'header' | 'commands' | 'events'>): ReadonlyMap<string, Json | undefined> | undefined {
    const { apply, execute } = this.rules
    const written = new Map<string, Json | undefined>()
    const read = (key: string) => (written.has(key) ? written.get(key) : this.read(key))
    if (execute && header.height > 0) {
      for (const [index, { command, result }] of commands.entries()) {
        const at = `command ${header.height}.${index}`
        const again = execute(command, { read, before: this.read }, header)
        holds(
          again.accepted === result.accepted,
          `${at}: executed again it is ${again.accepted ? 'accepted' : 'refused'}`,
        )
        if (!again.accepted) {
          const same = !result.accepted && canonicalJson(again.refusal) === canonicalJson(result.refusal as never)
          holds(same, `${at}: executed again it is refused otherwise`)
          continue
        }
        const own = events.filter(({ cursor }) => cursor.index === index)
        const had = own.map(({ contract, event, data, topics }) => ({ contract, event, data, topics: [...topics] }))
        const got = again.events.map(({ contract, event, data, topics }) => ({
          contract,
          event,
          data,
          topics: [...topics],
        }))
        holds(canonicalJson(had) === canonicalJson(got), `${at}: executed again it has other events`)
        for (const [key, value] of again.written) written.set(key, value)
      }
      return written
    }
    if (!apply) return undefined
    for (const event of events) for (const [key, value] of apply(event, read)) written.set(key, value)
    return written
  }

  private receipt(receipt: JsonObject): void {
    this.closeBlock()
    const { validators } = this.expected
    const { chainId } = this.trust!
    const predecessor = this.predecessor && { predecessor: this.predecessor }
    const trust = validators ? { chainId, validators, ...predecessor } : this.trust!
    const verdict = verifyReceiptObject(receipt, trust, { operator: this.check })
    if (!verdict.ok) throw new NotHolding(`receipt: ${verdict.reason} ${verdict.field ?? ''}`)
    const { height, headerHash, stateRoot } = verdict.anchored
    if (validators) {
      // Blocks without commands in between change nothing.
      const block = this.roots.findLast((one) => one.height <= height)
      holds(block?.stateRoot === stateRoot, 'receipt: of a state that the file does not have')
      this.isAnchored ||= block?.height === this.last!.header.height
    } else holds(this.headers[height] === headerHash, 'receipt: of a header that is not in the chain')
    const { kind } = verdict.receipt
    this.receipts[kind] = (this.receipts[kind] ?? 0) + 1
  }

  private ended(endSignature: string): void {
    this.closeBlock()
    const [headerHash, key] = [this.last?.hash ?? NO_HASH, this.trust!.operatorKey]
    const isSigned = isEndSigned({ headerHash, endSignature }, key, this.check)
    holds(!this.predecessor && isSigned, "the end is not signed by the ledger's operator")
    this.endSignature = endSignature
  }

  private end(height: number, hash: Hash): void {
    this.closeBlock()
    holds(this.last?.header.height === height && this.last.hash === hash, 'the end is not the last block')
    this.isEnded = true
  }
}

const isSame = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b)
