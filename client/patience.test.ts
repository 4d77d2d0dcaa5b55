import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Command } from '#proof/command'
import { SluiceClient, type ClientOptions } from './client.ts'
import { NodeSilent, waitsForBlock } from './patience.ts'

const ended: (() => void)[] = []
afterEach(() => {
  for (const end of ended.splice(0)) end()
})

async function listening(server: Server): Promise<string> {
  const sockets: { destroy(): void }[] = []
  server.on('connection', (socket) => void sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ended.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const http = (answer: RequestListener) => listening(createHttpServer(answer))

const clientOf = (url: string, patience: ClientOptions['patience'] = { answerMs: 50, blockMs: 100 }) =>
  new SluiceClient({ url, signer: { participant: 'core', keyId: 'k', sign: () => new Uint8Array(64) }, patience })

/** A busy machine has this long to answer what it does answer. */
const AMPLE = { answerMs: 1_500, blockMs: 500 }

const SIGNED_IN: Readonly<Record<string, object>> = {
  '/v1/head': { chainId: 'chain' },
  '/v1/challenges': { challenge: 'x', audience: 'a', chainId: 'chain' },
  '/v1/tokens': { token: 't', expiresAtMs: Number.MAX_SAFE_INTEGER },
}

const command: Command = {
  chainId: 'chain', contract: 'a', method: 'b', args: {}, commandId: 'c', participant: 'core', keyId: 'k', issuedAt: 1, expiresAt: 2,
} // prettier-ignore

describe('a node that does not answer', () => {
  it('that takes the connection alone is named, with how long it was waited for', async () => {
    const url = await listening(createServer())
    await expect(clientOf(url).chainId()).rejects.toMatchObject({
      name: 'NodeSilent',
      url,
      waitedMs: 50,
      message: `${url} did not answer GET /v1/head within 0.05 seconds`,
    })
  })

  it('that stops in the middle of an answer is silent too', async () => {
    const url = await http((_, reply) => void reply.writeHead(200, { 'content-length': '100' }).write('{"chainId":'))
    await expect(clientOf(url).chainId()).rejects.toMatchObject({ name: 'NodeSilent', url })
  })

  it('is given the time of a block where it waits for one', async () => {
    const url = await http(({ url: path = '' }, reply) => {
      const answer = SIGNED_IN[path]
      if (answer) reply.end(JSON.stringify(answer))
    })
    const client = clientOf(url, AMPLE)
    const asked = [client.get('/v1/receivables'), client.get('/v1/receivables', { at: '3.0' }), client.post('/v1/commands', {})] // prettier-ignore
    const waited = (await Promise.allSettled(asked)).map((one) => (one as { reason?: { waitedMs?: number } }).reason)
    expect(waited).toMatchObject([{ waitedMs: 1_500 }, { waitedMs: 2_000 }, { waitedMs: 2_000 }])
  })

  it('is sent the same bytes of a command once more, and no further', async () => {
    const bodies: string[] = []
    let answerFrom = 2
    const url = await http((request, reply) => {
      const answer = SIGNED_IN[request.url ?? '']
      if (answer) return void reply.end(JSON.stringify(answer))
      let body = ''
      request.on('data', (piece) => (body += String(piece)))
      request.on('end', () => {
        bodies.push(body)
        if (bodies.length >= answerFrom) reply.end(JSON.stringify({ position: '4.0' }))
      })
    })
    const client = clientOf(url, AMPLE)
    const signed = await client.sign(command)
    expect(await client.submit(signed)).toEqual({ position: '4.0' })
    expect(bodies).toEqual([JSON.stringify(signed), JSON.stringify(signed)])

    answerFrom = Infinity
    await expect(client.perform('a.b', {}, { commandId: 'd' })).rejects.toMatchObject({ name: 'NodeSilent', url })
    expect(bodies).toHaveLength(4)
    expect(bodies[3]).toBe(bodies[2])
  })

  it('that was stopped is named, and asked anew once it goes on', async () => {
    const program = `require('node:http').createServer((_, r) => r.end('{"chainId":"chain"}')).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    ended.push(() => child.kill('SIGKILL'))
    const [port] = (await once(child.stdout, 'data')) as [Buffer]
    const url = `http://127.0.0.1:${String(port).trim()}`
    const client = clientOf(url, { answerMs: 200 })
    child.kill('SIGSTOP')
    await expect(client.chainId()).rejects.toMatchObject({ name: 'NodeSilent', url, waitedMs: 200 })
    child.kill('SIGCONT')
    let chainId: string | undefined
    while (chainId === undefined) {
      chainId = await client.chainId().catch((error: unknown) => {
        if (!(error instanceof NodeSilent)) throw error
        return undefined
      })
    }
    expect(chainId).toBe('chain')
  })

  it('that is not there at all is told apart', async () => {
    const url = await listening(createServer())
    ended.splice(0)[0]!()
    await expect(clientOf(url).chainId()).rejects.toBeInstanceOf(TypeError)
  })
})

it.each([
  ['GET', '/v1/head', false],
  ['GET', '/v1/receivables', false],
  ['GET', '/v1/receivables?at=1.0', true],
  ['GET', '/v1/proofs/commands/c', true],
  ['GET', '/ledgers/l/v1/commands/c', true],
  ['POST', '/v1/commands', true],
  ['POST', '/ledgers/l/v1/holdings/h/splits', true],
  ['POST', '/v1/challenges', false],
  ['POST', '/v1/tokens', false],
])('%s %s waits for a block: %s', (method, path, waits) => {
  expect(waitsForBlock(method, new URL(`http://node${path}`))).toBe(waits)
})
