// The two keys of a CometBFT process in the JSON forms its program reads (node_key.json and priv_validator_key.json of
// v0.38): Ed25519, the secret as seed ‖ public key in base64.
import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

export interface CometKey {
  /** The first 20 bytes of SHA-256 of the public key, lower case hex: a node's id, and in upper case a validator's address. */
  readonly id: string
  /** 32 bytes, base64 */
  readonly publicKey: string
  /** 64 bytes, base64 */
  readonly secret: string
}

/** @param seed 32 secret bytes; new ones unless given */
export function cometKey(seed: Uint8Array = randomBytes(32)): CometKey {
  if (seed.length !== 32) throw new RangeError('an Ed25519 seed has 32 bytes')
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32)
  return {
    id: createHash('sha256').update(publicKey).digest('hex').slice(0, 40),
    publicKey: publicKey.toString('base64'),
    secret: Buffer.concat([seed, publicKey]).toString('base64'),
  }
}

const privateKey = ({ secret }: CometKey) => ({ type: 'tendermint/PrivKeyEd25519', value: secret })
export const publicKeyJson = (publicKey: string) => ({ type: 'tendermint/PubKeyEd25519', value: publicKey })
export const addressOf = ({ id }: Pick<CometKey, 'id'>): string => id.toUpperCase()

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Names the process to its peers and authenticates its connections. */
export const nodeKeyFile = (key: CometKey): string => json({ priv_key: privateKey(key) })

/** Signs votes. */
export const validatorKeyFile = (key: CometKey): string =>
  json({ address: addressOf(key), pub_key: publicKeyJson(key.publicKey), priv_key: privateKey(key) })

/** What a validator last signed; a new one has signed nothing. Losing this file may make an honest validator sign twice. */
export const NEW_VALIDATOR_STATE = json({ height: '0', round: 0, step: 0 })
