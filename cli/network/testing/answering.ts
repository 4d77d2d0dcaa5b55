import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const servers: Server[] = []

/** A server of these answers by path. @param port a free one unless said otherwise @returns where it listens */
export async function answering(
  answers: Readonly<Record<string, readonly [status: number, body: unknown]>>,
  port = 0,
): Promise<number> {
  const server = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ''] ?? [404, {}]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  servers.push(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export function stopAnswering(): void {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
}

/** A CometBFT that is well and alone. */
export const COMET = {
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
