import { createServer, type AddressInfo, type Server } from 'node:net'

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      resolve((server.address() as AddressInfo).port)
    })
  })

/**
 * Ports that are free on 127.0.0.1 at this moment, all different. The system hands them out, so two checkouts side by
 * side rarely meet; whoever starts a server on one must still try again with another when it was taken in between.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  try {
    return await Promise.all(servers.map(listen))
  } finally {
    await Promise.all(servers.map((server) => new Promise<void>((done) => void server.close(() => done()))))
  }
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port as number
}
