import type { KeyFunction } from '#contracts/kernel/method'
import type { SigningKey } from '#ledger-adapter/application/operator-key'
import { secretKey } from '#ledger-adapter/application/secret-key'
import { toBase64url } from '#proof/base64url'
import { COMMAND_DOMAIN, encodeSigned, MAX_LIFETIME_MS, signingBytes, type Command } from '#proof/command'
import type { JsonObject } from '#proof/json'
import type { Curve } from '#proof/public-key'

/** What everyone may know of a key; its secret never leaves the signer. */
export interface KeyDescription {
  readonly participant: string
  readonly operator: string
  readonly keyId: string
  readonly curve: Curve
  /** base64url, 43 characters (Ed25519) or 44 (SM2) */
  readonly publicKey: string
  readonly functions: readonly KeyFunction[]
}

/** Signs commands of one operator's key. A file here; a hardware module or a remote service behind the same port. */
export interface Signer extends KeyDescription {
  /** The signed command's canonical bytes. @throws NotMyCommand */
  sign(command: Command): Promise<Uint8Array>
  /** The bare signature of a message of the house (a login, a command's signing bytes). @throws RangeError for others */
  signMessage(message: Uint8Array): Uint8Array
}

/** Every message that is signed begins with its domain, so that no signature is good for anything else. */
const DOMAIN = Buffer.from('sluice/')
/** How the message that is signed for a command begins. */
export const COMMAND_MESSAGE = Buffer.from(COMMAND_DOMAIN)

/** A command in another participant's or key's name: a signer signs for itself alone. */
export class NotMyCommand extends Error {
  override readonly name = 'NotMyCommand'
  constructor(
    readonly signer: Pick<KeyDescription, 'participant' | 'keyId'>,
    readonly command: Pick<Command, 'participant' | 'keyId'>,
  ) {
    super(`key ${signer.keyId} of ${signer.participant} does not sign for ${command.keyId} of ${command.participant}`)
  }
}

/** Who may sign with a new key, and how; Ed25519 unless said otherwise. */
export type KeyOwner = Pick<KeyDescription, 'participant' | 'operator' | 'keyId' | 'functions'> & {
  readonly curve?: Curve
}

/** A signer over a secret in memory. @param seed 32 secret bytes */
export function memorySigner(of: KeyOwner, seed: Uint8Array): Signer {
  const { participant, operator, keyId, functions, curve = 'ed25519' } = of
  const key = secretKey(curve, seed)
  const description = { participant, operator, keyId, curve, publicKey: key.publicKey, functions } as const
  return {
    ...description,
    sign: (command) => signWith(description, key, command),
    signMessage: (message) => {
      if (!Buffer.from(message).subarray(0, DOMAIN.length).equals(DOMAIN)) {
        throw new RangeError('only messages that begin with a domain of the house are signed')
      }
      return key.sign(message)
    },
  }
}

function signWith(own: KeyDescription, key: SigningKey, command: Command): Promise<Uint8Array> {
  if (command.participant !== own.participant || command.keyId !== own.keyId) {
    return Promise.reject(new NotMyCommand(own, command))
  }
  return Promise.resolve(encodeSigned({ command, signature: toBase64url(key.sign(signingBytes(command))) }))
}

export const DEFAULT_LIFETIME_MS = 60 * 60 * 1000

/**
 * A command with every field fixed by its author, before the first send. In a workflow, `commandId` derives from the
 * workflow's id and step and `issuedAt` is workflow time, so that a retry builds the same bytes.
 * @param lifetimeMs at most 24 hours (LEDGER.md §1)
 */
export function buildCommand(draft: {
  readonly chainId: string
  readonly contract: string
  readonly method: string
  readonly args: JsonObject
  readonly commandId: string
  readonly as: Pick<KeyDescription, 'participant' | 'keyId'>
  readonly issuedAt: number
  readonly lifetimeMs?: number
}): Command {
  const { chainId, contract, method, args, commandId, as, issuedAt, lifetimeMs = DEFAULT_LIFETIME_MS } = draft
  if (!Number.isInteger(lifetimeMs) || lifetimeMs <= 0 || lifetimeMs > MAX_LIFETIME_MS) {
    throw new RangeError(`a command lives between 1 ms and ${MAX_LIFETIME_MS} ms, not ${lifetimeMs}`)
  }
  const { participant, keyId } = as
  return { chainId, contract, method, args, commandId, participant, keyId, issuedAt, expiresAt: issuedAt + lifetimeMs }
}
