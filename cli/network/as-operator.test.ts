import { afterEach, expect, it } from 'vitest'
import { freePort } from '#engines/ports'
import { calling } from './as-operator.ts'
import type { NetworkNode } from './manifest.ts'
import { answering, COMET, stopAnswering } from './testing/answering.ts'

afterEach(stopAnswering)

const nodeAt = (rpc: number, http: number) => ({ name: 'north', ports: { p2p: 1, rpc, http } }) as NetworkNode
const head = (port: number) => async () => (await fetch(`http://127.0.0.1:${port}/v1/head`)).json()

it('waits for a node that is started again while its CometBFT answers', async () => {
  const [rpc, http] = [await answering(COMET), await freePort()]
  const called = calling(nodeAt(rpc, http), `http://127.0.0.1:${http}`, head(http))
  setTimeout(() => void answering({ '/v1/head': [200, { height: 7 }] }, http), 1_200)
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
  const [rpc, http] = [await answering(COMET), await answering({})]
  let calls = 0
  const cut = () => {
    calls += 1
    return Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })) // prettier-ignore
  }
  await expect(calling(nodeAt(rpc, http), `http://127.0.0.1:${http}`, cut)).rejects.toThrow(/reset/)
  expect(calls).toBe(1)
})
