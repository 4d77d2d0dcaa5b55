import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { L, littleEndian } from '../ed25519.ts'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '../hash.ts'

/** A signature that some implementation takes and another refuses, or that all must answer alike; all in hex. */
export interface SignatureCase {
  readonly why: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
}

const { Point } = ed25519
/** Of order 1, 2, 4, 8; then spellings that are not canonical. */
const SMALL = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
]
const ODD = [
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0100000000000000000000000000000000000000000000000000000000000080',
]

function toLittleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
}

function scalarOf(secret: Uint8Array): bigint {
  const head = sha512(secret).slice(0, 32)
  head[0] = head[0]! & 248
  head[31] = (head[31]! & 127) | 64
  return littleEndian(head) % L
}

/** Random and adversarial signatures, the same for the same seed. */
export function signatureCases(seed: string, count = 24): SignatureCase[] {
  const cases: SignatureCase[] = []
  const random = (what: string): Uint8Array => sha512(utf8ToBytes(`${seed} ${what}`)).subarray(0, 32)
  const add = (why: string, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): void => {
    cases.push({
      why,
      publicKey: bytesToHex(publicKey),
      message: bytesToHex(message),
      signature: bytesToHex(signature),
    })
  }
  for (let i = 0; i < count; i += 1) {
    const secret = random(`key ${i}`)
    const publicKey = ed25519.getPublicKey(secret)
    const message = random(`message ${i}`).subarray(0, i)
    const signature = ed25519.sign(message, secret)
    add('honest', publicKey, message, signature)
    const flipped = signature.slice()
    const bit = littleEndian(random(`bit ${i}`)) % 512n
    flipped[Number(bit >> 3n)]! ^= 1 << Number(bit & 7n)
    add('one bit changed', publicKey, message, flipped)
    add('of another message', publicKey, random(`other ${i}`), signature)
    add('random bytes', random(`a ${i}`), message, concatBytes(random(`r ${i}`), random(`s ${i}`)))
    const s = littleEndian(signature.subarray(32))
    add('S + L', publicKey, message, concatBytes(signature.subarray(0, 32), toLittleEndian(s + L)))
    // R' = rB + T with T of small order; S = r + k·a, k over R': the cofactored equation holds.
    for (const torsion of SMALL.slice(1).map((hex) => Point.fromBytes(hexToBytes(hex)))) {
      const r = (littleEndian(random(`nonce ${i}`)) % (L - 1n)) + 1n
      const commitment = Point.BASE.multiply(r).add(torsion).toBytes()
      const k = littleEndian(sha512(concatBytes(commitment, publicKey, message))) % L
      const scalar = toLittleEndian((r + k * scalarOf(secret)) % L)
      add('R with a torsion component', publicKey, message, concatBytes(commitment, scalar))
    }
  }
  const message = utf8ToBytes('anything')
  const mixed = Point.BASE.add(Point.fromBytes(hexToBytes(SMALL[3]!))).toBytes()
  for (const key of [...[...SMALL, ...ODD].map(hexToBytes), mixed]) {
    add(
      'a key of small order, or in another spelling',
      key,
      message,
      concatBytes(hexToBytes(SMALL[0]!), new Uint8Array(32)),
    )
    add('such a key, R of the same', key, message, concatBytes(key, new Uint8Array(32)))
  }
  return cases
}
