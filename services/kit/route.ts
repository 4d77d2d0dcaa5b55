import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import type { Static, TSchema } from 'typebox'
import { bearerOf, type Authenticator, type SignedIn } from './caller.ts'

export interface RouteSchema {
  readonly params?: TSchema
  readonly querystring?: TSchema
  readonly body?: TSchema
  readonly response: { readonly [status: number]: TSchema }
}

type Part<S extends RouteSchema, K extends 'params' | 'querystring' | 'body'> = S[K] extends TSchema
  ? Static<S[K]>
  : undefined

export interface RouteRequest<S extends RouteSchema> {
  readonly params: Part<S, 'params'>
  readonly query: Part<S, 'querystring'>
  readonly body: Part<S, 'body'>
  readonly caller: SignedIn
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

export interface Route<D> {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly summary: string
  readonly tag: string
  readonly open: boolean
  readonly schema: RouteSchema
  readonly handler: (request: RouteRequest<RouteSchema>, deps: D) => Promise<unknown>
}

/**
 * One route a file: schema, call, answer. `const route = routeOf<Deps>('issuance')` names what its handlers are given.
 * A route is for callers with a token unless it says `open`. The answer's status is the first of `schema.response`.
 */
export const routeOf =
  <D>(tag: string) =>
  <const S extends RouteSchema>(definition: {
    method: 'GET' | 'POST'
    url: string
    summary: string
    open?: true
    schema: S
    handler: (request: RouteRequest<S>, deps: D) => Promise<unknown>
  }): Route<D> =>
    ({ tag, ...definition, open: definition.open ?? false }) as unknown as Route<D>

declare module 'fastify' {
  interface FastifyRequest {
    signedIn: SignedIn | null
  }
}

/** What every server of the kit carries for the routes mounted on it. */
export interface Mounting {
  readonly authenticator: Authenticator
}

export function mount<D>(app: FastifyInstance, routes: readonly Route<D>[], deps: D & Mounting): void {
  for (const { method, url, summary, tag, open, schema, handler } of routes) {
    const status = Number(Object.keys(schema.response)[0] ?? 200)
    app.route<RouteGenericInterface>({
      method,
      url: url.replace(/\{(\w+)\}/g, ':$1'),
      schema: { ...schema, summary, tags: [tag], ...(open ? { security: [] } : { security: [{ bearer: [] }] }) },
      config: { gate: open ? 'open' : method === 'GET' ? 'read' : 'other', mayWait: takesPosition(schema) },
      // Before the body is read: a stranger's megabyte costs a header.
      onRequest: async (request) => {
        if (open) return
        request.signedIn = await deps.authenticator.authenticate(bearerOf(request))
        request.place?.claim(request.signedIn.participant)
      },
      handler: async (request, reply) => {
        const asked = {
          params: request.params as undefined,
          query: request.query as undefined,
          body: request.body as undefined,
          // Open routes have no caller, and ask for none.
          caller: request.signedIn as SignedIn,
          request,
          reply,
        }
        const answer = await request.place!.during(() => handler(asked, deps))
        if (!reply.sent && reply.statusCode === 200) void reply.code(status)
        return answer
      },
    })
  }
}

/** Whether a request may be asked to wait: such reads wait for their turn too. */
const takesPosition = ({ querystring }: RouteSchema): boolean =>
  querystring !== undefined && 'at' in ((querystring as { properties?: object }).properties ?? {})
