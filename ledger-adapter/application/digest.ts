import { hash } from 'node:crypto'

/**
 * A SHA-256 digest as a text of 32 characters, one a byte: on Node 20 it costs a third of what a new buffer does, and
 * keeping it a fifth of the memory.
 */
export type Digest = string

export const digestOf = (input: string | Uint8Array): Digest => hash('sha256', input, 'binary')

export function putBytes(digest: Digest, to: Uint8Array, offset: number): void {
  for (let i = 0; i < 32; i += 1) to[offset + i] = digest.charCodeAt(i)
}

export const asDigest = (bytes: Uint8Array): Digest => String.fromCharCode(...bytes)

/** SHA-256 into bytes at hand. */
export const putDigest = (input: string | Uint8Array, to: Uint8Array, offset: number): void =>
  putBytes(digestOf(input), to, offset)
