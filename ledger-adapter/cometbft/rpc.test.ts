import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { CometbftRpc, consensusValidators, RpcError, RpcUnreachable } from './rpc.ts'
import { TX_CODE } from './transactions.ts'

let server: Server | undefined
let written = 0

/** A member's address that answers as it likes. */
async function answering(answer: (response: ServerResponse, body: string) => void): Promise<CometbftRpc> {
  server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => answer(response, Buffer.concat(pieces).toString()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new CometbftRpc(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}
const saying = (text: string) => answering((response) => response.end(text))

/** Writes without end, as fast as it is read. */
function endless(response: ServerResponse, piece: Uint8Array): void {
  const more = (): void => {
    while (!response.destroyed && response.write(piece)) written += piece.length
  }
  response.on('drain', more)
  more()
}

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  written = 0
})

const tx = Uint8Array.of(1, 2, 3)
const json = (value: unknown) => JSON.stringify(value)

describe('what an address answers to a transaction', () => {
  it.each([
    ['taken', { result: { code: TX_CODE.OK, log: '' } }, { state: 'inFlight', log: '' }],
    ['refused', { result: { code: TX_CODE.BAD_COMMAND, log: 'why' } }, { state: 'refused', log: 'why' }],
    ['refused without a word', { result: { code: 7, log: { a: 1 } } }, { state: 'refused', log: '' }],
    ['no store', { result: { code: TX_CODE.LATER, log: 'x' } }, { state: 'later', log: 'x' }],
    ['there already', { error: { message: 'Internal error', data: 'tx already exists in cache' } }, { state: 'inFlight', log: '' }],
    ['no room', { error: { message: 'x', data: 'mempool is full: 5000' } }, { state: 'later', log: 'mempool is full: 5000' }],
  ]) // prettier-ignore
  ('%s', async (_what, answer, broadcast) => {
    expect(await (await saying(json(answer))).broadcast(tx)).toEqual(broadcast)
  })

  it.each([
    ['an error of its own', { error: { message: 'm', data: 'tx too large' } }, 'tx too large'],
    ['an error that is no text', { error: { data: { deep: [1] } } }, '{"deep":[1]}'],
    ['an error that says nothing', { error: {} }, 'unknown'],
    ['an error without end', { error: { data: 'x'.repeat(50_000) } }, 'x'.repeat(1_000)],
  ])('%s', async (_what, answer, data) => {
    const asked = (await saying(json(answer))).broadcast(tx)
    await expect(asked).rejects.toMatchObject({ name: 'RpcError', data })
  })

  it.each([
    '',
    'null',
    '[]',
    '1',
    '{"result":null}',
    '{"result":{}}',
    '{"result":{"code":"0"}}',
    '<html>',
    '{"error":null}',
  ])('is none when it is %j', async (text) => {
    await expect((await saying(text)).broadcast(tx)).rejects.toBeInstanceOf(RpcUnreachable)
  })

  it('is read no further than an answer can be', async () => {
    const pieces = [Buffer.alloc(1 << 16, 0x20), gzipSync(Buffer.alloc(64 << 20, 0x20))]
    for (const [n, piece] of pieces.entries()) {
      const rpc = await answering((response) => {
        response.writeHead(200, n === 1 ? { 'content-encoding': 'gzip' } : {})
        endless(response, piece)
      })
      await expect(rpc.broadcast(tx)).rejects.toThrow(/more than 65536 bytes/)
      // What the sockets between take is all that was sent on top.
      expect(written).toBeLessThan(32 << 20)
      server!.closeAllConnections()
      server!.close()
    }
  })

  it('has headers of a bounded size, and sends nobody elsewhere', async () => {
    const many = await answering((response) => {
      for (let n = 0; n < 5_000; n += 1) response.setHeader(`x-${n}`, 'y'.repeat(100))
      response.end(json({ result: { code: 0, log: '' } }))
    })
    await expect(many.broadcast(tx)).rejects.toBeInstanceOf(RpcUnreachable)
    server!.close()
    let calls = 0
    const elsewhere = await answering((response) => {
      calls += 1
      response.writeHead(307, { location: '/elsewhere' }).end()
    })
    await expect(elsewhere.broadcast(tx)).rejects.toBeInstanceOf(RpcUnreachable)
    expect(calls).toBe(1)
  })
})

it('asks for no more validators than CometBFT can have', async () => {
  let pages = 0
  const validator = { address: '', pub_key: { type: 'tendermint/PubKeyEd25519', value: '' }, voting_power: '1' }
  const rpc = await answering((response) => {
    pages += 1
    response.end(json({ result: { validators: Array(100).fill(validator), total: '999999999' } }))
  })
  await expect(consensusValidators(rpc, 1)).rejects.toThrow('more than 10000 validators')
  expect(pages).toBe(100)
  await expect((await saying('{"error":{"data":"no such height"}}')).call('validators')).rejects.toBeInstanceOf(
    RpcError,
  )
})
