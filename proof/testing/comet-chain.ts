import { ed25519 } from '@noble/curves/ed25519.js'
import { toBase64url } from '../base64url.ts'
import { cometHeaderHash, inOrder, validatorAddress, validatorsHash, voteSignBytes, type Commit, type CometHeader, type CommitSignature, type LightBlock, type Validator } from '../cometbft/index.ts' // prettier-ignore
import { sha256Bytes, sha256Hex, utf8ToBytes } from '../hash.ts'

/** Validators with keys of our own, who sign whatever a test wants: a CometBFT chain without CometBFT. */
export interface TestValidator extends Validator {
  readonly secret: Uint8Array
}

export function testValidator(name: string, power: number): TestValidator {
  const secret = sha256Bytes(utf8ToBytes(`validator ${name}`))
  return { secret, power, publicKey: toBase64url(ed25519.getPublicKey(secret)) }
}

const publicPart = ({ publicKey, power }: TestValidator): Validator => ({ publicKey, power })
export const publicParts = (validators: readonly TestValidator[]): Validator[] => validators.map(publicPart)

export const TEST_CHAIN = 'sluice-test-00000000'
const ZERO = sha256Hex(new Uint8Array(0))
/** 2026-01-01T00:00Z, in seconds. */
export const START_SECONDS = 1_767_225_600

export interface BlockWish {
  readonly height: number
  readonly validators: readonly TestValidator[]
  readonly next?: readonly TestValidator[]
  readonly appHash?: string
  readonly seconds?: number
  readonly chainId?: string
  /** How each votes; for the block when nothing is said. */
  readonly vote?: (validator: TestValidator) => 'block' | 'nil' | 'absent'
}

export function testBlock(wish: BlockWish): LightBlock {
  const { height, appHash = ZERO, chainId = TEST_CHAIN, vote = () => 'block' } = wish
  const validators = inOrder(wish.validators)
  const seconds = wish.seconds ?? START_SECONDS + height
  const header: CometHeader = {
    version: { block: 11, app: 1 },
    chainId,
    height,
    time: { seconds, nanos: 0 },
    lastBlockId: height === 1 ? null : { hash: ZERO, parts: { total: 1, hash: ZERO } },
    lastCommitHash: ZERO,
    dataHash: ZERO,
    validatorsHash: validatorsHash(validators),
    nextValidatorsHash: validatorsHash(inOrder(wish.next ?? validators)),
    consensusHash: ZERO,
    appHash,
    lastResultsHash: ZERO,
    evidenceHash: ZERO,
    proposerAddress: validatorAddress(validators[0]!.publicKey),
  }
  const hash = cometHeaderHash(header)
  const empty: Commit = { round: 0, parts: { total: 1, hash: sha256Hex(utf8ToBytes('parts')) }, signatures: [] }
  const signatures = validators.map((validator): CommitSignature | null => {
    const choice = vote(validator)
    if (choice === 'absent') return null
    const unsigned: CommitSignature = { vote: choice, time: { seconds: seconds + 1, nanos: 5 }, signature: '' }
    const signature = ed25519.sign(voteSignBytes(header, hash, empty, unsigned), validator.secret)
    return { ...unsigned, signature: toBase64url(signature) }
  })
  return { header, commit: { ...empty, signatures }, validators: publicParts(validators) }
}
