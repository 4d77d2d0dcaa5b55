import { headerHash, isSignedBy, resultHash, type SignedHeader } from './block.ts'
import { CanonicalError, canonicalBytes, parseCanonical } from './canonical.ts'
import { followLightBlock, followLightBlocks, type LightVerdict } from './cometbft/index.ts'
import { commandDigest } from './command.ts'
import type { SignatureCheck } from './ed25519.ts'
import { EMPTY_FEED, eventDigest, feedKey } from './feed.ts'
import { FormError } from './form.ts'
import { receiptForm } from './forms.ts'
import { bytesToHex, hashJson, hexToBytes, sha256Bytes, utf8ToBytes } from './hash.ts'
import { HISTORY_KEY, historyLeaf, isInHistory, type BlockRoots } from './history.ts'
import type { Json, JsonObject } from './json.ts'
import { rootFromProof } from './list-tree.ts'
import type { Anchor, Anchored, AnyTrust, CommandReceipt, EventReceipt, KeyReceipt, Place, Receipt, ReceiptVerdict, RefusedReceipt, StateReceipt, TopicReceipt, Trust, ValidatorsReceipt, ValidatorsVerdict, ValidatorTrust } from './receipt.ts' // prettier-ignore
import { verifySignature } from './signature.ts'
import { rootFromStateProof, type StateProof } from './sparse-tree.ts'
import { verifyAsset } from './verify-asset.ts'
import { verifyExpired } from './verify-expired.ts'

const no = (reason: RefusedReceipt['reason'], field?: string): RefusedReceipt => ({
  ok: false,
  reason,
  ...(field === undefined ? {} : { field }),
})

export interface Checks {
  /** Signatures of participants and of an embedded ledger's operator, by the rule of LEDGER.md §2. */
  readonly signature?: SignatureCheck
  /** Votes of CometBFT's validators, by ZIP-215. */
  readonly votes?: SignatureCheck
}

/** @throws nothing: what a stranger sent is refused with the place of the first fault */
function readReceipt(bytes: Uint8Array): Receipt | RefusedReceipt {
  let value: Json
  try {
    value = parseCanonical(bytes)
    receiptForm(value, '')
  } catch (error) {
    if (error instanceof CanonicalError) return no('NOT_CANONICAL', error.path)
    if (error instanceof FormError) return no('BAD_FORM', error.path)
    throw error
  }
  return value as unknown as Receipt
}

/**
 * Verifies a receipt without any server: strict form, then the anchor by what the verifier trusts, then the path from
 * the fact to the anchored state. Answers yes with the receipt, or the first thing that does not hold; never throws on
 * a stranger's bytes.
 * @param bytes the receipt's canonical JSON
 * @param checks implementations that are faster than the portable ones
 */
export function verifyReceipt(bytes: Uint8Array, trust: AnyTrust, checks: Checks = {}): ReceiptVerdict {
  const receipt = readReceipt(bytes)
  if ('ok' in receipt) return receipt
  if (receipt.kind === 'validators') return no('BAD_FORM', '/kind')
  const anchored = verifyAnchor(receipt.anchor, trust, checks)
  if ('ok' in anchored) return anchored
  return (
    verifyFact(receipt, anchored, trust, checks.signature) ?? {
      ok: true,
      receipt,
      anchored,
      height: heightOf(receipt, anchored),
    }
  )
}

/** The same for a receipt at hand as an object. */
export const verifyReceiptObject = (receipt: Json, trust: AnyTrust, checks?: Checks): ReceiptVerdict =>
  verifyReceipt(canonicalBytes(receipt), trust, checks)

/** Follows a chain's validators from the trusted ones on; the answer's `trusted` is trust in the last of them. */
export function verifyValidators(
  bytes: Uint8Array,
  { chainId, validators, period }: ValidatorTrust,
  votes?: SignatureCheck,
): ValidatorsVerdict {
  const receipt = readReceipt(bytes)
  if ('ok' in receipt) return receipt
  if (receipt.kind !== 'validators') return no('BAD_FORM', '/kind')
  return verifyBlocks(receipt, { chainId, validators, ...(period ? { period } : {}) }, votes)
}

function verifyBlocks(
  receipt: ValidatorsReceipt,
  trust: ValidatorTrust,
  votes: SignatureCheck | undefined,
): ValidatorsVerdict {
  if (receipt.blocks.length === 0) return no('BAD_FORM', '/blocks')
  const verdict = followLightBlocks(trust.chainId, trust.validators, receipt.blocks, trust.period, votes)
  if (!verdict.ok) return refusedLight(verdict, `/blocks/${verdict.at ?? 0}`)
  return { ok: true, receipt, trusted: verdict.trusted }
}

const refusedLight = ({ reason, field }: LightVerdict & { ok: false }, under: string): RefusedReceipt =>
  no(reason, field === '/trust' ? field : `${under}${field ?? ''}`)

/** The state that the anchor vouches for, or why it does not. */
export function verifyAnchor(
  anchor: Anchor,
  trust: AnyTrust,
  { signature, votes }: Checks = {},
): Anchored | RefusedReceipt {
  if (anchor.kind === 'operator') {
    if ('operatorKey' in trust) return verifyOperator(anchor, trust, signature)
    if (!trust.predecessor) return no('WRONG_ANCHOR', '/anchor/kind')
    return verifyOperator(anchor, trust.predecessor, signature, trust.predecessor)
  }
  if (!('validators' in trust)) return no('WRONG_ANCHOR', '/anchor/kind')
  const { chainId, validators, period } = trust
  const verdict = followLightBlock(chainId, validators, anchor, period, votes)
  if (!verdict.ok) return refusedLight(verdict, '/anchor')
  const { height, appHash } = anchor.header
  const { trusted, headerHash: hash } = verdict
  return { kind: 'cometbft', chainId, height: height - 1, stateRoot: appHash, timeMs: trusted.timeMs, headerHash: hash }
}

function verifyOperator(
  anchor: Extract<Anchor, { kind: 'operator' }>,
  trust: Trust,
  check: SignatureCheck = verifySignature,
  end?: { readonly height: number; readonly headerHash: string },
): Anchored | RefusedReceipt {
  const { chainId, genesisHash, height, stateRoot, timeMs } = anchor.header
  if (chainId !== trust.chainId) return no('WRONG_CHAIN')
  if (genesisHash !== trust.genesisHash) return no('WRONG_GENESIS')
  if (!isSignedBy(anchor, trust.operatorKey, check)) return no('BAD_SIGNATURE')
  const hash = headerHash(anchor.header)
  // Where the ledger was ended nothing follows, whatever its operator may have signed since.
  if (end && (height > end.height || (height === end.height && hash !== end.headerHash)))
    return no('AFTER_THE_END', '/anchor/header/height')
  return { kind: 'operator', chainId, height, stateRoot, timeMs, headerHash: hash }
}

const heightOf = (receipt: StateReceipt, { height }: Anchored): number =>
  'place' in receipt && receipt.place ? receipt.place.height : height

function verifyFact(
  receipt: StateReceipt,
  anchored: Anchored,
  trust: AnyTrust,
  check: SignatureCheck = verifySignature,
): RefusedReceipt | undefined {
  switch (receipt.kind) {
    case 'command':
      return verifyCommand(receipt, anchored, trust)
    case 'event':
      return verifyEvent(receipt, anchored)
    case 'key':
      return verifyKey(receipt, anchored)
    case 'topic':
      return verifyTopic(receipt, anchored)
    case 'expired':
      return verifyExpired(receipt, anchored, (next) => isOperatorsNext(next, trust, check))
    case 'asset':
      return verifyAsset(receipt, anchored)
  }
}

/** A header after the anchor's: signed by the operator, and not one from after the end of its ledger. */
function isOperatorsNext(next: SignedHeader, trust: AnyTrust, check: SignatureCheck): boolean {
  if ('operatorKey' in trust) return isSignedBy(next, trust.operatorKey, check)
  const { predecessor } = trust
  if (!predecessor || !isSignedBy(next, predecessor.operatorKey, check)) return false
  const { height } = next.header
  return height < predecessor.height || (height === predecessor.height && headerHash(next.header) === predecessor.headerHash) // prettier-ignore
}

/** Whose commands the block of this height holds: the chain's own, or those of the ledger that it continues. */
function chainAt(height: number, anchored: Anchored, trust: AnyTrust): string {
  const predecessor = 'validators' in trust && anchored.kind === 'cometbft' ? trust.predecessor : undefined
  return predecessor && height <= predecessor.height ? predecessor.chainId : anchored.chainId
}

/** The roots of the fact's block: of the operator's header itself, or proven by the state's history. */
function rootsAt(
  place: Place,
  anchor: Anchor,
  { stateRoot }: Anchored,
): (BlockRoots & { height: number }) | RefusedReceipt {
  if (!place) return anchor.kind === 'operator' ? anchor.header : no('BAD_FORM', '/place')
  const { height, commandRoot, eventRoot, resultRoot, index, path, history, proof } = place
  const leaf = historyLeaf(height, { commandRoot, eventRoot, resultRoot })
  if (!isInHistory(history, leaf, index, path)) return no('NOT_IN_HISTORY', '/place')
  if (!stands(stateRoot, HISTORY_KEY, history as unknown as Json, proof)) return no('NOT_IN_STATE', '/place/history')
  return place
}

function verifyCommand(receipt: CommandReceipt, anchored: Anchored, trust: AnyTrust): RefusedReceipt | undefined {
  const { command, result, commandProof, resultPath, place, anchor } = receipt
  const chainId = chainAt(place?.height ?? anchored.height, anchored, trust)
  if (command.chainId !== chainId) return no('WRONG_CHAIN', '/command/chainId')
  const digest = commandDigest(command)
  if (result.digest !== digest) return no('WRONG_DIGEST', '/result/digest')
  if (result.commandId !== command.commandId) return no('WRONG_DIGEST', '/result/commandId')
  const roots = rootsAt(place, anchor, anchored)
  if ('ok' in roots) return roots
  if (rootFromProof(digest, commandProof) !== roots.commandRoot) return no('NOT_IN_COMMANDS')
  const resultProof = { ...commandProof, path: resultPath }
  return rootFromProof(resultHash(result), resultProof) === roots.resultRoot ? undefined : no('NOT_IN_RESULTS')
}

function verifyEvent({ event, proof, place, anchor }: EventReceipt, anchored: Anchored): RefusedReceipt | undefined {
  const roots = rootsAt(place, anchor, anchored)
  if ('ok' in roots) return roots
  if (event.cursor.height !== roots.height) return no('WRONG_HEIGHT', '/event/cursor/height')
  return rootFromProof(eventDigest(event), proof) === roots.eventRoot ? undefined : no('NOT_IN_EVENTS')
}

const hashOfKey = (key: string): Uint8Array => sha256Bytes(utf8ToBytes(key))

function verifyKey({ key, found, proof }: KeyReceipt, { stateRoot }: Anchored): RefusedReceipt | undefined {
  if (!found.present && found.keyHash !== bytesToHex(hashOfKey(key))) return no('WRONG_DIGEST', '/found/keyHash')
  return stands(stateRoot, key, found.present ? found.value : undefined, proof) ? undefined : no('NOT_IN_STATE')
}

function verifyTopic({ topic, feed, proof }: TopicReceipt, { stateRoot }: Anchored): RefusedReceipt | undefined {
  const isEmpty = feed.count === 0
  if (isEmpty && feed.hash !== EMPTY_FEED.hash) return no('BAD_FORM', '/feed/hash')
  const value: JsonObject | undefined = isEmpty ? undefined : { count: feed.count, hash: feed.hash }
  return stands(stateRoot, feedKey(topic), value, proof) ? undefined : no('NOT_IN_STATE')
}

function stands(stateRoot: string, key: string, value: Json | undefined, proof: StateProof): boolean {
  const valueHash = value === undefined ? undefined : hexToBytes(hashJson(value))
  return rootFromStateProof(hashOfKey(key), valueHash, proof) === stateRoot
}
