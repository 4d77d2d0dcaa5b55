import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { ExchangeError } from '#node/exchange/errors'
import type { FileExchange } from '#node/exchange/exchange'
import type { Receipt, Signed } from '#node/exchange/manifest'
import type { RecipientBook } from '#node/exchange/recipients'
import { ID_PATTERN } from '#proof/command'
import { HASH_PATTERN } from '#proof/hash'
import { bearerOf } from '../kit/caller.ts'
import { badRequest, notFound } from '../kit/problem.ts'
import { mount, routeOf, type Mounting, type Route } from '../kit/route.ts'

export interface ExchangeDeps {
  readonly exchange: FileExchange
  /** Those whom files can be encrypted to here. */
  readonly recipients?: RecipientBook
}

const route = routeOf<ExchangeDeps>('exchange')
const url = '/v1/exchange/files/{content}'
const params = Type.Object({ content: Type.String({ pattern: HASH_PATTERN }) })
const Hash = Type.String({ pattern: HASH_PATTERN })
const Text = Type.String({ maxLength: 200 })
const ReceiptBody = Type.Object(
  {
    body: Type.Object(
      {
        format: Type.Literal('sluice/exchange-receipt/1'),
        content: Hash,
        address: Hash,
        participant: Text,
        receivedAt: Type.Integer(),
      },
      { additionalProperties: false },
    ),
    keyId: Text,
    signature: Text,
  },
  { additionalProperties: false },
)
const ManifestBody = Type.Object({
  body: Type.Object({
    format: Type.Literal('sluice/exchange/1'),
    content: Hash,
    from: Text,
    to: Type.Array(Text),
    size: Type.Integer(),
    chunkSize: Type.Integer(),
    chunks: Type.Array(Hash),
  }),
  keyId: Text,
  signature: Text,
})

const Statement = Type.Object({
  body: Type.Object({ format: Type.Literal('sluice/exchange-key/1'), participant: Text, publicKey: Text }),
  keyId: Text,
  signature: Text,
})

const routes: readonly Route<ExchangeDeps>[] = [
  route({
    method: 'GET',
    url: '/v1/exchange/recipients/{participant}',
    summary: 'The key to which files for a participant of this node are encrypted, signed by the participant',
    schema: {
      params: Type.Object({ participant: Type.String({ pattern: ID_PATTERN }) }),
      response: { 200: Statement },
    },
    async handler({ params: { participant } }, { recipients }) {
      if (!recipients) throw notFound('recipient', participant)
      return answered(['recipient', participant], () => recipients.statement(participant))
    },
  }),
  route({
    method: 'GET',
    url,
    summary: 'The signed list of a file’s pieces, for its sender and its recipients',
    schema: { params, response: { 200: ManifestBody } },
    handler: ({ params: { content }, caller }, { exchange }) =>
      answered(['file', content], () => exchange.manifest(content, caller.participant)),
  }),
  route({
    method: 'GET',
    url: `${url}/receipts`,
    summary: 'Who has signed for the file',
    schema: { params, response: { 200: Type.Object({ items: Type.Array(ReceiptBody) }) } },
    handler: async ({ params: { content }, caller }, { exchange }) => ({
      items: await answered(['file', content], () => exchange.receipts(content, caller.participant)),
    }),
  }),
  route({
    method: 'POST',
    url: `${url}/receipts`,
    summary: 'A recipient’s signature that it has the file, whole and as the ledger names it',
    schema: { params, body: ReceiptBody, response: { 201: Type.Object({ accepted: Type.Literal(true) }) } },
    async handler({ params: { content }, body, caller }, { exchange }) {
      await answered(['file', content], () => exchange.addReceipt(content, caller.participant, body as Signed<Receipt>))
      return { accepted: true }
    },
  }),
]

/** Files between organisations: pulled with a token, piece by piece, from where the last transfer ended. */
export async function exchangeService(app: FastifyInstance, deps: ExchangeDeps & Mounting): Promise<void> {
  mount(app, routes, deps)
  app.route<{ Params: { content: string } }>({
    method: 'GET',
    url: '/v1/exchange/files/:content/body',
    schema: {
      params,
      summary: 'The encrypted bytes; `Range: bytes=N-` goes on from there',
      tags: ['exchange'],
      security: [{ bearer: [] }],
    },
    config: { gate: 'read' },
    onRequest: async (request) => {
      request.signedIn = await deps.authenticator.authenticate(bearerOf(request))
      request.place?.claim(request.signedIn.participant)
    },
    async handler({ params: { content }, headers, signedIn }, reply) {
      const { body } = await answered(['file', content], () => deps.exchange.manifest(content, signedIn!.participant))
      const from = rangeOf(headers.range, body.size)
      void reply.headers({
        'accept-ranges': 'bytes',
        'content-length': body.size - from,
        ...(headers.range === undefined ? {} : { 'content-range': `bytes ${from}-${body.size - 1}/${body.size}` }),
      })
      void reply.code(headers.range === undefined ? 200 : 206).type('application/octet-stream')
      return reply.send(deps.exchange.read(content, from))
    },
  })
}

/** Open ranges alone: whoever pulls wants the rest. */
function rangeOf(header: string | undefined, size: number): number {
  if (header === undefined) return 0
  const from = Number(/^bytes=(\d{1,15})-$/.exec(header)?.[1] ?? NaN)
  if (!(from < size))
    throw badRequest('BAD_RANGE', [{ field: '/headers/range', problem: `bytes=N- with N under ${size}` }])
  return from
}

async function answered<T>(what: readonly [kind: string, id: string], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error
    if (error.code === 'NOT_FOUND') throw notFound(...what)
    throw badRequest(error.code, [{ field: '/body', problem: String(error.details['problem'] ?? error.code) }])
  }
}
