import { chainIdOf, genesisHash, headerHash, isSignedBy, ledgerOperatorKey, NO_HASH, type BlockHeader, type CommandResult, type SignedHeader } from './block.ts' // prettier-ignore
import { fromBase64url } from './base64url.ts'
import { CanonicalError, canonicalBytes, MAX_DEPTH, parseCanonical } from './canonical.ts'
import {
  commandDigest,
  decodeSigned,
  MAX_AHEAD_MS,
  MAX_LIFETIME_MS,
  signingBytes,
  type SignedCommand,
} from './command.ts'
import type { SignatureCheck } from './ed25519.ts'
import { checkContents } from './export-block.ts'
import { lineForm, type OpenBlock } from './export-lines.ts'
import type { ContractRules } from './export-rules.ts'
import { curveOf } from './public-key.ts'
import { verifySignature } from './signature.ts'
import type { EventCore } from './feed.ts'
import { FormError } from './form.ts'
import { sha256Bytes, utf8ToBytes, type Hash } from './hash.ts'
import { isBuiltOn } from './head.ts'
import { blockKey, type BlockRoots } from './history.ts'
import { holds, NotHolding } from './holds.ts'
import type { Json, JsonObject } from './json.ts'
import { foundingDocument, isEndSigned, predecessorOf, type Predecessor } from './predecessor.ts'
import { SparseTree } from './sparse-tree.ts'
import type { Trust, ValidatorTrust } from './receipt.ts'
import { verifyReceiptObject, type Checks } from './verify-receipt.ts'

export type { ContractRules } from './export-rules.ts'

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

const MAX_LINE_BYTES = 64 << 20

/** Whose votes stand for the last state, where no operator signs. */
export interface ConsensusTrust {
  readonly validators: ValidatorTrust['validators']
}

/**
 * A block that the verifier knows to be of the chain, where no operator signs: it stands for itself and for all before
 * it. What the file holds after it is not read.
 */
export interface KnownBlock {
  readonly upTo: { readonly height: number; readonly headerHash: Hash }
}

/**
 * Verifies a whole exported ledger from its lines, without any server: the chain of headers and their signatures, every
 * root recomputed from the contents, every signature of a command, the feeds, and the receipts at the end.
 *
 * On a ledger that its members agree on (`validators` given) nobody signs a header: heights without commands have none,
 * and at least one receipt must anchor the state after the last block by the votes of validators whom one trusts. That
 * state holds the roots of every block (sys/history), so it vouches for all contents; block times are vouched for only
 * as far as nothing came before its time or after its expiry. Who knows a later block (`upTo` given) needs no votes.
 * @param expected what the verifier knows beforehand; without it the file is only checked against itself
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  expected: Expected = {},
  rules: ContractRules = {},
  checks: Checks = {},
): Promise<ExportVerdict> {
  const verifier = new ExportVerifier(expected, rules, checks)
  let line = 0
  try {
    for await (const text of lines) {
      line += 1
      verifier.take(text)
      if (verifier.isDone) break
    }
    return { ok: true, summary: verifier.finish() }
  } catch (error) {
    if (error instanceof NotHolding || error instanceof CanonicalError || error instanceof FormError) {
      return { ok: false, line, reason: error.message }
    }
    throw error
  }
}

type Expected = Partial<Trust> & Partial<ConsensusTrust> & Partial<KnownBlock>

/** Lines of the block that was begun before them. */
const IN_BLOCK: ReadonlySet<string> = new Set(['command', 'event', 'put', 'delete'])

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
  /** The block that is known beforehand is here, and holds: nothing more needs to be read. */
  isDone = false
  private readonly check: SignatureCheck

  constructor(
    private readonly expected: Expected,
    private readonly rules: ContractRules,
    private readonly checks: Checks,
  ) {
    this.check = checks.signature ?? verifySignature
  }

  take(text: string): void {
    holds(!this.isEnded, 'nothing may follow the end')
    const value = parseCanonical(utf8ToBytes(text), MAX_LINE_BYTES, MAX_DEPTH + 2) as JsonObject
    lineForm(value, '')
    const kind = value.kind as string
    if (kind === 'ledger') return this.ledger(value)
    holds(this.trust !== undefined, 'the first line must be the ledger')
    if (!IN_BLOCK.has(kind)) this.closeBlock()
    if (this.isDone) return
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
    this.closeBlock()
    const { validators, upTo } = this.expected
    if (upTo) holds(this.isDone, `the file ends before block ${upTo.height}`)
    else holds(this.isEnded, 'the file ends before its end line: it was cut off')
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
    holds(Object.keys(this.receipts).length === 0, 'a block after the receipts')
    const signed = { header: value.header, signature: value.signature } as unknown as SignedHeader
    const { header } = signed
    const { operatorKey } = this.trust!
    const at = `block ${header.height}`
    holds(this.endSignature === undefined, `${at}: after the end`)
    const former = this.predecessor && header.height <= this.predecessor.height ? this.predecessor : undefined
    const { chainId, genesisHash } = former ?? this.trust!
    // Up to its end the operator signed what the chain continues; then consensus stands for it.
    const isAgreed = !former && (this.expected.validators ?? this.expected.upTo) !== undefined
    const next = this.last ? this.last.header.height + 1 : 0
    const isNext =
      isAgreed && this.last && this.last.header.height >= (this.predecessor?.height ?? 0)
        ? header.height >= next
        : header.height === next
    holds(isNext, `${at}: height is not the next`)
    holds(header.previous === (this.last?.hash ?? NO_HASH), `${at}: does not follow the header before`)
    holds(header.timeMs >= (this.last?.header.timeMs ?? 0), `${at}: time goes back`)
    holds(header.chainId === chainId && header.genesisHash === genesisHash, `${at}: of another ledger`)
    if (isAgreed) holds(signed.signature === '', `${at}: a signature where consensus stands for it`)
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
    const { head } = command
    const isOfHere = head === undefined || isBuiltOn(head, this.read(blockKey(head.height)) as BlockRoots | undefined)
    holds(isOfHere, `${at}: built on another history`)
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
    const { header, commands, events, changes } = block
    checkContents(block, { read: this.read, rules: this.rules, genesis: this.genesis })
    for (const { topics } of events) for (const topic of topics) this.topics.add(topic)
    this.tree = this.tree.with(
      [...changes].map(([key, value]) => ({
        keyHash: sha256Bytes(utf8ToBytes(key)),
        valueHash: value === undefined ? undefined : sha256Bytes(canonicalBytes(value)),
      })),
    )
    holds(this.tree.root() === header.stateRoot, `block ${header.height}: state root`)
    for (const [key, value] of changes) {
      if (value === undefined) this.state.delete(key)
      else this.state.set(key, value)
    }
    const hash = headerHash(header)
    this.headers.push(hash)
    this.roots.push({ height: header.height, stateRoot: header.stateRoot })
    this.last = { header, hash }
    this.reach(header.height, hash)
    this.counts.commands += commands.length
    this.counts.refused += commands.filter(({ result }) => !result.accepted).length
    this.counts.events += events.length
  }

  private reach(height: number, hash: Hash): void {
    const { upTo } = this.expected
    if (!upTo || height < upTo.height) return
    holds(height === upTo.height, `block ${upTo.height} is not in the file`)
    holds(hash === upTo.headerHash, `block ${height}: not the one that is known`)
    this.isDone = true
  }

  private receipt(receipt: JsonObject): void {
    const { validators } = this.expected
    const { chainId } = this.trust!
    const predecessor = this.predecessor && { predecessor: this.predecessor }
    const trust = validators ? { chainId, validators, ...predecessor } : this.trust!
    const verdict = verifyReceiptObject(receipt, trust, this.checks)
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
    const [headerHash, key] = [this.last?.hash ?? NO_HASH, this.trust!.operatorKey]
    const isSigned = isEndSigned({ headerHash, endSignature }, key, this.check)
    holds(!this.predecessor && isSigned, "the end is not signed by the ledger's operator")
    this.endSignature = endSignature
  }

  private end(height: number, hash: Hash): void {
    holds(this.last?.header.height === height && this.last.hash === hash, 'the end is not the last block')
    this.isEnded = true
  }
}
