// Somebody who reaches the ports of a network and is no member: sends bytes that no protocol knows, again and again.
import { connect } from 'node:net'
import { request } from 'node:http'
import { once } from 'node:events'

/** A whole number below the bound. */
export type Random = (below: number) => number

const bytes = (random: Random, size: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: size }, () => random(256)))
/** The least significant group first, as protocol buffers have it. */
const VARINT_OF_2_63 = Buffer.from('80808080808080808001', 'hex')
const VARINT_OF_100_MIB = Buffer.from('80808032', 'hex')

/** What CometBFT's peers meet: its handshake begins with a message of one 32-byte key, then everything is encrypted. */
const toPeers = (random: Random): Buffer => {
  const key = random(2) === 0 ? Buffer.alloc(32) : bytes(random, 32) // all zero: a point of low order
  const hello = Buffer.concat([Buffer.from([0x22, 0x0a, 0x20]), key])
  const kinds = [bytes(random, 1 + random(2_000)), VARINT_OF_2_63, Buffer.concat([hello, bytes(random, 1_044 * 3)])]
  return kinds[random(kinds.length)]!
}

/** What the application meets where it waits for its CometBFT: lengths, then protocol buffers. */
const toApplication = (random: Random): Buffer => {
  const body = bytes(random, random(120))
  const framed = Buffer.concat([Buffer.from([body.length]), body])
  const kinds = [bytes(random, 1 + random(2_000)), VARINT_OF_2_63, VARINT_OF_100_MIB, Buffer.from([0]), framed]
  return kinds[random(kinds.length)]!
}

/** Sends one piece to a port or a socket and waits until the other side ends the connection, or a moment. */
async function sendTo(where: number | string, piece: Buffer): Promise<void> {
  const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where)
  socket.on('error', () => undefined) // being cut off is what is hoped for
  socket.resume()
  const closed = once(socket, 'close').catch(() => undefined)
  socket.once('connect', () => socket.write(piece))
  socket.setTimeout(150, () => socket.destroy())
  await closed
}

const call = (method: string, params: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })

/** What the RPC of a validator meets: no HTTP, HTTP that is no JSON, JSON that is no call, calls that are no use. */
function toRpc(random: Random): { path: string; body: Buffer } {
  const tx = bytes(random, random(3_000)).toString('base64')
  const bodies = [
    bytes(random, 1 + random(4_000)),
    Buffer.from('['.repeat(50_000)),
    Buffer.from(call('broadcast_tx_sync', { tx })),
    Buffer.from(call('broadcast_tx_async', { tx })),
    Buffer.from(
      call('abci_query', { path: '/key', data: bytes(random, 40).toString('hex'), height: String(-random(9)) }),
    ),
    Buffer.from(call('block', { height: '9'.repeat(30) })),
    Buffer.from(call('unsafe_flush_mempool', {})),
    Buffer.from(call('dial_peers', { peers: ['00@127.0.0.1:1'], persistent: true })),
  ]
  return {
    path: random(4) === 0 ? `/${bytes(random, 20).toString('base64url')}` : '/',
    body: bodies[random(bodies.length)]!,
  }
}

async function post(port: number, { path, body }: { path: string; body: Buffer }): Promise<void> {
  const asked = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json' },
  })
  const over = new Promise<void>((resolve) => {
    asked.on('response', (response) => response.resume().on('close', resolve)).on('error', () => resolve())
  })
  asked.setTimeout(2_000, () => asked.destroy())
  asked.end(body)
  await over
}

export interface RoguePorts {
  readonly p2p: number
  readonly rpc: number
  /** The socket's path: a stranger does not get that far, and whoever runs as the same user does. */
  readonly abci: string
}

/** How often each kind of port was written to. */
export type Thrown = Record<keyof RoguePorts, number>

/** Writes to every port until told to stop, one connection at a time for each. */
export function throwGarbage(targets: readonly RoguePorts[], random: Random): { stop(): Promise<Thrown> } {
  const thrown: Thrown = { p2p: 0, rpc: 0, abci: 0 }
  let isOver = false
  const keepOn = async (kind: keyof RoguePorts, once: () => Promise<void>): Promise<void> => {
    while (!isOver) {
      await once()
      thrown[kind] += 1
    }
  }
  const all = targets.flatMap(({ p2p, rpc, abci }) => [
    keepOn('p2p', () => sendTo(p2p, toPeers(random))),
    keepOn('rpc', () => (random(5) === 0 ? sendTo(rpc, bytes(random, 500)) : post(rpc, toRpc(random)))),
    keepOn('abci', () => sendTo(abci, toApplication(random))),
  ])
  return {
    stop: async () => {
      isOver = true
      await Promise.all(all)
      return thrown
    },
  }
}
