import { verifyEd25519, type SignatureCheck } from './ed25519.ts'
import { curveOf } from './public-key.ts'
import { verifySm2 } from './sm2.ts'

/** Checks a signature of either curve, anywhere: no Node API, a function of its bytes alone. */
export const verifySignature: SignatureCheck = (publicKey, message, signature) =>
  (curveOf(publicKey) === 'sm2' ? verifySm2 : verifyEd25519)(publicKey, message, signature)
