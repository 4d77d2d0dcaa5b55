import type { KeyFunction, Role } from '#contracts/kernel/method'
import type { FastifyRequest } from 'fastify'
import { unauthorized } from './problem.ts'

/** Who asks, as membership knows the key behind the token at this moment. */
export interface SignedIn {
  readonly participant: string
  readonly operator: string
  readonly keyId: string
  readonly roles: readonly Role[]
  readonly functions: readonly KeyFunction[]
}

/** Turns a bearer token into the caller; asks the ledger whether the key is still valid. */
export interface Authenticator {
  /** @throws Problem 401 */
  authenticate(token: string): Promise<SignedIn>
}

const BEARER = /^Bearer ([A-Za-z0-9_.-]{1,2000})$/i

/** @throws Problem 401 */
export function bearerOf(request: Pick<FastifyRequest, 'headers'>): string {
  const { authorization } = request.headers
  if (!authorization) throw unauthorized('NO_TOKEN', 'send Authorization: Bearer with a token of POST /v1/tokens')
  const token = BEARER.exec(authorization)?.[1]
  if (!token) throw unauthorized('BAD_TOKEN', 'the Authorization header holds no bearer token')
  return token
}
