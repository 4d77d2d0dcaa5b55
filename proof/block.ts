import { fromBase64url } from './base64url.ts'
import { canonicalBytes } from './canonical.ts'
import type { SignatureCheck } from './ed25519.ts'
import { hashJson, sha256Bytes, bytesToHex, concatBytes, hexToBytes, utf8ToBytes, type Hash } from './hash.ts'
import type { Json, JsonObject } from './json.ts'

/** What one block commits to. Block 0 holds the genesis events and no commands; its time is 0. */
export interface BlockHeader {
  readonly chainId: string
  readonly height: number
  /** Hash of the header before; 64 zeros in block 0. */
  readonly previous: Hash
  /** Milliseconds, never before the block before (LEDGER.md §3). */
  readonly timeMs: number
  /** List tree of command digests. */
  readonly commandRoot: Hash
  /** List tree of event digests. */
  readonly eventRoot: Hash
  /** List tree of result hashes, in the order of the commands. */
  readonly resultRoot: Hash
  /** Sparse tree of the state after the block. */
  readonly stateRoot: Hash
  readonly genesisHash: Hash
}

export interface SignedHeader {
  readonly header: BlockHeader
  /** The ledger operator's, base64url. */
  readonly signature: string
}

export const NO_HASH: Hash = '0'.repeat(64)

const HEADER_DOMAIN = utf8ToBytes('sluice/header/v1\n')
const HEADER_SIGNATURE_DOMAIN = utf8ToBytes('sluice/header-signature/v1\n')

export const headerHash = (header: BlockHeader): Hash =>
  bytesToHex(sha256Bytes(concatBytes(HEADER_DOMAIN, canonicalBytes(header as unknown as Json))))

/** The bytes that the ledger's operator signs. */
export const headerSigningBytes = (hash: Hash): Uint8Array => concatBytes(HEADER_SIGNATURE_DOMAIN, hexToBytes(hash))

/** @param operatorKey the operator's public key, base64url */
export function isSignedBy(signed: SignedHeader, operatorKey: string, check: SignatureCheck): boolean {
  const key = fromBase64url(operatorKey)
  const signature = fromBase64url(signed.signature)
  return !!key && !!signature && check(key, headerSigningBytes(headerHash(signed.header)), signature)
}

/** What became of a command, as the block commits to it. */
export type CommandResult =
  | { readonly commandId: string; readonly digest: Hash; readonly accepted: true; readonly events: number }
  | {
      readonly commandId: string
      readonly digest: Hash
      readonly accepted: false
      readonly refusal: { readonly code: string; readonly kind: string; readonly details: JsonObject }
    }

export const resultHash = (result: CommandResult): Hash => hashJson(result as unknown as Json)

/** The hash of the agreed first document; every header carries it. */
export const genesisHash = (document: JsonObject): Hash => hashJson(document)

/** Of the genesis hash in a chain's id: 128 bits, since a command is signed for the id and not for the whole hash. */
const ID_DIGITS = 32
/** CometBFT takes ids of 50 characters at most. */
const MAX_NAME = 50 - 1 - ID_DIGITS

/**
 * `<name>-<first 32 hex digits of the genesis hash>`: two ledgers cannot take each other's commands, also when their
 * founders look for it (ADR 042). What an identifier cannot hold is left out of the name, and a long one is cut.
 */
export function chainIdOf(document: JsonObject): string {
  const name = typeof document.name === 'string' ? document.name : ''
  const slug = name.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-/, '').slice(0, MAX_NAME).replace(/-$/, '').toLowerCase() // prettier-ignore
  return `${slug || 'ledger'}-${genesisHash(document).slice(0, ID_DIGITS)}`
}

/** Whose signature the embedded ledger's headers bear, as the genesis document names it; base64url. */
export function ledgerOperatorKey(document: JsonObject): string | undefined {
  const operator = document.ledgerOperator
  if (typeof operator !== 'object' || operator === null || Array.isArray(operator)) return undefined
  const { publicKey } = operator as JsonObject
  return typeof publicKey === 'string' ? publicKey : undefined
}
