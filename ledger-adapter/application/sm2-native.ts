import { createPrivateKey, createPublicKey, createSign, createVerify, type KeyObject } from 'node:crypto'
import { DER } from '@noble/curves/abstract/weierstrass.js'
import { toBase64url } from '#proof/base64url'
import type { SignatureCheck } from '#proof/ed25519'
import { bytesToHex } from '#proof/hash'
import { SM2_SIGNATURE_BYTES, sm2Identity } from '#proof/sm2'
import { SM2_CURVE, Sm2Point } from '#proof/sm2-key'
import type { SigningKey } from './operator-key.ts'

/**
 * SM2 by OpenSSL. `sign`/`verify('sm3')` of Node 20 would take an empty identity, so Z is put before the message by us
 * and only the equation is OpenSSL's; a key must have been imported as SM2 (not generated) for that equation to be SM2's.
 */
const SPKI_HEAD = Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d034200', 'hex')
const PKCS8_HEAD = Buffer.from('308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420', 'hex')
const PKCS8_KEY = Buffer.from('a144034200', 'hex')

interface NativeKey {
  readonly key: KeyObject
  readonly identity: Uint8Array
}
const MAX_KNOWN = 4096
const known = new Map<string, NativeKey | undefined>()

function nativeKey(publicKey: Uint8Array): NativeKey | undefined {
  const id = bytesToHex(publicKey)
  if (known.has(id)) return known.get(id)
  if (known.size >= MAX_KNOWN) known.clear()
  const identity = sm2Identity(publicKey)
  const made = identity && {
    identity,
    key: createPublicKey({
      key: Buffer.concat([SPKI_HEAD, Sm2Point.fromBytes(publicKey).toBytes(false)]),
      format: 'der',
      type: 'spki',
    }),
  }
  known.set(id, made)
  return made
}

const bigEndian = (bytes: Uint8Array): bigint => BigInt(`0x${bytesToHex(bytes)}`)

export const verifySm2Native: SignatureCheck = (publicKey, message, signature) => {
  if (signature.length !== SM2_SIGNATURE_BYTES) return false
  const [r, s] = [bigEndian(signature.subarray(0, 32)), bigEndian(signature.subarray(32))]
  const of = nativeKey(publicKey)
  if (!of || r === 0n || s === 0n) return false
  const der = Buffer.from(DER.hexFromSig({ r, s }), 'hex')
  return createVerify('sm3').update(of.identity).update(message).verify(of.key, der)
}

/** @param secret 32 bytes, a number in [1, n−2] (GB/T 32918.1 §6.1). @throws RangeError */
export function sm2SigningKey(secret: Uint8Array): SigningKey {
  const d = secret.length === 32 ? bigEndian(secret) : 0n
  if (d < 1n || d > SM2_CURVE.n - 2n) throw new RangeError('an SM2 secret is 32 bytes, between 1 and n − 2')
  const point = Sm2Point.BASE.multiply(d)
  const publicKey = point.toBytes(true)
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, secret, PKCS8_KEY, point.toBytes(false)]),
    format: 'der',
    type: 'pkcs8',
  })
  const identity = sm2Identity(publicKey)!
  return {
    publicKey: toBase64url(publicKey),
    sign(message) {
      const der = createSign('sm3').update(identity).update(message).sign(key)
      const { r, s } = DER.toSig(new Uint8Array(der))
      return new Uint8Array(Buffer.from([r, s].map((value) => value.toString(16).padStart(64, '0')).join(''), 'hex'))
    },
  }
}
