import { fromBase64url } from './base64url.ts'
import { chainIdOf, genesisHash, ledgerOperatorKey } from './block.ts'
import type { SignatureCheck } from './ed25519.ts'
import * as f from './form.ts'
import { concatBytes, hexToBytes, utf8ToBytes, type Hash } from './hash.ts'
import type { Json, JsonObject } from './json.ts'

/**
 * The ledger that a chain continues (docs/adr/031): one whose operator signed its headers, ended at its last header. Its
 * state is the new chain's first, and its heights and topics go on.
 */
export interface Predecessor {
  readonly chainId: string
  readonly genesisHash: Hash
  /** Whose signature its headers bear, base64url. */
  readonly operatorKey: string
  /** Of its last block; the new chain's first is the next. */
  readonly height: number
  readonly headerHash: Hash
  readonly stateRoot: Hash
  /** Of its last block, milliseconds: the new chain does not begin before. */
  readonly timeMs: number
  /** The operator's word that nothing follows the last header, base64url. */
  readonly endSignature: string
  /** Its founding document: its hash and its chain's id follow from it. */
  readonly genesis: JsonObject
}

/** What a genesis document says under `predecessor`; the rest follows from the founding document in it. */
const predecessorForm = f.fields({
  height: f.count,
  headerHash: f.hash,
  stateRoot: f.hash,
  timeMs: f.count,
  endSignature: f.signature,
  genesis: f.object,
})

/**
 * The ledger that the genesis document continues, if any.
 * @throws FormError naming the field
 */
export function predecessorOf(document: JsonObject): Predecessor | undefined {
  const said: Json | undefined = document['predecessor']
  if (said === undefined) return undefined
  predecessorForm(said, '/predecessor')
  const { genesis, ...end } = said as unknown as Omit<Predecessor, 'chainId' | 'genesisHash' | 'operatorKey'>
  const operatorKey = ledgerOperatorKey(genesis)
  if (operatorKey === undefined || 'predecessor' in genesis)
    throw new f.FormError('/predecessor/genesis', 'the genesis of a ledger whose operator signs its headers')
  return { chainId: chainIdOf(genesis), genesisHash: genesisHash(genesis), operatorKey, ...end, genesis }
}

/** The document that block 0 follows from: its own, or that of the ledger it continues. */
export const foundingDocument = (document: JsonObject): JsonObject => predecessorOf(document)?.genesis ?? document

/**
 * The genesis document of a chain that continues another. Members, keys, terms and calendar stand in the state that is
 * carried over, so that it says nothing of its own but a name.
 */
export function continuingGenesis(
  name: string,
  { height, headerHash, stateRoot, timeMs, endSignature, genesis }: Predecessor,
): JsonObject {
  return { name, predecessor: { height, headerHash, stateRoot, timeMs, endSignature, genesis } }
}

const END_DOMAIN = utf8ToBytes('sluice/ledger-end/v1\n')

/** What the operator signs to end its ledger. A later header with its signature then proves that it broke its word. */
export const endSigningBytes = (headerHash: Hash): Uint8Array => concatBytes(END_DOMAIN, hexToBytes(headerHash))

export function isEndSigned(
  { headerHash, endSignature }: Pick<Predecessor, 'headerHash' | 'endSignature'>,
  operatorKey: string,
  check: SignatureCheck,
): boolean {
  const [key, signature] = [fromBase64url(operatorKey), fromBase64url(endSignature)]
  return !!key && !!signature && check(key, endSigningBytes(headerHash), signature)
}
