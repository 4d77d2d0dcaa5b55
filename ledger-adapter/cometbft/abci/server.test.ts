import { Request, type RequestCheckTx } from 'cosmjs-types/tendermint/abci/types'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { BaseApplication, txResult } from './application.ts'
import { frame, varint } from './framing.ts'
import { serveAbci, type AbciProblem, type AbciServer } from './server.ts'
import { AbciClient, encode } from './testing/client.ts'

class Slow extends BaseApplication {
  readonly seen: number[] = []
  override async checkTx({ tx }: RequestCheckTx) {
    // The later ones would overtake the earlier, if anything let them.
    await new Promise((resolve) => setTimeout(resolve, tx[0] === 0 ? 20 : 0))
    this.seen.push(tx[0]!)
    if (tx[0] === 255) throw new Error('the application cannot go on')
    return txResult({ data: tx })
  }
}

const checkTx = (...tx: number[]) => encode({ checkTx: { tx: Uint8Array.from(tx), type: 0 } })

let server: AbciServer | undefined
const clients: AbciClient[] = []
const problems: AbciProblem[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.hangUp()
  problems.length = 0
  await server?.close()
})

const start = async (application = new BaseApplication(), maxMessageBytes = 1 << 16) => {
  server = await serveAbci(application, {
    listen: { port: 0 },
    maxMessageBytes,
    maxConnections: 500,
    onProblem: (problem) => problems.push(problem),
  })
}

const dial = async () => {
  const client = await AbciClient.dial(server!.address)
  clients.push(client)
  const { socket, answers, closed } = client
  return { socket, answers, closed, until: (count: number) => client.until(count) }
}

/** The server still does its work for somebody who behaves. */
const expectServing = async () => {
  const { socket, until } = await dial()
  socket.write(Buffer.concat([encode({ echo: { message: 'hello' } }), encode({ flush: {} })]))
  expect(await until(2)).toMatchObject([{ echo: { message: 'hello' } }, { flush: {} }])
  socket.destroy()
}

describe('an ABCI server', () => {
  it('answers in the order of the requests of a connection, cut anywhere on the wire', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 6 }), async (cuts) => {
        await start(new Slow())
        const { socket, until } = await dial()
        const wire = Buffer.concat([...[0, 1, 2, 0, 3].map((n) => checkTx(n)), encode({ flush: {} })])
        const places = [0, ...cuts.map((cut) => cut % wire.length).sort((a, b) => a - b), wire.length]
        for (let i = 1; i < places.length; i += 1) {
          socket.write(wire.subarray(places[i - 1], places[i]))
          await new Promise((resolve) => setImmediate(resolve))
        }
        const answers = await until(6)
        expect(answers.slice(0, 5).map(({ checkTx: answer }) => answer?.data[0])).toEqual([0, 1, 2, 0, 3])
        expect(answers[5]?.flush).toEqual({})
        await server!.close()
      }),
      { numRuns: 20 },
    )
  })

  it('answers every kind of request', async () => {
    await start()
    const { socket, until } = await dial()
    const kinds: (keyof Request)[] = ['info', 'initChain', 'query', 'checkTx', 'commit', 'listSnapshots', 'offerSnapshot', 'loadSnapshotChunk', 'applySnapshotChunk', 'prepareProposal', 'processProposal', 'extendVote', 'verifyVoteExtension', 'finalizeBlock', 'flush', 'echo'] // prettier-ignore
    for (const kind of kinds) socket.write(encode(Request.fromPartial({ [kind]: {} } as never)))
    const answers = await until(kinds.length)
    expect(answers.map((answer) => kinds.find((kind) => answer[kind] !== undefined))).toEqual(kinds)
    expect(problems).toEqual([])
  })

  it('survives whatever bytes come: refuses with an exception or waits for more, and serves the others', async () => {
    await start()
    const real = fc.constantFrom(checkTx(1, 2, 3), encode({ info: Request.fromPartial({ info: {} }).info! }))
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      // A length that is honest, and content that is not.
      fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => frame(bytes)),
      // Lengths without end, beyond the bound, or of what never comes.
      fc.integer({ min: 1 << 16, max: 2 ** 40 }).map((length) => varint(length)),
      fc.nat({ max: 60_000 }).map((length) => varint(length)),
      fc.constant(new Uint8Array(64).fill(0xff)),
      // A real message with one byte changed, or its end missing.
      fc.tuple(real, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([bytes, at, flip]) => {
        const changed = Uint8Array.from(bytes)
        changed[at % changed.length]! ^= flip
        return changed
      }),
      fc.tuple(real, fc.nat()).map(([bytes, at]) => bytes.slice(0, at % bytes.length)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(junk, { minLength: 1, maxLength: 4 }), fc.boolean(), async (pieces, hangsUp) => {
        const { socket, answers, closed } = await dial()
        for (const piece of pieces) socket.write(piece)
        if (hangsUp) socket.destroy()
        else socket.end()
        await closed
        expect(answers.filter(({ exception }) => exception).length).toBeLessThanOrEqual(1)
        await expectServing()
      }),
      { numRuns: 150 },
    )
  })

  it('refuses a length over its bound at once, without waiting for the bytes', async () => {
    await start()
    const { socket, until, closed } = await dial()
    socket.write(varint(2 ** 31))
    expect((await until(1))[0]?.exception?.error).toContain('the bound is 65536')
    await closed
    expect(problems).toMatchObject([{ kind: 'malformed' }])
    await expectServing()
  })

  it('answers an exception when the application throws, nothing after it, and says which request it was', async () => {
    const application = new Slow()
    await start(application)
    const { socket, until, closed } = await dial()
    socket.write(Buffer.concat([checkTx(1), checkTx(255), checkTx(2)]))
    const answers = await until(2)
    await closed
    expect(answers[1]?.exception?.error).toBe('the application cannot go on')
    expect(answers).toHaveLength(2)
    expect(application.seen).toEqual([1, 255])
    expect(problems).toMatchObject([{ kind: 'application', request: 'checkTx' }])
    await expectServing()
  })

  it('finishes the request at hand when it is closed', async () => {
    const application = new Slow()
    await start(application)
    const { socket, closed } = await dial()
    socket.write(Buffer.concat([checkTx(0), checkTx(1)]))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await server!.close()
    await closed
    expect(application.seen).toEqual([0])
  })
})
