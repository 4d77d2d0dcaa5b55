import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/**
 * Below what Linux, macOS and Windows give to outgoing connections (from 32768, 49152 and 49152): a port from that range
 * may be some connection's own an instant after it was found free, and a network keeps its ports for days.
 */
const [FIRST, END] = [10_000, 32_768]
const TRIES = 1_000
/**
 * The one port of that range which browsers and `fetch` refuse to ask anything of (Fetch standard, “port blocking”): a
 * server on it runs well and seems dead.
 */
const BLOCKED = 10_080

/** Whether a browser or `fetch` can ask a server that listens there, on a port as `freePorts` draws them. */
export const isAskable = (port: number): boolean => port !== BLOCKED

const listens = (server: Server, port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(error)
    })
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true))
  })

/** Whether a server could listen on it now and be asked by a browser or `fetch`. @throws what else hinders it to listen */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  if (!isAskable(port) || !(await listens(server, port))) return false
  await new Promise<void>((done) => void server.close(() => done()))
  return true
}

/** A port drawn at random that is free, and the server that holds it. */
async function hold(): Promise<{ port: number; server: Server }> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(FIRST, END)
    if (!isAskable(port)) continue
    const server = createServer()
    if (await listens(server, port)) return { port, server }
  }
  throw new Error(`no free port on 127.0.0.1 from ${FIRST} to ${END - 1} in ${TRIES} tries`)
}

/**
 * Ports that are free on 127.0.0.1 at this moment, all different, drawn at random, so two checkouts side by side rarely
 * meet; whoever starts a server on one must still try again with another when it was taken in between.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: { port: number; server: Server }[] = []
  try {
    while (held.length < count) held.push(await hold())
    return held.map(({ port }) => port)
  } finally {
    await Promise.all(held.map(({ server }) => new Promise<void>((done) => void server.close(() => done()))))
  }
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port as number
}
