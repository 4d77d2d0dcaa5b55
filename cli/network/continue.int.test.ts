// From the command line: a trial is ended, and a network of two validators goes on from its export.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { genesisEvents } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { isoDate } from '#domain/date'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'
import { startPostgres, type PostgresEngine } from '#engines/postgres'
import { sayOnStderr } from '#engines/say'
import { testDatabase } from '#engines/testing/index'
import { buildBundle } from '#ledger-adapter/application/bundle/build-bundle'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import type { CommittedEvent, Ledger } from '#ledger-adapter/port'
import type { Keyring } from '#node/keys/keyring'
import { buildCommand } from '#node/keys/signer'
import { canonicalJson } from '#proof/canonical'
import type { Json, JsonObject } from '#proof/json'
import { consortiumGenesis, keyIdOf, type Member } from '../demo/consortium.ts'
import { nodeVersions } from '../stack/bundles.ts'
import { ledgerOperatorKey, memberKeyrings } from '../stack/keys.ts'
import { cometHome, databaseOf, nodeBundles, readManifest } from './manifest.ts'
import { openNetwork, type NetworkProcesses } from './run.ts'
import { describeNetwork } from './testing/cometbft.ts'
import { ledgerNode, TEST_MEMBERS } from './testing/test-network.ts'

const checker = { id: 'checker', kind: 'person', functions: ['checker'] } as const
const MEMBERS: readonly Member[] = TEST_MEMBERS.slice(0, 3).map((each) => ({
  ...each,
  operators: [...each.operators, checker],
}))
const PASSPHRASE = 'correct horse battery staple'

/** @returns what it printed; the exit code must be as expected */
function sluice(args: readonly string[], env: NodeJS.ProcessEnv = {}, code = 0): string {
  const options = { cwd: checkout, encoding: 'utf8' as const, env: { ...process.env, ...env } }
  const { status, stdout, stderr } = spawnSync(process.execPath, [program('cli/main.ts'), ...args], options)
  expect(status, stderr + stdout).toBe(code)
  return stdout + stderr
}

describeNetwork('a network created from the export of an ended ledger', () => {
  let folder: string
  let postgres: PostgresEngine
  let network: NetworkProcesses | undefined
  let keyrings: Map<string, Keyring>
  let next = 0
  const at = (name: string) => join(folder, name)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-continued-'))
    postgres = await startPostgres({ dataDir: '', env: { DATABASE_URL: inject('postgresUrl') } })
    keyrings = await memberKeyrings(at('keys'), MEMBERS, PASSPHRASE)
  })
  afterAll(async () => {
    await network?.stop()
    for (const node of network?.manifest.nodes ?? []) await postgres.dropDatabase(databaseOf(network!.manifest, node.name)) // prettier-ignore
    rmSync(folder, { recursive: true, force: true })
  })

  const signed = async (chainId: string, who: string, call: string, args: JsonObject): Promise<Uint8Array> => {
    const [participant = '', operator = ''] = who.split(':')
    const [contract = '', method = ''] = call.split('.')
    const signer = keyrings.get(participant)!.signer(keyIdOf(operator))
    const draft = { chainId, contract, method, args, commandId: `c-${(next += 1)}`, as: signer, issuedAt: Date.now() }
    return signer.sign(buildCommand(draft))
  }

  /** Its governance decides who will validate; answers events and a receipt. */
  async function trial(ledger: Ledger, validators: readonly (readonly [string, string])[]) {
    const send = async (who: string, call: string, args: JsonObject) => {
      const executed = await ledger.submit(await signed(ledger.chainId, who, call, args))
      expect(executed.outcome).toMatchObject({ accepted: true })
      return executed
    }
    for (const [participant, publicKey] of validators) {
      const action = { kind: 'setValidator', participant, publicKey, power: 10 }
      const asked = { proposal: `p-${participant}`, action, fromHeight: null }
      await send('north:maker', 'governance.propose', { ...asked, expiresOn: '2026-01-20', reason: 'network' })
      await send('east:checker', 'governance.approve', asked)
      await send('south:checker', 'governance.approve', asked)
    }
    const rolled = await send('north:calendar', 'calendar.roll', { date: '2026-01-06' })
    const receipt = await ledger.prove({
      kind: 'command',
      participant: rolled.participant,
      commandId: rolled.commandId,
    })
    return { events: await ledger.events(undefined, { limit: 10_000 }), receipt }
  }

  test('commits, serves the old events from position 0, and vouches for the old receipts', async () => {
    const { url: DATABASE_URL } = await testDatabase()
    const operatorKey = await ledgerOperatorKey(at('keys'))
    // The trial goes by a version of the contracts, without which no node could decide its commands again.
    const bundle = new FolderBundleStore(at('bundles')).put((await buildBundle()).text)
    const genesis = consortiumGenesis({
      name: 'Trial',
      bundle,
      clock: 'test',
      startDate: isoDate('2026-01-05'),
      members: MEMBERS,
      ledgerOperatorPublicKey: operatorKey.publicKey,
      publicKeyOf: (participant, operator) => keyrings.get(participant)!.signer(keyIdOf(operator)).publicKey,
    })
    const founding = { document: genesis as unknown as JsonObject, events: genesisEvents(genesis) }
    const registry = nodeVersions(genesis, at('bundles'))
    const ledger = await EmbeddedLedger.open({ databaseUrl: DATABASE_URL, genesis: founding, registry, callerOf, operatorKey }) // prettier-ignore
    const validators = ['north', 'east'].map((id) => {
      const key = sluice(['network', 'validator-key', '--organisation', id, '--out', at('validators')]).trim()
      return [id, key.split('\n').at(-1)!] as const
    })
    const { events, receipt } = await trial(ledger, validators)
    const { height } = await ledger.head()
    await ledger.close()
    writeFileSync(at('receipt.json'), canonicalJson(receipt as Json))

    const seed = at('keys/ledger-operator.seed')
    const ended = sluice(['ledger', 'end', '--operator-key', seed, '--out', at('trial.jsonl')], { DATABASE_URL })
    expect(ended).toContain(`${ledger.chainId} ended at height ${height}`)

    const home = at('network')
    const create = (file: string) => ['network', 'create', '--home', home, '--name', 'Joint', '--from-export', file, '--validator-keys', at('validators'), '--keys', at('keys'), '--bundles', at('bundles')] // prettier-ignore
    const env = { SLUICE_PASSPHRASE: PASSPHRASE }
    const text = readFileSync(at('trial.jsonl'), 'utf8')
    writeFileSync(at('tampered.jsonl'), text.replace('"date":"2026-01-06"', '"date":"2026-01-07"'))
    expect(sluice(create(at('tampered.jsonl')), env, 1)).toMatch(/tampered.jsonl: line \d+: /)
    expect(sluice(create(at('trial.jsonl')), env)).toContain('made joint-')
    expect(sluice(create(at('trial.jsonl')), env)).toContain('there already, nothing changed')

    const manifest = await readManifest(home)
    for (const { name } of manifest.nodes)
      expect(new FolderBundleStore(nodeBundles(home, name)).hashes()).toEqual([bundle])
    network = await openNetwork({
      home,
      postgres,
      say: sayOnStderr,
      commandOf: (node, databaseUrl) => ledgerNode(home, node.name, databaseUrl),
    })
    await network.start()
    const [first, second] = network.manifest.nodes
    const ask = async (node: typeof first, path: string, body?: Uint8Array): Promise<unknown> => {
      const response = await fetch(
        `http://127.0.0.1:${node!.ports.http}${path}`,
        body ? { method: 'POST', body: body as BodyInit } : {},
      )
      return response.json()
    }
    const bytes = await signed(manifest.chainId, 'north:calendar', 'calendar.roll', { date: '2026-01-07' })
    const position = (await ask(first, '/submit', bytes)) as { height: number }
    expect(position.height).toBeGreaterThan(height)
    await expect.poll(async () => ((await ask(second, '/head')) as { height: number }).height, { timeout: 20_000 }).toBe(position.height) // prettier-ignore
    for (const node of [first, second]) {
      const all = (await ask(node, '/events')) as CommittedEvent[]
      expect(all.slice(0, events.length)).toEqual(events)
      expect(all.at(-1)).toMatchObject({ contract: 'calendar', cursor: { height: position.height } })
    }
    const consensusGenesis = join(cometHome(home, first!.name), 'config/genesis.json')
    expect(sluice(['verify', at('receipt.json'), '--validators', consensusGenesis, '--lang', 'en', '--json'])).toContain('"ok":true') // prettier-ignore
  }, 300_000)
})
