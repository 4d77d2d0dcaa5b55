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
  /** Into bytes at hand. */
  into(input: Uint8Array | string, to: Uint8Array, offset: number): void
  /** Of each 64 bytes, one after another: a level of a tree at once. */
  pairs(input: Uint8Array, to: Uint8Array): void
}

const portable: Sha256 = {
  bytes: (input) => sha256(typeof input === 'string' ? utf8ToBytes(input) : input),
  hex: (input) => bytesToHex(portable.bytes(input)),
  into: (input, to, offset) => to.set(portable.bytes(input), offset),
  pairs(input, to) {
    for (let at = 0; at < input.length; at += 64) portable.into(input.subarray(at, at + 64), to, at / 2)
  },
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
    const written = new Uint8Array(40)
    native.into(input, written, 4)
    const isWritten = bytesToHex(written) === `00000000${want}00000000`
    if (bytes !== want || hex !== want || !isWritten) throw new Error('not SHA-256')
  }
  for (const count of [1, 2, 7, 33]) {
    const input = Uint8Array.from({ length: count * 64 }, (_, i) => (i * 7) % 251)
    const [want, got] = [new Uint8Array(count * 32), new Uint8Array(count * 32)]
    portable.pairs(input, want)
    native.pairs(input, got)
    if (bytesToHex(got) !== bytesToHex(want)) throw new Error('not SHA-256')
  }
  fastest = native
}

export const sha256Bytes = (bytes: Uint8Array): Uint8Array => fastest.bytes(bytes)
/** SHA-256 into bytes at hand: a list's tree has thousands of nodes, and a buffer for each costs more than its hash. */
export const putSha256 = (bytes: Uint8Array, to: Uint8Array, offset: number): void => fastest.into(bytes, to, offset)
/** The hash of each 64 bytes of the input, 32 bytes each. */
export const putPairHashes = (input: Uint8Array, to: Uint8Array): void => fastest.pairs(input, to)
export const sha256Hex = (bytes: Uint8Array): Hash => fastest.hex(bytes)
/** The hash of a text's UTF-8 form. A lone surrogate has none: texts come from canonical JSON, which refuses it. */
export const sha256TextHex = (text: string): Hash => fastest.hex(text)

/** The hash of a JSON value: SHA-256 of its canonical text. */
export const hashJson = (value: Json): Hash => sha256TextHex(canonicalJson(value))

const NO_DIGIT = 0x80
const DIGITS = new Uint8Array(128).fill(NO_DIGIT)
;[...'0123456789abcdef'].forEach((digit, value) => (DIGITS[digit.charCodeAt(0)] = value))

/** Writes the 32 bytes of a hash to bytes at hand. @throws RangeError when it is none */
export function putHash(hash: Hash, to: Uint8Array, offset: number): void {
  let seen = hash.length === 64 ? 0 : NO_DIGIT
  for (let i = 0; i < 32; i += 1) {
    const high = DIGITS[hash.charCodeAt(2 * i)] ?? NO_DIGIT
    const low = DIGITS[hash.charCodeAt(2 * i + 1)] ?? NO_DIGIT
    seen |= high | low
    to[offset + i] = (high << 4) | low
  }
  if (seen >= NO_DIGIT) throw new RangeError('not a hash of 64 lower-case hex digits')
}
