import { headerHash, isSignedBy, resultHash } from './block.ts'
import { CanonicalError, canonicalBytes, parseCanonical } from './canonical.ts'
import { commandDigest } from './command.ts'
import { verifyEd25519, type SignatureCheck } from './ed25519.ts'
import { EMPTY_FEED, eventDigest, feedKey } from './feed.ts'
import { FormError } from './form.ts'
import { receiptForm } from './forms.ts'
import { hashJson, hexToBytes, sha256Bytes, utf8ToBytes } from './hash.ts'
import type { Json } from './json.ts'
import { rootFromProof } from './list-tree.ts'
import type { CommandReceipt, EventReceipt, KeyReceipt, Receipt, ReceiptVerdict, RefusedReceipt, TopicReceipt, Trust } from './receipt.ts' // prettier-ignore
import { rootFromStateProof, type StateProof } from './sparse-tree.ts'

const no = (reason: RefusedReceipt['reason'], field?: string): RefusedReceipt => ({
  ok: false,
  reason,
  ...(field === undefined ? {} : { field }),
})

/**
 * Verifies a receipt without any server: strict form, then the operator's signature, then the path from the fact to
 * the header. Answers yes with the receipt, or the first thing that does not hold; never throws on a stranger's bytes.
 * @param bytes the receipt's canonical JSON
 */
export function verifyReceipt(bytes: Uint8Array, trust: Trust, check: SignatureCheck = verifyEd25519): ReceiptVerdict {
  let value: Json
  try {
    value = parseCanonical(bytes)
    receiptForm(value, '')
  } catch (error) {
    if (error instanceof CanonicalError) return no('NOT_CANONICAL', error.path)
    if (error instanceof FormError) return no('BAD_FORM', error.path)
    throw error
  }
  const receipt = value as unknown as Receipt
  const { header } = receipt
  if (header.chainId !== trust.chainId) return no('WRONG_CHAIN')
  if (header.genesisHash !== trust.genesisHash) return no('WRONG_GENESIS')
  if (!isSignedBy(receipt, trust.operatorKey, check)) return no('BAD_SIGNATURE')
  return verifyFact(receipt) ?? { ok: true, receipt, header, headerHash: headerHash(header) }
}

/** The same for a receipt at hand as an object. */
export const verifyReceiptObject = (receipt: Json, trust: Trust, check?: SignatureCheck): ReceiptVerdict =>
  verifyReceipt(canonicalBytes(receipt), trust, check)

function verifyFact(receipt: Receipt): RefusedReceipt | undefined {
  switch (receipt.kind) {
    case 'command':
      return verifyCommand(receipt)
    case 'event':
      return verifyEvent(receipt)
    case 'key':
      return verifyKey(receipt)
    case 'topic':
      return verifyTopic(receipt)
  }
}

function verifyCommand({
  header,
  command,
  result,
  commandProof,
  resultPath,
}: CommandReceipt): RefusedReceipt | undefined {
  if (command.chainId !== header.chainId) return no('WRONG_CHAIN', '/command/chainId')
  const digest = commandDigest(command)
  if (result.digest !== digest) return no('WRONG_DIGEST', '/result/digest')
  if (result.commandId !== command.commandId) return no('WRONG_DIGEST', '/result/commandId')
  if (rootFromProof(digest, commandProof) !== header.commandRoot) return no('NOT_IN_COMMANDS')
  const resultProof = { ...commandProof, path: resultPath }
  return rootFromProof(resultHash(result), resultProof) === header.resultRoot ? undefined : no('NOT_IN_RESULTS')
}

function verifyEvent({ header, event, proof }: EventReceipt): RefusedReceipt | undefined {
  if (event.cursor.height !== header.height) return no('WRONG_HEIGHT', '/event/cursor/height')
  return rootFromProof(eventDigest(event), proof) === header.eventRoot ? undefined : no('NOT_IN_EVENTS')
}

function verifyKey({ header, key, found, proof }: KeyReceipt): RefusedReceipt | undefined {
  return stands(header.stateRoot, key, found.present ? found.value : undefined, proof) ? undefined : no('NOT_IN_STATE')
}

function verifyTopic({ header, topic, feed, proof }: TopicReceipt): RefusedReceipt | undefined {
  const isEmpty = feed.count === 0
  if (isEmpty && feed.hash !== EMPTY_FEED.hash) return no('BAD_FORM', '/feed/hash')
  const value = isEmpty ? undefined : { count: feed.count, hash: feed.hash }
  return stands(header.stateRoot, feedKey(topic), value, proof) ? undefined : no('NOT_IN_STATE')
}

function stands(stateRoot: string, key: string, value: Json | undefined, proof: StateProof): boolean {
  const valueHash = value === undefined ? undefined : hexToBytes(hashJson(value))
  return rootFromStateProof(sha256Bytes(utf8ToBytes(key)), valueHash, proof) === stateRoot
}
