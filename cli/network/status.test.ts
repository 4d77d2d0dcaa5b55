import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { Manifest } from './manifest.ts'
import { isHealthy, networkStatus, statusLine } from './status.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function answering(answers: Readonly<Record<string, readonly [status: number, body: unknown]>>): Promise<number> {
  const server = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ''] ?? [404, {}]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const comet = {
  '/status': [
    200,
    {
      result: {
        sync_info: {
          latest_block_height: '7',
          latest_app_hash: 'AB',
          latest_block_time: '2026-01-05T00:00:00Z',
          catching_up: false,
        },
        validator_info: { voting_power: '10' },
      },
    },
  ],
  '/net_info': [200, { result: { n_peers: '0' } }],
} as const

it('calls a node well whose ledger answers, and none whose ledger cannot go on although its API does', async () => {
  const rpc = await answering(comet)
  const well = await answering({ '/v1/head': [200, { height: 3 }] })
  const failed = await answering({ '/v1/head': [503, { code: 'CLOSED' }] })
  const nodes = [well, failed].map((http, n) => ({ name: `n${n}`, ports: { p2p: 1, rpc, http } }))
  const all = await networkStatus({ nodes } as unknown as Manifest)
  expect(all.map((each) => isHealthy(each, 1))).toEqual([true, false])
  expect(all.map((each) => statusLine(each).includes('its API does not answer for its ledger'))).toEqual([false, true])
})
