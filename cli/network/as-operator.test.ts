import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { freePort } from '#engines/ports'
import { calling } from './as-operator.ts'
import type { NetworkNode } from './manifest.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(port: number, answer: unknown): Promise<number> {
  const server = createServer((_, response) => void response.end(JSON.stringify(answer)))
  servers.push(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const STATUS = {
  result: {
    sync_info: { latest_block_height: '7', latest_app_hash: 'AB', latest_block_time: '2026-01-05T00:00:00Z', catching_up: false },
    validator_info: { voting_power: '10' },
    n_peers: '0',
  },
} // prettier-ignore

const nodeAt = (rpc: number, http: number) => ({ name: 'north', ports: { p2p: 1, rpc, http } }) as NetworkNode
const head = (port: number) => async () => (await fetch(`http://127.0.0.1:${port}/v1/head`)).json()

it('waits for a node that is started again while its CometBFT answers', async () => {
  const [rpc, http] = [await serve(0, STATUS), await freePort()]
  const called = calling(nodeAt(rpc, http), `http://127.0.0.1:${http}`, head(http))
  setTimeout(() => void serve(http, { height: 7 }), 1_200)
  expect(await called).toEqual({ height: 7 })
})

it('says at once that a node is away where nothing of its network runs', async () => {
  const [rpc, http] = [await freePort(), await freePort()]
  const began = Date.now()
  await expect(calling(nodeAt(rpc, http), `http://127.0.0.1:${http}`, head(http))).rejects.toThrow(
    /north .*ECONNREFUSED.*network up/,
  )
  expect(Date.now() - began).toBeLessThan(3_000)
})

it('makes no call twice that somebody took', async () => {
  const [rpc, http] = [await serve(0, STATUS), await serve(0, {})]
  let calls = 0
  const cut = () => {
    calls += 1
    return Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })) // prettier-ignore
  }
  await expect(calling(nodeAt(rpc, http), `http://127.0.0.1:${http}`, cut)).rejects.toThrow(/reset/)
  expect(calls).toBe(1)
})
