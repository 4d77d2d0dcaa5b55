import type { Curve } from '#proof/public-key'
import { signingKey, type SigningKey } from './operator-key.ts'
import { sm2SigningKey } from './sm2-native.ts'

/** The key of 32 secret bytes on a curve. @throws RangeError when they are no secret of it */
export const secretKey = (curve: Curve, secret: Uint8Array): SigningKey =>
  curve === 'sm2' ? sm2SigningKey(secret) : signingKey(secret)
