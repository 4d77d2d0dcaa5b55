import { callerKeys, callerOf, type KnownKey } from '#contracts/membership/caller'
import { verifyNative } from '#ledger-adapter/application/verify-native'
import type { Ledger } from '#ledger-adapter/port'
import { readState } from '#node/read-state'
import { fromBase64url } from '#proof/base64url'
import { loginBytes } from '#proof/login'
import type { Authenticator, SignedIn } from '../kit/caller.ts'
import { badRequest, forbidden, unauthorized } from '../kit/problem.ts'
import { Challenges } from './challenges.ts'
import { openToken, sealToken } from './tokens.ts'

export interface SessionOptions {
  readonly ledger: Pick<Ledger, 'query' | 'chainId'>
  /** The name of this node, which callers sign: a signature for one node opens no other. */
  readonly audience: string
  /** At least 32 bytes. Tokens of another secret are refused, so a new secret ends every session. */
  readonly secret: Uint8Array
  readonly now?: () => number
  readonly challengeLifetimeMs?: number
  readonly tokenLifetimeMs?: number
}

export interface Session {
  readonly token: string
  readonly expiresAtMs: number
  readonly participant: string
  readonly operator: string
  readonly functions: readonly string[]
}

/** Sign-in with an operator's key and no password: challenge, signature, short-lived token. */
export class Sessions implements Authenticator {
  private readonly challenges: Challenges
  private readonly now: () => number
  private readonly tokenLifetimeMs: number

  constructor(private readonly options: SessionOptions) {
    if (options.secret.length < 32) throw new Error('the secret of tokens needs at least 32 bytes')
    this.now = options.now ?? Date.now
    this.tokenLifetimeMs = options.tokenLifetimeMs ?? 15 * 60_000
    const lifetimeMs = options.challengeLifetimeMs ?? 60_000
    this.challenges = new Challenges({ lifetimeMs, limit: 10_000, now: this.now })
  }

  /** Given to anybody who asks: it says nothing about whether the key exists. */
  challenge(participant: string, keyId: string) {
    const { audience, ledger } = this.options
    return { ...this.challenges.issue(participant, keyId), audience, chainId: ledger.chainId }
  }

  /** @throws Problem 401 when the challenge is spent, the key unknown or the signature another's */
  async signIn(challenge: string, signature: string): Promise<Session> {
    const bytes = fromBase64url(signature)
    if (!bytes) throw badRequest('BAD_REQUEST', [{ field: '/body/signature', problem: 'not base64url' }])
    const issued = this.challenges.take(challenge)
    if (!issued) throw unauthorized('CHALLENGE_SPENT', 'the challenge is unknown, expired or used; ask for another')
    const { audience, ledger, secret } = this.options
    const { participant, keyId } = issued
    const known = await this.keyNow(participant, keyId)
    const publicKey = known && fromBase64url(known.publicKey)
    const message = loginBytes({ chainId: ledger.chainId, audience, participant, keyId, challenge })
    if (!known || !publicKey || !verifyNative(publicKey, message, bytes)) {
      throw unauthorized('NOT_SIGNED_IN', `this signature is not by a valid key ${keyId} of ${participant}`)
    }
    const { operator, functions } = known.caller
    const expiresAtMs = this.now() + this.tokenLifetimeMs
    const claims = { chainId: ledger.chainId, audience, participant, operator, keyId, functions, expiresAtMs }
    return { token: sealToken(secret, claims), expiresAtMs, participant, operator, functions }
  }

  /** Reads the key anew: one that was revoked, or lost a function, is so at the next use of the token. */
  async authenticate(token: string): Promise<SignedIn> {
    const { audience, ledger, secret } = this.options
    const claims = openToken(secret, token)
    if (!claims || claims.audience !== audience || claims.chainId !== ledger.chainId) {
      throw unauthorized('BAD_TOKEN', 'this node did not give the token')
    }
    if (claims.expiresAtMs <= this.now()) throw unauthorized('TOKEN_EXPIRED', 'the token has expired; sign in again')
    const known = await this.keyNow(claims.participant, claims.keyId)
    if (!known || known.caller.operator !== claims.operator) {
      throw unauthorized('KEY_REVOKED', `the key ${claims.keyId} of ${claims.participant} is no longer valid`)
    }
    const functions = known.caller.functions.filter((name) => claims.functions.includes(name))
    return { ...known.caller, functions }
  }

  /** A key counts from the block after the last committed one on: the next to be signed for. */
  private keyNow(participant: string, keyId: string): Promise<KnownKey | undefined> {
    return readState(
      this.options.ledger,
      (read, height) => callerOf(read, participant, keyId, height + 1),
      callerKeys(participant, keyId),
    )
  }
}

/** @throws Problem 403 when the caller does not speak for the participant */
export function mustBe(caller: SignedIn, participant: string): void {
  if (caller.participant !== participant) {
    throw forbidden('ANOTHER_PARTICIPANT', `signed in for ${caller.participant}, not for ${participant}`)
  }
}
