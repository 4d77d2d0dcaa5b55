import { afterEach, expect, it } from 'vitest'
import type { Manifest } from './manifest.ts'
import { isHealthy, networkStatus, statusLine } from './status.ts'
import { answering, COMET, stopAnswering } from './testing/answering.ts'

afterEach(stopAnswering)

it('calls a node well whose ledger answers, and none whose ledger cannot go on although its API does', async () => {
  const rpc = await answering(COMET)
  const well = await answering({ '/v1/head': [200, { height: 3 }] })
  const failed = await answering({ '/v1/head': [503, { code: 'CLOSED' }] })
  const nodes = [well, failed].map((http, n) => ({ name: `n${n}`, ports: { p2p: 1, rpc, http } }))
  const all = await networkStatus({ nodes } as unknown as Manifest)
  expect(all.map((each) => isHealthy(each, 1))).toEqual([true, false])
  expect(all.map((each) => statusLine(each).includes('its API does not answer for its ledger'))).toEqual([false, true])
})
