import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import WebSocket from 'ws'
import { Subscriber } from './subscriber.ts'

const ended: (() => void)[] = []
afterEach(() => {
  for (const end of ended.splice(0)) end()
})

it('gives up a node that takes the connection and never opens the stream, says so, and tries anew', async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ended.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const closed: string[] = []
  const twice = new Promise<void>((resolve) => {
    const subscriber = new Subscriber({
      url,
      token: () => Promise.resolve('token'),
      trust: { chainId: 'chain', genesisHash: '0'.repeat(64), operatorKey: 'A'.repeat(43) },
      socket: (address, protocols) => new WebSocket(address, protocols) as never,
      onEvent: () => undefined,
      connectMs: 100,
      pauseMs: () => 1,
      onLine: (what) => {
        if (what.kind === 'closed' && closed.push(what.reason) === 2) resolve()
      },
    }).start()
    ended.push(() => subscriber.close())
  })
  await twice
  expect(closed).toEqual(Array(2).fill(`${url} did not open the stream within 0.1 seconds`))
  expect(sockets.length).toBeGreaterThanOrEqual(2)
})
