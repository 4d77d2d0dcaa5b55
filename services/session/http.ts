import { Type } from 'typebox'
import { ID_PATTERN } from '#proof/command'
import { routeOf, type Route } from '../kit/route.ts'
import type { Sessions } from './sessions.ts'

export interface SessionDeps {
  readonly sessions: Sessions
}
const route = routeOf<SessionDeps>('session')
const Id = Type.String({ pattern: ID_PATTERN })
const Text = Type.String()
const Millis = Type.Integer()

const challenge = route({
  method: 'POST',
  url: '/v1/challenges',
  summary: 'A challenge for one key, to be signed within a minute and used once',
  open: true,
  schema: {
    body: Type.Object({ participant: Id, keyId: Id }, { additionalProperties: false }),
    response: { 201: Type.Object({ challenge: Text, expiresAtMs: Millis, audience: Text, chainId: Text }) },
  },
  handler: async ({ body }, { sessions }) => sessions.challenge(body.participant, body.keyId),
})

const token = route({
  method: 'POST',
  url: '/v1/tokens',
  summary: 'A bearer token for the signed challenge (the bytes to sign: proof/login.ts)',
  open: true,
  schema: {
    body: Type.Object(
      {
        challenge: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
        signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86,128}$' }),
      },
      { additionalProperties: false },
    ),
    response: {
      201: Type.Object({
        token: Text,
        expiresAtMs: Millis,
        participant: Text,
        operator: Text,
        functions: Type.Array(Text),
      }),
    },
  },
  handler: async ({ body }, { sessions }) => sessions.signIn(body.challenge, body.signature),
})

const whoami = route({
  method: 'GET',
  url: '/v1/me',
  summary: 'Who the token speaks for, as membership knows the key now',
  schema: {
    response: {
      200: Type.Object({
        participant: Text,
        operator: Text,
        keyId: Text,
        roles: Type.Array(Text),
        functions: Type.Array(Text),
      }),
    },
  },
  handler: async ({ caller }) => caller,
})

export const sessionRoutes: readonly Route<SessionDeps>[] = [challenge, token, whoami]
