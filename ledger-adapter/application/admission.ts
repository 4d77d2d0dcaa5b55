import type { Caller } from '#contracts/kernel/method'
import type { ContractVersion, VersionResolver } from '#contracts/kernel/execute'
import type { Read } from '#contracts/kernel/state'
import { fromBase64url } from '#proof/base64url'
import { CanonicalError } from '#proof/canonical'
import { CommandFormError, commandKey, readSigned, digestOfSigned, MAX_AHEAD_MS, MAX_LIFETIME_MS, signingBytesOf, type Command, type CommandName, type SignedCommand } from '#proof/command' // prettier-ignore
import type { SignatureCheck } from '#proof/ed25519'
import type { Hash } from '#proof/hash'
import { isBuiltOn } from '#proof/head'
import { blockKey, type BlockRoots } from '#proof/history'
import { curveOf } from '#proof/public-key'
import { LedgerError } from '../port.ts'

/** Who signs with a key in a block of this height, as membership knows. May throw KeyNotLoaded. */
export type CallerOf = (
  read: Read,
  participant: string,
  keyId: string,
  height: number,
) => { readonly caller: Caller; readonly publicKey: string; readonly curve: string } | undefined

/** A command of good form for this chain; nothing is said yet about time, key or signature. */
export interface Candidate {
  readonly command: Command
  readonly signed: SignedCommand
  readonly digest: Hash
  /** Where its id stands in the state once it is spent: written once, and looked up by all that ask. */
  readonly idKey: string
  /** The canonical text, as it was sent. */
  readonly text: string
  /** The public key under which the signature held; asked once, since it costs most. */
  verifiedUnder?: string
  /** What the method says that it will read, by the version that was asked. */
  declared?: { readonly version: ContractVersion; readonly keys: readonly string[] }
  /** What it declares was at hand when it was looked for ahead: whoever executes it need not look again. */
  isAtHand?: boolean
}

/** Who signs, asked once of each key: for as long as the state and the height are the same. */
export function remembered(callerOf: CallerOf): CallerOf {
  const known = new Map<string, ReturnType<CallerOf>>()
  return (read, participant, keyId, height) => {
    const name = `${participant} ${keyId}` // identifiers hold no space
    let caller = known.get(name)
    if (caller === undefined && !known.has(name)) {
      caller = callerOf(read, participant, keyId, height)
      known.set(name, caller)
    }
    return caller
  }
}

/** The keys that a command declares, asked once of a version. May throw what the resolver throws. */
export function declaredReads(candidate: Candidate, version: ContractVersion, caller: Caller): readonly string[] {
  if (candidate.declared?.version === version) return candidate.declared.keys
  const keys = version.declaredReads(candidate.command, caller)
  candidate.declared = { version, keys }
  return keys
}

/** @throws LedgerError MALFORMED, WRONG_CHAIN */
export function decodeCandidate(bytes: Uint8Array, chainId: string): Candidate {
  let read: { readonly signed: SignedCommand; readonly text: string }
  try {
    read = readSigned(bytes)
  } catch (error) {
    if (error instanceof CanonicalError) throw malformed(error.path || '/', error.code)
    if (error instanceof CommandFormError) throw malformed(error.field, error.problem)
    throw error
  }
  const { signed, text } = read
  if (signed.command.chainId !== chainId) {
    throw new LedgerError('admission', 'WRONG_CHAIN', true, { want: chainId, got: signed.command.chainId })
  }
  const { command } = signed
  return { command, signed, digest: digestOfSigned(text), idKey: commandKey(command), text }
}

const malformed = (field: string, problem: string): LedgerError =>
  new LedgerError('admission', 'MALFORMED', true, { field, problem })

/** @param recorded the digest that the id was spent on, where it is known */
export const idConflict = ({ participant, commandId }: CommandName, recorded: Hash | null): LedgerError =>
  new LedgerError('admission', 'COMMAND_ID_CONFLICT', true, { participant, commandId, recorded })

export interface AdmissionRules {
  readonly read: Read
  readonly callerOf: CallerOf
  readonly check: SignatureCheck
  readonly registry: VersionResolver
}

/**
 * The rules of LEDGER.md §1 against one block: lifetime, times, key, method, signature, head, in this order: the dearest
 * last, and a stranger has nothing of an old block looked up.
 * @throws LedgerError LIFETIME_TOO_LONG, EXPIRED, NOT_YET_VALID, UNKNOWN_KEY, UNKNOWN_METHOD, BAD_SIGNATURE, WRONG_HEAD;
 * KeyNotLoaded
 */
export function admit(
  candidate: Candidate,
  block: { readonly height: number; readonly timeMs: number },
  { read, callerOf, check, registry }: AdmissionRules,
): Caller {
  const { issuedAt, expiresAt, participant, keyId } = candidate.command
  const refuse = (code: 'LIFETIME_TOO_LONG' | 'EXPIRED' | 'NOT_YET_VALID', details: Record<string, number>): never => {
    throw new LedgerError('admission', code, true, details)
  }
  if (expiresAt - issuedAt > MAX_LIFETIME_MS || expiresAt < issuedAt) {
    refuse('LIFETIME_TOO_LONG', { issuedAt, expiresAt, maxMs: MAX_LIFETIME_MS })
  }
  if (block.timeMs > expiresAt) refuse('EXPIRED', { expiresAt, blockTimeMs: block.timeMs })
  if (issuedAt - MAX_AHEAD_MS > block.timeMs) refuse('NOT_YET_VALID', { issuedAt, blockTimeMs: block.timeMs })
  const known = callerOf(read, participant, keyId, block.height)
  if (!known) throw new LedgerError('admission', 'UNKNOWN_KEY', true, { participant, keyId })
  const { contract, method } = candidate.command
  if (!registry.versionFor(read, candidate.command, block.height).knows(contract, method)) {
    throw new LedgerError('admission', 'UNKNOWN_METHOD', true, { contract, method })
  }
  if (candidate.verifiedUnder !== known.publicKey) {
    checkSignature(candidate, known.publicKey, known.curve, check)
    candidate.verifiedUnder = known.publicKey
  }
  const { head } = candidate.command
  if (head && !isBuiltOn(head, read<BlockRoots>({ path: blockKey(head.height) }))) {
    throw new LedgerError('admission', 'WRONG_HEAD', true, { field: '/command/head', height: head.height })
  }
  return known.caller
}

/** Public keys by their texts: few keys sign many commands. Bounded; dropping an entry changes no answer. */
const keys = new Map<string, Uint8Array | undefined>()
const MAX_KEYS = 4096

function keyBytes(text: string): Uint8Array | undefined {
  let bytes = keys.get(text)
  if (bytes === undefined && !keys.has(text)) {
    if (keys.size >= MAX_KEYS) keys.clear()
    bytes = fromBase64url(text)
    keys.set(text, bytes)
  }
  return bytes
}

function checkSignature({ signed, digest }: Candidate, publicKey: string, curve: string, check: SignatureCheck): void {
  const { participant, keyId } = signed.command
  const key = keyBytes(publicKey)
  const signature = fromBase64url(signed.signature)
  if (!key || curveOf(key) !== curve || !signature || !check(key, signingBytesOf(digest), signature)) {
    throw new LedgerError('admission', 'BAD_SIGNATURE', true, { participant, keyId })
  }
}

/**
 * Asks for the signature ahead of `admit`, which then finds it in `verifiedUnder`: the check may run beside the caller,
 * and is the same. A key that is unknown, or a signature that does not hold, is left for `admit` to refuse.
 */
export async function verifyAhead(
  candidate: Candidate,
  known: { readonly publicKey: string; readonly curve: string } | undefined,
  check: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>,
): Promise<void> {
  if (!known || candidate.verifiedUnder === known.publicKey) return
  const key = keyBytes(known.publicKey)
  const signature = fromBase64url(candidate.signed.signature)
  if (!key || curveOf(key) !== known.curve || !signature) return
  if (await check(key, signingBytesOf(candidate.digest), signature)) candidate.verifiedUnder = known.publicKey
}
