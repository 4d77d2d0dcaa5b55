// A fifth organisation joins four that validate: by the state and the history of the others, over kills in the midst of
// both, and again after it lost its database; then governance gives it a vote.
import { existsSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { Proofs } from '#client/proofs'
import type { SluiceClient } from '#client/client'
import { addDays, isoDate } from '#domain/date'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'
import { startPostgres, type PostgresEngine } from '#engines/postgres'
import { sayOnStderr, sleep } from '#engines/say'
import { testTemporal } from '#engines/testing/index'
import { standingIn } from '#ledger-adapter/cometbft/standing'
import { canonicalBytes } from '#proof/canonical'
import type { Json } from '#proof/json'
import { verifyReceipt } from '#proof/verify-receipt'
import { trustOf } from '../verify/trust.ts'
import { asOperator } from './as-operator.ts'
import { apiOf, cometHome, consensusKey, databaseOf, nodeFolder, nodeNamed, readGenesis, readManifest, rpcOf, type NetworkNode } from './manifest.ts' // prettier-ignore
import { openNetwork, type NetworkProcesses } from './run.ts'
import type { NodeCommand, NodeProcesses } from './supervisor.ts'
import { findState } from './sync.ts'
import { describeNetwork } from './testing/cometbft.ts'
import { FOUNDERS, organisation, SluiceNetwork } from './testing/sluice-network.ts'

const MINUTE_MS = 60_000
/** Small, so that there are several of either. */
const SNAPSHOTS = { every: 5, chunkBytes: 1_500 }

describeNetwork('a fifth node', () => {
  const command = new SluiceNetwork()
  const { home } = command
  const runs = command.runs.bind(command)
  let engine: PostgresEngine
  let network: NetworkProcesses
  let calendar: SluiceClient
  let today: string
  let rolled = 0
  const sent: string[] = []

  /** Four with their API and no workers; the fifth is what `sluice network up` runs. */
  const commandOf = ({ name }: NetworkNode, databaseUrl: string): NodeCommand => {
    const { address, namespace } = testTemporal()
    const isFifth = name === 'watcher'
    const source = isFifth ? 'cli/main.ts' : 'cli/network/testing/api-node.ts'
    const own = isFifth
      ? { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace }
      : { NETWORK_HOME: home, NETWORK_NODE: name, SNAPSHOTS: JSON.stringify(SNAPSHOTS) }
    const args = isFifth ? ['network', 'node', '--node', name, '--home', home] : []
    return {
      command: process.execPath,
      args: [program(source), ...args],
      cwd: checkout,
      env: { ...process.env, ...own, DATABASE_URL: databaseUrl },
    }
  }

  beforeAll(async () => {
    await command.create('Joins', [...FOUNDERS, organisation('watcher', '11100000MB0REG123', 'regulator')])
    engine = await startPostgres({ dataDir: '', env: { DATABASE_URL: inject('postgresUrl') } })
    network = await openNetwork({ home, postgres: engine, say: sayOnStderr, commandOf, restarts: false })
    await network.start()
    await Promise.all(network.nodes.map(serves))
    const manifest = await readManifest(home)
    calendar = (await asOperator(home, manifest, 'north', { function: 'service:calendar' })).client
    today = (await calendar.get<{ asOf: string }>('/v1/business-dates/calendar')).asOf
  }, 4 * MINUTE_MS)

  afterAll(async () => {
    await network.stop()
    const manifest = await readManifest(home)
    for (const { name } of manifest.nodes) await engine.dropDatabase(databaseOf(manifest, name))
    await command.dispose()
  }, MINUTE_MS)

  /** Its API answers: the last part of a node that is ready. @throws with its last words when it has ended */
  async function serves(node: NodeProcesses): Promise<void> {
    const isUp = () => fetch(`${node.api}/v1/head`, { signal: AbortSignal.timeout(2_000) }).then(({ ok }) => ok, () => false) // prettier-ignore
    while (!(await isUp())) {
      if (node.application?.running !== true) throw new Error(`${node.name} has ended: ${node.application?.tail(8)}`)
      await sleep(200)
    }
  }

  /** A block: one command, executed by all. */
  async function roll(): Promise<void> {
    today = addDays(isoDate(today), 1)
    rolled += 1
    sent.push((await calendar.perform('calendar.roll', { date: today })).commandId)
  }

  const watcher = (): NodeProcesses => network.node('watcher')
  const query = async <T>(text: string): Promise<T[]> => {
    const sql = postgres(await network.databaseUrl('watcher'), { max: 1, onnotice: () => undefined })
    try {
      return (await sql.unsafe(text)) as unknown as T[]
    } finally {
      await sql.end()
    }
  }
  const count = async (from: string): Promise<number> =>
    Number((await query<{ count: string }>(`SELECT count(*) FROM sluice_ledger.${from}`))[0]!.count)
  /** Every row of this table takes its time to be written, until the answer is called. */
  async function slow(table: string): Promise<() => Promise<void>> {
    await query(`CREATE OR REPLACE FUNCTION sluice_ledger.slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END $$`)
    await query(`CREATE TRIGGER slow BEFORE INSERT ON sluice_ledger.${table} FOR EACH ROW EXECUTE FUNCTION sluice_ledger.slow()`) // prettier-ignore
    return async () => void (await query(`DROP TRIGGER slow ON sluice_ledger.${table}`))
  }
  const restored = async () => (await query<{ block: string; filled: boolean }>('SELECT block, filled FROM sluice_ledger.restored'))[0] // prettier-ignore

  /** It holds what the others hold, from position 0, and has not executed the first blocks. */
  async function requireWhole(): Promise<void> {
    const response = await fetch(`${watcher().rpc}/status`)
    const { result } = (await response.json()) as { result: { sync_info: { earliest_block_height: string } } }
    expect(Number(result.sync_info.earliest_block_height)).toBeGreaterThan(SNAPSHOTS.every)
    expect(await restored()).toMatchObject({ filled: true })
    expect(existsSync(join(nodeFolder(home, 'watcher'), 'history.part.jsonl'))).toBe(false)
    const manifest = await readManifest(home)
    const history = async (name: string): Promise<string> => {
      const node = nodeNamed(manifest, name)
      const { height } = (await (await fetch(`${apiOf(nodeNamed(manifest, 'north'))}/v1/head`)).json()) as { height: number } // prettier-ignore
      const { client } = await asOperator(home, manifest, 'watcher', { function: 'viewer' }, { at: node })
      const headers = { authorization: `Bearer ${await client.token()}` }
      for (;;) {
        const answer = await fetch(`${apiOf(node)}/v1/history?from=0&to=${height}`, { headers })
        if (answer.ok) return answer.text()
        expect(((await answer.json()) as { code: string }).code).toBe('BEHIND_POSITION')
        await sleep(200)
      }
    }
    const own = await history('watcher')
    expect(own).toBe(await history('north'))
    for (const commandId of sent) expect(own).toContain(commandId)
    const told = await runs('follow', '--organisation', 'watcher', '--once')
    expect(told).toMatch(/watcher, from the node of watcher: \d+ events from position 0 to block \d+\n.*every topic proven complete/) // prettier-ignore
    const events = (await runs('follow', '--organisation', 'watcher', '--once', '--json')).trim().split('\n')
    const { length } = events.filter((line) => (JSON.parse(line) as { event: string }).event === 'DayRolled')
    expect(length).toBe(rolled)
  }

  test('there is nothing to take while nobody has a snapshot, and that is said', async () => {
    const manifest = await readManifest(home)
    expect(await findState(home, manifest, 'watcher')).toMatchObject({ sync: undefined, isAnswered: true, words: expect.stringContaining('none of the other nodes has a snapshot') as string }) // prettier-ignore
  })

  test('is told whom it trusts: the validators of genesis, followed to a header that the others have', async () => {
    const found = async () => findState(home, await readManifest(home), 'watcher')
    // Enough of a history for the kills below to meet it half done.
    while (rolled < 2 * SNAPSHOTS.every || (await found()).sync === undefined) await roll()
    const told = await runs('join', '--organisation', 'watcher')
    expect(told).toMatch(/watcher trusts the validators of genesis, followed to header \d+ with hash [0-9a-f]{16}…, which north, east, south, west have/) // prettier-ignore
    const { sync } = nodeNamed(await readManifest(home), 'watcher')
    expect(sync).toMatchObject({ from: ['north', 'east', 'south', 'west'] })
    expect(sync!.trustHeight).toBeGreaterThanOrEqual(SNAPSHOTS.every)
    const config = await readFile(join(cometHome(home, 'watcher'), 'config', 'config.toml'), 'utf8')
    expect(config).toContain(`trust_height = ${sync!.trustHeight}\ntrust_hash = "${sync!.trustHash.toUpperCase()}"`)
    expect(config).toContain(rpcOf(nodeNamed(await readManifest(home), 'east')))
  })

  test(
    'is killed while it takes the state, and while it fills in the history: the next start goes on',
    async () => {
      const url = await network.databaseUrl('watcher')
      expect(await standingIn(url, await readGenesis(home))).toBe('nothing') // and its tables are there
      const stateAsEver = await slow('snapshot_incoming')
      await network.takeUp()
      while ((await count('snapshot_incoming')) < 3) await sleep(50)
      await watcher().kill()
      expect(await restored()).toBeUndefined()
      await stateAsEver()

      const historyAsEver = await slow('block')
      await watcher().start()
      while ((await restored()) === undefined) await sleep(50)
      const blocks = async () => count(`block WHERE height < ${(await restored())!.block}`)
      while ((await blocks()) < 3) await sleep(50)
      await watcher().kill()
      expect(await restored()).toMatchObject({ filled: false })
      const before = await blocks()
      expect(existsSync(join(nodeFolder(home, 'watcher'), 'history.part.jsonl'))).toBe(true)
      await historyAsEver()
      // So CometBFT leaves it where the chain rests: a state, and no block beside it.
      if ((await standingIn(url, await readGenesis(home))) === 'state')
        rmSync(join(cometHome(home, 'watcher'), 'data', 'blockstore.db'), { recursive: true })

      await roll()
      await watcher().start()
      await serves(watcher())
      expect(await blocks()).toBeGreaterThan(before)
      await requireWhole()
    },
    6 * MINUTE_MS,
  )

  test('proves what happened before it joined', async () => {
    const manifest = await readManifest(home)
    const at = nodeNamed(manifest, 'watcher')
    const { client } = await asOperator(home, manifest, 'north', { function: 'service:calendar' }, { at })
    const trust = await trustOf({ validators: join(cometHome(home, 'north'), 'config', 'genesis.json') }, 'en')
    for (const id of [sent[0]!, sent.at(-1)!]) {
      const receipt = await new Proofs(client).command(id)
      expect(verifyReceipt(canonicalBytes(receipt as unknown as Json), trust)).toMatchObject({ ok: true })
    }
  })

  test(
    'loses its database, and joins again',
    async () => {
      await watcher().stop()
      const manifest = await readManifest(home)
      await engine.dropDatabase(databaseOf(manifest, 'watcher'))
      for (let n = 0; n < 3; n += 1) await roll()
      await network.databaseUrl('watcher') // a new one, which is empty
      await watcher().start()
      await serves(watcher())
      await requireWhole()
    },
    4 * MINUTE_MS,
  )

  test(
    'governance gives it a vote by the proposal of a run that was cut short, and with it commits go on while a founder is away',
    async () => {
      const manifest = await readManifest(home)
      const { client } = await asOperator(home, manifest, 'north', { function: 'maker' }, { ask: () => true })
      const publicKey = consensusKey(nodeNamed(manifest, 'watcher').publicKey)
      const action = { kind: 'setValidator', participant: 'watcher', publicKey, power: 10 }
      const asked = { proposal: 'cut-short', action, fromHeight: null, expiresOn: addDays(isoDate(today), 1) }
      await client.perform('governance.propose', { ...asked, reason: 'it is to vote' })
      const told = await runs('validator', '--organisation', 'watcher', '--yes')
      expect(told).toContain('goes on with cut-short: power 10')
      expect(told).toContain('decided')
      expect(await runs('validator', '--organisation', 'watcher', '--yes')).toContain('it is so already: power 10')
      while ((await watcher().status())?.votingPower !== 10) await roll()
      await network.node('west').stop()
      for (let n = 0; n < 5; n += 1) await roll()
      await requireWhole()
      // Four of five are needed: without its vote nothing would have been committed.
      await network.node('west').start()
      await serves(network.node('west'))
    },
    4 * MINUTE_MS,
  )
})
