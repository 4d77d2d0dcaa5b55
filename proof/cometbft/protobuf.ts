import { concatBytes, utf8ToBytes } from '../hash.ts'

/**
 * Just enough of protobuf's encoding for what CometBFT hashes and signs. proto3: a field at its default is left out,
 * except an embedded message that the Go code declares non-nullable, which is always written.
 */
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const EMPTY = new Uint8Array(0)

/** Unsigned LEB128. A negative int64 is written as its 64-bit two's complement. */
export function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

const tag = (field: number, wire: number): Uint8Array => varint((field << 3) | wire)

export const intField = (field: number, value: number | bigint): Uint8Array =>
  BigInt(value) === 0n ? EMPTY : concatBytes(tag(field, VARINT), varint(value))

export function sfixed64Field(field: number, value: number | bigint): Uint8Array {
  if (BigInt(value) === 0n) return EMPTY
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true)
  return concatBytes(tag(field, FIXED64), bytes)
}

export const bytesField = (field: number, value: Uint8Array): Uint8Array =>
  value.length === 0 ? EMPTY : messageField(field, value)

export const textField = (field: number, value: string): Uint8Array => bytesField(field, utf8ToBytes(value))

/** A non-nullable embedded message: written even when it is empty. */
export const messageField = (field: number, body: Uint8Array): Uint8Array =>
  concatBytes(tag(field, BYTES), varint(body.length), body)

/** A message with its length before it, as CometBFT signs it. */
export const delimited = (body: Uint8Array): Uint8Array => concatBytes(varint(body.length), body)
