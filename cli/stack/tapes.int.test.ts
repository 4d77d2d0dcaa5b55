// From the file to a receipt that verifies apart: `sluice ingest` into a node's tape, batch on the ledger, HTTP, `sluice verify`.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CUT_OFF, DEAL, planTerms } from '#contracts/deal/testing/plan'
import { program } from '#engines/program'
import { sleep } from '#engines/say'
import { testDatabase } from '#engines/testing/index'
import { FileExchange } from '#node/exchange/exchange'
import { membershipKeys } from '#node/exchange/membership-keys'
import { assetIdOf, generatePool } from '#node/ingest/generate'
import type { Ingested } from '#node/ingest/ingest'
import { attestation, proposal } from '#node/ingest/recompute'
import { TapeStore } from '#node/ingest/store'
import { hashJson } from '#proof/hash'
import type { Json } from '#proof/json'
import { startTestNode, type TestNode } from '#services/testing/node'
import { exchangeFolder, openTapes, tapePlace, type HostedTapes } from './tapes.ts'

const POOL = { seed: '11', receivables: 300, poolFen: 30_000_000n, cutOff: CUT_OFF }
const folder = mkdtempSync(join(tmpdir(), 'sluice-tapes-'))
let node: TestNode
let tapes: HostedTapes
let databaseUrl: string
const complaints: unknown[] = []

beforeAll(async () => {
  databaseUrl = (await testDatabase()).url
  node = await startTestNode({ assets: { prove: (asked) => tapes.assets.prove(asked) } })
  const { ledger } = node
  const exchange = new FileExchange(exchangeFolder(folder), membershipKeys(ledger))
  const onError = (error: unknown): void => void complaints.push(error)
  tapes = await openTapes({ databaseUrl, dataDir: folder, participants: ['originator', 'custodian'], ledger, exchange, onError }) // prettier-ignore
})
afterAll(async () => {
  await tapes?.close()
  await node?.stop()
  expect(complaints).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})

async function sluice(...args: string[]): Promise<string> {
  const { DATABASE_URL: _, ...env } = process.env
  return (await promisify(execFile)(process.execPath, [program('cli/main.ts'), ...args], { env })).stdout
}

test('an asset of a tape that was ingested for a running node has a receipt over HTTP, which verifies apart', async () => {
  const file = join(folder, 'pool.csv')
  writeFileSync(file, [...generatePool(POOL)].join(''))
  const into = ['--node', folder, '--of', 'originator', '--deal', DEAL]
  const done = JSON.parse(await sluice('ingest', file, ...into, '--as-of', CUT_OFF, '--json')) as Ingested
  const terms = planTerms(POOL.poolFen) as unknown as Json
  const plan = { deal: DEAL, terms, termsHash: hashJson(terms), investors: ['investor-a', 'investor-b'] }
  await node.as('manager:maker').perform('deal.propose', plan)
  await node.as('originator:maker').perform('asset-registry.proposeBatch', proposal(done))
  const { position } = await node.as('custodian:checker').perform('asset-registry.attest', attestation(done))

  const url = `${node.url}/v1/proofs/deals/${DEAL}/assets/${assetIdOf(17)}?at=${position}`
  const asked = async (operator: string) => {
    const headers = { authorization: `Bearer ${await node.as(operator).token()}` }
    return fetch(url, { headers })
  }
  const answer = await asked('originator:maker')
  expect(answer.status).toBe(200)
  const receipt = join(folder, 'receipt.json')
  writeFileSync(receipt, Buffer.from(await answer.arrayBuffer()))
  const { chainId, genesisHash, operatorKey } = node.trust
  const trust = ['--chain', chainId, '--genesis', genesisHash, '--operator-key', operatorKey]
  expect(await sluice('verify', receipt, ...trust, '--lang', 'en')).toContain('verified: ')
  expect(readFileSync(receipt).length).toBeLessThan(4_096)
  // What the ledger has decided, the node knows without being told: the seed of the salts is gone.
  const { databaseUrl: own } = await tapePlace(folder, 'originator')
  const store = await TapeStore.open(own)
  while ((await store.version(DEAL, 1))!.saltSeed !== null) await sleep(20)
  await store.close()
  // The custodian's own tape is empty, and the manager's is not of this node.
  for (const other of ['custodian:checker', 'manager:maker']) expect((await asked(other)).status).toBe(404)
})

test('says which organisations a node serves, and that there is none', async () => {
  expect((await tapePlace(folder, 'custodian')).folder).toBe(join(folder, 'tapes', 'custodian'))
  await expect(tapePlace(folder, 'nobody')).rejects.toThrow('serves no nobody, but originator, custodian')
  await expect(tapePlace(join(folder, 'elsewhere'), 'custodian')).rejects.toThrow('no node was started there')
})
