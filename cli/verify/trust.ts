import { readFile } from 'node:fs/promises'
import { verifyVoteNative } from '#ledger-adapter/application/verify-native'
import { toBase64url } from '#proof/base64url'
import { inOrder, timestampOf, millisOf, type TrustedValidators, type Validator } from '#proof/cometbft/index'
import { canonicalBytes } from '#proof/canonical'
import { validatorsForm } from '#proof/cometbft/forms'
import * as f from '#proof/form'
import type { Json, JsonObject } from '#proof/json'
import { chainIdOf } from '#proof/block'
import { predecessorOf } from '#proof/predecessor'
import type { AnyTrust, ValidatorsReceipt, ValidatorTrust } from '#proof/receipt'
import { verifyValidators } from '#proof/verify-receipt'
import { refusalWords, type Language } from '#client/receipt-words'
import { CommandFailure } from '../failure.ts'
import { receiptBytes } from './receipt-file.ts'

export interface TrustOptions {
  readonly chain?: string
  readonly genesis?: string
  readonly operatorKey?: string
  readonly validators?: string
  readonly follow?: readonly string[]
  readonly trustingDays?: string
  readonly now?: string
}

/**
 * Whom the caller trusts, from the options: the operator of an embedded ledger, or validators of a CometBFT chain.
 * @throws CommandFailure 2 when the options name neither or not enough
 */
export async function trustOf(options: TrustOptions, language: Language): Promise<AnyTrust> {
  const { chain, genesis, operatorKey, validators } = options
  if (validators !== undefined) {
    if (operatorKey !== undefined) throw new CommandFailure('either --operator-key or --validators, not both', 2)
    return follow(await validatorTrust(validators, options), options.follow ?? [], language)
  }
  const missing = Object.entries({ '--chain': chain, '--genesis': genesis, '--operator-key': operatorKey })
    .filter(([, value]) => value === undefined)
    .map(([name]) => name)
  if (missing.length > 0) {
    const ways = 'A receipt is verified by --chain, --genesis and --operator-key, or by --validators.'
    throw new CommandFailure(`whom to trust: ${missing.join(', ')} missing. ${ways}`, 2)
  }
  return { chainId: chain!, genesisHash: genesis!, operatorKey: operatorKey! }
}

const trustedForm = f.fields({ height: f.count, timeMs: f.count, validators: validatorsForm })
const headerForm = f.fields({
  height: f.count,
  timeMs: f.count,
  validators: validatorsForm,
  nextValidatorsHash: f.hash,
  headerHash: f.hash,
})

/** A genesis file of CometBFT, or what `verify --json` answered for a file of validators: {chainId, trusted}. */
async function validatorTrust(file: string, options: TrustOptions): Promise<ValidatorTrust> {
  let value: JsonObject
  try {
    value = JSON.parse(await readFile(file, 'utf8')) as JsonObject
    f.object(value, '')
  } catch (error) {
    throw new CommandFailure(`${file}: cannot be read as JSON`, 1, { cause: error })
  }
  const period = periodOf(options)
  try {
    const { chainId, validators, predecessor } =
      'chain_id' in value
        ? ofGenesis(value)
        : { ...ofTrusted(value['chainId'], value['trusted']), predecessor: undefined }
    if (options.chain !== undefined && options.chain !== chainId) {
      throw new CommandFailure(`${file} is of chain ${chainId}, not ${options.chain}`)
    }
    return { chainId, validators, ...(predecessor ? { predecessor } : {}), ...(period ? { period } : {}) }
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw new CommandFailure(`${file}: neither a CometBFT genesis nor {chainId, trusted}`, 1, { cause: error })
  }
}

function ofTrusted(chainId: Json | undefined, trusted: Json | undefined) {
  f.text(chainId, '/chainId')
  const isHeader = f.isObject(trusted) && 'headerHash' in trusted
  ;(isHeader ? headerForm : trustedForm)(trusted, '/trusted')
  return { chainId: chainId as string, validators: trusted as unknown as TrustedValidators }
}

/** Its application's genesis says which ledger the chain continues, if any: whose receipts then hold too. */
function ofGenesis(genesis: JsonObject) {
  f.text(genesis['chain_id'], '/chain_id')
  const list = genesis['validators'] as unknown as { pub_key: { type: string; value: string }; power: string }[]
  const validators = list.map(({ pub_key: { type, value }, power }): Validator => {
    if (type !== 'tendermint/PubKeyEd25519') throw new CommandFailure(`a validator with a key of ${type}`)
    return { publicKey: toBase64url(Buffer.from(value, 'base64')), power: Number(power) }
  })
  validatorsForm(validators as unknown as Json, '/validators')
  const height = Math.max(1, Number(genesis['initial_height'] ?? 1))
  const timeMs = millisOf(timestampOf(genesis['genesis_time'] as string))
  const document = genesis['app_state']
  const chainId = genesis['chain_id'] as string
  if (f.isObject(document) && 'predecessor' in document && chainIdOf(document) !== chainId)
    throw new CommandFailure(`its application's genesis is not that of ${chainId}`)
  const predecessor = f.isObject(document) ? predecessorOf(document) : undefined
  return { chainId, validators: { height, timeMs, validators: inOrder(validators) }, predecessor }
}

const DAY_MS = 86_400_000

function periodOf({ trustingDays, now }: TrustOptions) {
  if (trustingDays === undefined) return undefined
  const days = Number(trustingDays)
  const nowMs = now === undefined ? Date.now() : Date.parse(now)
  if (!(days > 0) || Number.isNaN(nowMs)) throw new CommandFailure('--trusting-days and --now: days and a time expected', 2) // prettier-ignore
  return { nowMs, trustingPeriodMs: Math.floor(days * DAY_MS) }
}

/** From the trusted validators over each file of validators in turn. */
async function follow(trust: ValidatorTrust, files: readonly string[], language: Language): Promise<ValidatorTrust> {
  let reached = trust
  for (const file of files) reached = followOne(reached, await receiptBytes(file), file, language)
  return reached
}

function followOne(trust: ValidatorTrust, bytes: Uint8Array, from: string, language: Language): ValidatorTrust {
  const verdict = verifyValidators(bytes, trust, verifyVoteNative)
  if (!verdict.ok) throw new CommandFailure(`${from}: ${refusalWords(verdict, language)}`)
  return { ...trust, validators: verdict.trusted }
}

/**
 * Trust in the validators of now, from trust in earlier ones, over the headers that a node gives: nothing of it is
 * believed. An operator's is answered as it is.
 * @param ask for the receipt of validators from a height
 * @throws CommandFailure with the first thing that does not hold
 */
export async function trustFollowed(
  trust: AnyTrust,
  ask: (from: number) => Promise<ValidatorsReceipt>,
  language: Language,
): Promise<AnyTrust> {
  if (!('validators' in trust)) return trust
  const receipt = (await ask(trust.validators.height)) as unknown as Json
  return followOne(trust, canonicalBytes(receipt), 'the validators since genesis', language)
}
