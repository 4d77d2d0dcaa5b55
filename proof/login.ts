import { canonicalJson } from './canonical.ts'
import { utf8ToBytes } from './hash.ts'

/** What a caller proves when it signs in: that it holds this key of this participant, now, towards this node. */
export interface LoginClaim {
  readonly chainId: string
  /** The name of the node that asked, so that a signature given to one node opens no other. */
  readonly audience: string
  readonly participant: string
  readonly keyId: string
  /** Random text of the node, used once. */
  readonly challenge: string
}

const LOGIN_DOMAIN = 'sluice/login/v1\n'

/** The bytes that a key signs to sign in: a domain tag and the canonical claim; never mistaken for a command. */
export const loginBytes = ({ chainId, audience, participant, keyId, challenge }: LoginClaim): Uint8Array =>
  utf8ToBytes(LOGIN_DOMAIN + canonicalJson({ chainId, audience, participant, keyId, challenge }))
