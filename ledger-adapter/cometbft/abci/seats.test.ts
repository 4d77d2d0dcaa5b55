import { afterEach, expect, it } from 'vitest'
import { BaseApplication, RequestRefused } from './application.ts'
import { serveAbci, type AbciProblem, type AbciServer } from './server.ts'
import { AbciClient } from './testing/client.ts'

/** Finalizes when told to, and notes what it was asked. */
class Noted extends BaseApplication {
  readonly calls: string[] = []
  finish: () => void = () => undefined
  override async finalizeBlock(request: Parameters<BaseApplication['finalizeBlock']>[0]) {
    this.calls.push(`begin ${request.height}`)
    if (request.height === 1n) await new Promise<void>((resolve) => (this.finish = resolve))
    this.calls.push(`end ${request.height}`)
    return super.finalizeBlock(request)
  }
  override commit() {
    this.calls.push('commit')
    if (this.calls.length === 1) throw new RequestRefused('there is nothing to commit')
    return { retainHeight: 0n }
  }
}

let server: AbciServer
const clients: AbciClient[] = []
const problems: AbciProblem[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.hangUp()
  problems.length = 0
  await server.close()
})

async function start(): Promise<Noted> {
  const application = new Noted()
  server = await serveAbci(application, { listen: { port: 0 }, onProblem: (problem) => problems.push(problem) })
  return application
}

async function dial(): Promise<AbciClient> {
  const client = await AbciClient.dial(server.address)
  clients.push(client)
  return client
}

const commit = { commit: {} }

it('takes consensus from one connection, and serves the others but for that', async () => {
  const application = await start()
  const [comet, stranger] = [await dial(), await dial()]
  expect(await comet.ask({ finalizeBlock: { height: 5n } })).toHaveProperty('finalizeBlock')
  expect(await stranger.ask({ checkTx: {} })).toHaveProperty('checkTx')
  const refused = await stranger.ask(commit)
  expect(refused?.exception?.error).toBe('commit belongs to another connection')
  await stranger.closed
  const restorer = await dial()
  expect(await restorer.ask({ offerSnapshot: {} })).toHaveProperty('offerSnapshot')
  expect((await comet.ask({ offerSnapshot: {} }))?.exception?.error).toContain('belongs to another')
  expect(application.calls).toEqual(['begin 5', 'end 5'])
  expect(problems.map(({ kind, request }) => [kind, request])).toEqual([
    ['refused', 'commit'],
    ['refused', 'offerSnapshot'],
  ])
})

it('gives the seat to the next when the one before has ended, and only after its last request', async () => {
  const application = await start()
  const before = await dial()
  const unheard = before.ask({ finalizeBlock: { height: 1n } })
  while (application.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  before.hangUp()
  await unheard
  const after = await dial()
  const answered = after.ask({ finalizeBlock: { height: 2n } })
  // Its other calls need not wait: once this is answered, the one above has arrived too.
  const beside = await dial()
  await beside.ask({ echo: { message: 'x' } })
  expect(application.calls).toEqual(['begin 1'])
  application.finish()
  expect(await answered).toHaveProperty('finalizeBlock')
  expect(application.calls).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2'])
})

it('tells a request that the application refuses from an application that cannot go on', async () => {
  const application = await start()
  const early = await dial()
  expect((await early.ask(commit))?.exception?.error).toBe('there is nothing to commit')
  await early.closed
  expect(problems).toMatchObject([{ kind: 'refused', request: 'commit' }])
  const next = await dial()
  expect(await next.ask({ finalizeBlock: { height: 2n } })).toHaveProperty('finalizeBlock')
  expect(await next.ask(commit)).toHaveProperty('commit')
  expect(application.calls).toEqual(['commit', 'begin 2', 'end 2', 'commit'])
})
