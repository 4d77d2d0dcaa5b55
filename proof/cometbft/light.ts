import { fromBase64url } from '../base64url.ts'
import type { SignatureCheck } from '../ed25519.ts'
import type { Hash } from '../hash.ts'
import { cometHeaderHash, keyBytes, validatorsHash, voteSignBytes } from './encoding.ts'
import type { LightBlock, Timestamp, Validator } from './types.ts'
import { verifyZip215 } from './zip215.ts'

/**
 * A light client of CometBFT: from validators whom one trusts to a header that more than two thirds of its own signed.
 * Source: the light client specification of CometBFT v0.38, light/verifier.go.
 */
export interface TrustedValidators {
  /** The height at which these are the validators. */
  readonly height: number
  /** Time of that height's header, in milliseconds; 0 when it is not known. */
  readonly timeMs: number
  readonly validators: readonly Validator[]
  /** Who validates the next height, when the header is known: makes the sequential step possible. */
  readonly nextValidatorsHash?: Hash
  /** The header's own hash, when it is known: another header of the same height is refused. */
  readonly headerHash?: Hash
}

/** For how long former validators are trusted; without it time is not checked. */
export interface TrustingPeriod {
  readonly nowMs: number
  /** Shorter than the time for which a validator answers for what it signed. */
  readonly trustingPeriodMs: number
  /** How far a header's time may lie ahead of `nowMs`; 10 s by default. */
  readonly maxDriftMs?: number
}

export const LIGHT_REASONS = [
  'WRONG_CHAIN', 'BAD_VALIDATORS', 'WRONG_VALIDATORS', 'WRONG_HEADER', 'WRONG_NEXT_VALIDATORS', 'BAD_COMMIT',
  'BAD_VOTE', 'TOO_LITTLE_POWER', 'TOO_LITTLE_OVERLAP', 'BEFORE_TRUST', 'TIME_GOES_BACK', 'TRUST_EXPIRED', 'FROM_THE_FUTURE',
] as const // prettier-ignore
export type LightReason = (typeof LIGHT_REASONS)[number]

export type LightVerdict =
  | { readonly ok: true; readonly trusted: TrustedValidators; readonly headerHash: Hash }
  | { readonly ok: false; readonly reason: LightReason; readonly field?: string }

const DEFAULT_DRIFT_MS = 10_000

const no = (reason: LightReason, field?: string): LightVerdict & { ok: false } => ({
  ok: false,
  reason,
  ...(field === undefined ? {} : { field }),
})

/** Milliseconds of a timestamp, rounded down. */
export const millisOf = ({ seconds, nanos }: Timestamp): number => seconds * 1000 + Math.floor(nanos / 1_000_000)

const isBefore = (a: Timestamp, b: number): boolean => millisOf(a) < b

/** The set's whole power; undefined when a key stands twice, is malformed, or the power is beyond exact numbers. */
export function totalPower(validators: readonly Validator[]): number | undefined {
  const keys = new Set<string>()
  let total = 0
  for (const { publicKey, power } of validators) {
    if (fromBase64url(publicKey)?.length !== 32 || keys.has(publicKey) || power <= 0) return undefined
    keys.add(publicKey)
    total += power
    if (!Number.isSafeInteger(power) || !Number.isSafeInteger(total)) return undefined
  }
  return total
}

/** Whether part / total > numerator / 3, exactly. */
const isMoreThanThirds = (part: number, total: number, numerator: 1 | 2): boolean =>
  BigInt(part) * 3n > BigInt(total) * BigInt(numerator)

/** Who signed for this block, by public key; every signature that is given must hold, those for `nil` too. */
function signersOf(block: LightBlock, hash: Hash, check: SignatureCheck): Set<string> | (LightVerdict & { ok: false }) {
  const { header, commit, validators } = block
  if (commit.signatures.length !== validators.length) return no('BAD_COMMIT', '/commit/signatures')
  const signers = new Set<string>()
  for (const [i, vote] of commit.signatures.entries()) {
    if (!vote) continue
    const { publicKey } = validators[i]!
    const signature = fromBase64url(vote.signature)
    const message = voteSignBytes(header, hash, commit, vote)
    if (!signature || !check(keyBytes(publicKey), message, signature)) return no('BAD_VOTE', `/commit/signatures/${i}`)
    if (vote.vote === 'block') signers.add(publicKey)
  }
  return signers
}

const powerOf = (validators: readonly Validator[], signers: ReadonlySet<string>): number =>
  validators.reduce((sum, { publicKey, power }) => (signers.has(publicKey) ? sum + power : sum), 0)

/**
 * Whether the header follows from the trusted validators: they are named by the trusted header as the next ones, or
 * more than a third of the trusted power signed it too; and more than two thirds of its own validators' power did.
 * @param chainId found out beforehand
 */
export function followLightBlock(
  chainId: string,
  trusted: TrustedValidators,
  block: LightBlock,
  period?: TrustingPeriod,
  check: SignatureCheck = verifyZip215,
): LightVerdict {
  const { header, validators } = block
  if (header.chainId !== chainId) return no('WRONG_CHAIN', '/header/chainId')
  const timely = checkTime(trusted, header.time, period)
  if (timely) return timely
  const trustedTotal = totalPower(trusted.validators)
  if (trustedTotal === undefined || trustedTotal === 0) return no('BAD_VALIDATORS', '/trust')
  const total = totalPower(validators)
  if (total === undefined || total === 0) return no('BAD_VALIDATORS', '/validators')
  if (validatorsHash(validators) !== header.validatorsHash) return no('WRONG_VALIDATORS', '/validators')
  const hash = cometHeaderHash(header)
  const placed = checkPlace(trusted, block, hash)
  if (placed) return placed
  const signers = signersOf(block, hash, check)
  if (!(signers instanceof Set)) return signers
  // A key of the trusted set counts with the power it had there; keys cannot repeat, so nothing counts twice.
  const isNext = header.height === trusted.height + 1 && trusted.nextValidatorsHash !== undefined
  if (!isNext && !isMoreThanThirds(powerOf(trusted.validators, signers), trustedTotal, 1)) {
    return no('TOO_LITTLE_OVERLAP')
  }
  if (!isMoreThanThirds(powerOf(validators, signers), total, 2)) return no('TOO_LITTLE_POWER')
  const { height, nextValidatorsHash } = header
  const timeMs = millisOf(header.time)
  return { ok: true, headerHash: hash, trusted: { height, timeMs, validators, nextValidatorsHash, headerHash: hash } }
}

function checkTime(
  trusted: TrustedValidators,
  time: Timestamp,
  period: TrustingPeriod | undefined,
): (LightVerdict & { ok: false }) | undefined {
  if (isBefore(time, trusted.timeMs)) return no('TIME_GOES_BACK', '/header/time')
  if (!period) return undefined
  const { nowMs, trustingPeriodMs, maxDriftMs = DEFAULT_DRIFT_MS } = period
  if (trusted.timeMs + trustingPeriodMs <= nowMs) return no('TRUST_EXPIRED', '/trust')
  return millisOf(time) >= nowMs + maxDriftMs ? no('FROM_THE_FUTURE', '/header/time') : undefined
}

/** At the trusted height it must be the trusted header; right after it, by the validators that one names. */
function checkPlace(
  trusted: TrustedValidators,
  { header }: LightBlock,
  hash: Hash,
): (LightVerdict & { ok: false }) | undefined {
  if (header.height < trusted.height) return no('BEFORE_TRUST', '/header/height')
  if (header.height === trusted.height) {
    if (trusted.headerHash !== undefined && trusted.headerHash !== hash) return no('WRONG_HEADER', '/header')
    if (header.validatorsHash !== validatorsHash(trusted.validators)) return no('WRONG_VALIDATORS', '/validators')
  }
  const { nextValidatorsHash } = trusted
  if (header.height === trusted.height + 1 && nextValidatorsHash !== undefined) {
    if (header.validatorsHash !== nextValidatorsHash) return no('WRONG_NEXT_VALIDATORS', '/header/validatorsHash')
  }
  return undefined
}

/** Follows one block after the other; the first that does not follow is named. */
export function followLightBlocks(
  chainId: string,
  from: TrustedValidators,
  blocks: readonly LightBlock[],
  period?: TrustingPeriod,
  check?: SignatureCheck,
): LightVerdict & { readonly at?: number } {
  let verdict: LightVerdict = { ok: true, trusted: from, headerHash: from.headerHash ?? '' }
  for (const [at, block] of blocks.entries()) {
    if (!verdict.ok) break
    verdict = followLightBlock(chainId, verdict.trusted, block, period, check)
    if (!verdict.ok) return { ...verdict, at }
  }
  return verdict
}
