import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import swagger from '@fastify/swagger'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import websocket from '@fastify/websocket'
import fastify, { type FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { MAX_BODY_BYTES, parseBody } from './body.ts'
import { handleError, handleUnknownRoute } from './error-handler.ts'
import { Gates, type RequestLimits } from './gates.ts'

export interface ServerOptions {
  /** Anything pino takes; false keeps quiet. */
  readonly logger?: boolean | { readonly level: string }
  /** Compares every answer with the schema that `/openapi.json` promises; for tests and development. */
  readonly checkAnswers?: boolean
  /** The largest frame a subscriber may send. */
  readonly maxFrameBytes?: number
  /** How much may be asked for at once. */
  readonly requests?: Partial<RequestLimits>
  /** A path under which everything stands once more. */
  readonly alias?: string
}

/** A Fastify server with the house's manners: problems, request ids, bounds, OpenAPI 3.1, websockets, graceful close. */
export async function createServer(options: ServerOptions = {}): Promise<FastifyInstance> {
  const { alias } = options
  const app = fastify({
    logger: options.logger ?? false,
    bodyLimit: MAX_BODY_BYTES,
    genReqId: () => randomUUID(),
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    return503OnClosing: true,
    routerOptions: { maxParamLength: 200 },
    ...(alias === undefined
      ? {}
      : { rewriteUrl: (request: IncomingMessage) => withoutAlias(request.url ?? '/', alias) }),
    frameworkErrors: (error, request, reply) => void handleError(error, request, reply),
    // Bytes that are not HTTP at all never reach the error handler.
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    },
  })
  app.decorateRequest('signedIn', null)
  app.decorateRequest('place', null)
  const gates = new Gates(options.requests)
  app.setErrorHandler(handleError)
  app.setNotFoundHandler(handleUnknownRoute)
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  app.setSerializerCompiler(({ schema }) => serializer(schema as TSchema, options.checkAnswers ?? false))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, bytes: Buffer) =>
    parseBody(bytes),
  )
  app.addHook('onRequest', async (request, reply) => {
    void reply
      .header('x-request-id', request.id)
      .header('cache-control', 'no-store')
      .header('x-content-type-options', 'nosniff')
    const { gate = 'open', mayWait = false } = request.routeOptions.config
    const isToWait = mayWait && (request.query as { at?: unknown }).at !== undefined
    const place = gates.enter(gate, request.ip, isToWait)
    request.place = place
    reply.raw.once('close', () => place.close())
  })
  await app.register(websocket, { options: { maxPayload: options.maxFrameBytes ?? 16 << 10 } })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sluice',
        version: '1',
        description: 'One node of the consortium. Amounts are whole fen, as strings.',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
  })
  let description: string | undefined // large, and the same for as long as the server runs
  app.get('/openapi.json', { schema: { hide: true }, serializerCompiler: () => String }, async (_, reply) => {
    void reply.type('application/json; charset=utf-8')
    return (description ??= JSON.stringify(app.swagger()))
  })
  return app
}

const withoutAlias = (url: string, alias: string): string =>
  url.startsWith(`${alias}/`) ? url.slice(alias.length) : url

/** The schema documents; what is sent is the whole answer, so that a field is never dropped in silence. */
function serializer(schema: TSchema, check: boolean): (answer: unknown) => string {
  if (!check) return JSON.stringify
  const compiled = Compile(schema)
  return (answer) => {
    if (!compiled.Check(answer)) {
      const [first] = compiled.Errors(answer)
      throw new Error(`the answer breaks its schema at ${first?.instancePath || '/'}: ${first?.message ?? ''}`)
    }
    return JSON.stringify(answer)
  }
}
