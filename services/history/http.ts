import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { LedgerError } from '#ledger-adapter/port'
import type { HistorySource } from '#node/history/source'
import { bearerOf } from '../kit/caller.ts'
import { badRequest, forbidden } from '../kit/problem.ts'
import type { Mounting } from '../kit/route.ts'

export interface HistoryDeps {
  readonly history: HistorySource
}

/** Of one member at once: a connection that broke may take a while to be noticed, so more than one. */
const PER_PARTICIPANT = 2
const IN_ALL = 4
/** Lines are handed on in pieces of about so many bytes: one by one they cost more than they carry. */
const PIECE_BYTES = 1 << 16

const Height = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const querystring = Type.Object({ from: Height, to: Height }, { additionalProperties: false })

/**
 * What a member's node that joins fills its history in from: blocks as JSON lines, the same from every node. Whoever was
 * cut off asks for the heights that are missing, of this node or of another. It is for members that run a node, which
 * executes every block and so knows them all; whom another's node serves, reads what concerns it.
 */
export async function historyService(app: FastifyInstance, deps: HistoryDeps & Mounting): Promise<void> {
  const reading = new Map<string, number>()
  app.route<{ Querystring: { from: number; to: number } }>({
    method: 'GET',
    url: '/v1/history',
    schema: {
      querystring,
      summary: 'The blocks of these heights as compressed lines of an export: for members that run a node',
      tags: ['history'],
      security: [{ bearer: [] }],
    },
    config: { gate: 'other' },
    onRequest: async (request) => {
      const signedIn = await deps.authenticator.authenticate(bearerOf(request))
      if (!(await deps.history.isFor(signedIn.participant))) {
        throw forbidden('NO_NODE', `the history is for members that run a node of their own, not for ${signedIn.participant}`) // prettier-ignore
      }
      request.signedIn = signedIn
    },
    async handler({ query, signedIn }, reply) {
      const { from, to } = query
      if (from > to) throw badRequest('BAD_REQUEST', [{ field: '/query/from', problem: `at most to, which is ${to}` }])
      reply.raw.once('close', take(reading, signedIn!.participant)) // comes after every answer, given or cut off
      const pieces = piecesOf(deps.history.history({ from, to }))
      const first = await pieces.next() // a refusal is answered as one, not as a stream that breaks
      const zipped = createGzip({ level: 1 })
      pipeline(Readable.from(after(first, pieces)), zipped, () => undefined) // either end that breaks ends the other
      void reply.headers({ 'content-encoding': 'gzip' }).type('application/x-ndjson')
      return reply.send(zipped)
    },
  })
}

/** @throws LedgerError QUOTA @returns gives the place back */
function take(reading: Map<string, number>, participant: string): () => void {
  const of = (whose: string) => reading.get(whose) ?? 0
  const all = [...reading.values()].reduce((sum, count) => sum + count, 0)
  if (of(participant) >= PER_PARTICIPANT || all >= IN_ALL) {
    throw new LedgerError('read', 'QUOTA', true, { quota: 'history', retryAfterMs: 10_000 })
  }
  reading.set(participant, of(participant) + 1)
  return () => {
    reading.set(participant, of(participant) - 1)
    if (of(participant) === 0) reading.delete(participant)
  }
}

async function* piecesOf(lines: AsyncIterable<string>): AsyncGenerator<string, void> {
  let piece = ''
  for await (const line of lines) {
    piece += `${line}\n`
    if (piece.length < PIECE_BYTES) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

async function* after(first: IteratorResult<string, void>, rest: AsyncIterable<string>): AsyncGenerator<string> {
  if (!first.done) yield first.value
  yield* rest
}
