import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { canonicalJson } from './canonical.ts'
import type { Json } from './json.ts'

/** A SHA-256 digest as 64 lower-case hex digits: how hashes stand in JSON. */
export type Hash = string

export const HASH_PATTERN = '^[0-9a-f]{64}$'

export { bytesToHex, concatBytes, hexToBytes, utf8ToBytes }

/** SHA-256 as the runtime has it. Texts are hashed in their UTF-8 form. */
export interface Sha256 {
  bytes(input: Uint8Array | string): Uint8Array
  hex(input: Uint8Array | string): Hash
}

const portable: Sha256 = {
  bytes: (input) => sha256(typeof input === 'string' ? utf8ToBytes(input) : input),
  hex: (input) => bytesToHex(portable.bytes(input)),
}
let fastest = portable

/**
 * Lets a runtime's own SHA-256 stand in for the portable one, eight times slower on Node. Purity is kept: there is one
 * SHA-256, and one that answers a known question otherwise is not taken.
 * @throws Error when it is not SHA-256
 */
export function useSha256(native: Sha256): void {
  for (const input of ['', 'abc', 'd\u00e9j\u00e0 vu \u6d77', new Uint8Array(65), new Uint8Array(200).fill(7)]) {
    const [want, bytes, hex] = [portable.hex(input), bytesToHex(native.bytes(input)), native.hex(input)]
    if (bytes !== want || hex !== want) throw new Error('not SHA-256')
  }
  fastest = native
}

export const sha256Bytes = (bytes: Uint8Array): Uint8Array => fastest.bytes(bytes)
export const sha256Hex = (bytes: Uint8Array): Hash => fastest.hex(bytes)
/** The hash of a text's UTF-8 form. A lone surrogate has none: texts come from canonical JSON, which refuses it. */
export const sha256TextHex = (text: string): Hash => fastest.hex(text)

/** The hash of a JSON value: SHA-256 of its canonical text. */
export const hashJson = (value: Json): Hash => sha256TextHex(canonicalJson(value))
