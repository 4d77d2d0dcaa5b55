import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { canonicalJson } from './canonical.ts'
import type { Json } from './json.ts'

/** A SHA-256 digest as 64 lower-case hex digits: how hashes stand in JSON. */
export type Hash = string

export const HASH_PATTERN = '^[0-9a-f]{64}$'

export { bytesToHex, concatBytes, hexToBytes, utf8ToBytes }

export const sha256Bytes = (bytes: Uint8Array): Uint8Array => sha256(bytes)
export const sha256Hex = (bytes: Uint8Array): Hash => bytesToHex(sha256(bytes))

/** The hash of a JSON value: SHA-256 of its canonical text. */
export const hashJson = (value: Json): Hash => sha256Hex(utf8ToBytes(canonicalJson(value)))
