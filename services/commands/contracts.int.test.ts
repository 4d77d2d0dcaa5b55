import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SluiceClient } from '#client/client'
import { asDescribed } from '#contracts/as-described'
import { DEAL, PlanStory } from '#contracts/deal/testing/plan'
import { describe } from '#contracts/describe'
import { genesisEvents } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { registry } from '#contracts/registry'
import { testGenesis } from '#contracts/testing/consortium'
import { testDatabase } from '#engines/testing/index'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { ContractVersions } from '#ledger-adapter/application/bundle/versions'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { decide } from '#ledger-adapter/testing/decide'
import { signTest, testCommand, testOperatorKey } from '#ledger-adapter/testing/fixture'
import { buildChanged } from '#ledger-adapter/testing/successor'
import type { JsonObject } from '#proof/json'
import { createNodeApp, type NodeApp } from '../app.ts'
import { RecordedWorkflows, signerOf } from '../testing/node.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-served-'))
let ledger: EmbeddedLedger
let node: NodeApp
let url: string
beforeAll(async () => {
  const document = testGenesis()
  const { url: databaseUrl } = await testDatabase()
  const store = new FolderBundleStore(join(folder, 'bundles'))
  const versions = new ContractVersions({ store, genesisBundle: null, sources: registry })
  const genesis = { document: document as unknown as JsonObject, events: genesisEvents(document) }
  ledger = await EmbeddedLedger.open({ databaseUrl, genesis, registry: versions, callerOf, operatorKey: testOperatorKey }) // prettier-ignore
  // A plan that is established under the sources stays on them; then a version comes that says another thing.
  for (const { who, name, args } of new PlanStory().established().world.calls) {
    const [participant = '', operator = ''] = who.split(':')
    const command = testCommand(ledger.chainId, name, args, { participant, keyId: `${operator}-key` })
    expect((await ledger.submit(signTest(command))).outcome, name).toMatchObject({ accepted: true })
  }
  const { hash, text } = await buildChanged(join(folder, 'changed'), 'contracts/deal/move-version.ts', "en: '", "en: 'Yes: ") // prettier-ignore
  expect(store.put(text)).toBe(hash)
  await decide(ledger, { kind: 'activateBundle', bundle: hash })
  const workflows = new RecordedWorkflows(ledger)
  node = await createNodeApp({ ledger, databaseUrl, workflows, descriptionOf: (bundle) => versions.description(bundle) }) // prettier-ignore
  url = await node.app.listen({ host: '127.0.0.1', port: 0 })
}, 600_000)
afterAll(async () => {
  await node?.close()
  await ledger?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a signer of a deal is told what the version says by which the deal is decided, and others the active one', async () => {
  const client = new SluiceClient({ url, signer: signerOf('manager:maker') })
  const own = describe(registry)
  const [active, pinned, unknown] = await Promise.all([client.contracts(), client.contracts(DEAL), client.contracts('x')]) // prettier-ignore
  expect([active.bundle, pinned.bundle, unknown.bundle]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), null, active.bundle]) // prettier-ignore
  expect(active.chainId).toBe(ledger.chainId)
  expect(() => asDescribed(own, pinned.methods, 'deal.moveVersion')).not.toThrow()
  expect(() => asDescribed(own, active.methods, 'deal.moveVersion')).toThrow('describe it otherwise')
  expect(() => asDescribed(own, active.methods, 'deal.agreeVersion')).not.toThrow()
})

test('whether there is a deal is told to nobody who has not signed in, and it is named by an id', async () => {
  const ask = async (query: string) => {
    const answer = await node.app.inject({ url: `/v1/contracts?${query}` })
    return [answer.statusCode, answer.json<{ code: string }>().code]
  }
  expect(await ask(`deal=${DEAL}`)).toEqual([401, 'NO_TOKEN'])
  expect(await ask('deal=a/b')).toEqual([400, 'BAD_REQUEST'])
})
