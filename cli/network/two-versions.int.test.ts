// `sluice network up` with four validators: what a workflow does while two of them are paused; and a second version of
// the contracts, which one node lacks when it begins to rule, with a plan that stays on the first until its parties agree.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, inject, onTestFailed, test } from 'vitest'
import { dealParties } from '#contracts/deal/parties'
import { DEAL, PlanStory } from '#contracts/deal/testing/plan'
import { foundingGenesis } from '#contracts/genesis'
import { BATCH, ISSUE, SPLIT } from '#contracts/receivable/testing/story'
import { addDays, isoDate } from '#domain/date'
import { cometStatus } from '#engines/cometbft/rpc'
import { startPostgres } from '#engines/postgres'
import { sayOnStderr, sleep } from '#engines/say'
import { testTemporal } from '#engines/testing/index'
import type { BuiltBundle } from '#ledger-adapter/application/bundle/build-bundle'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { buildSuccessor } from '#ledger-adapter/testing/successor'
import { verifyFile } from '../commands/verify.ts'
import { exportLedger } from '../demo/verify-apart.ts'
import { cometHome, nodeBundles, nodeFolder, nodeNamed, readGenesis, rpcOf } from './manifest.ts'
import { ledgerOnlyCommand } from './node.ts'
import { openNodeLedger } from './node-ledger.ts'
import { openNetwork } from './run.ts'
import { describeNetwork } from './testing/cometbft.ts'
import { SluiceNetwork } from './testing/sluice-network.ts'
import { Callers, storyOrganisations } from './testing/story-network.ts'

const MINUTE_MS = 60_000
const VALIDATORS = ['manager', 'custodian', 'bank', 'exchange']
const FOUNDED_ON = '2010-12-31'
/** Seconds: longer than a command takes on a busy machine. What a workflow asks of the ledger is asked again every 5. */
const PATIENCE = '12'
const BATCH_OBJECT = `batch:${BATCH.batch}`
const DEAL_OBJECT = `deal:${DEAL}`

describeNetwork('four validators, and two versions of the contracts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-versions-'))
  const network = new SluiceNetwork()
  const { home } = network
  const { world } = new PlanStory().established()
  const parties = dealParties(world.read, DEAL)
  const bundlesOf = (node: string) => new FolderBundleStore(nodeBundles(home, node))
  let callers: Callers
  let temporal: Connection
  let first: string
  let second: BuiltBundle
  /** The height from which the second rules. */
  let from: number
  let today = isoDate(FOUNDED_ON)
  let split = ''

  beforeAll(async () => {
    const receivables = ['core:maker', 'core:checker', 'supplier-1:maker', 'operator:service']
    const deciding = ['manager:viewer', ...[...VALIDATORS, 'depository'].map((id) => `${id}:checker`)]
    const plan = [...world.calls.map(({ who }) => who), ...parties.map((id) => `${id}:checker`)]
    // The fifth is served by the manager's node, the sixth by the custodian's.
    const founders = storyOrganisations([...VALIDATORS, 'supplier-1', 'operator'], [...receivables, ...deciding, ...plan]) // prettier-ignore
    await network.create('Versions', founders, '--start-date', FOUNDED_ON)
    first = foundingGenesis(await readGenesis(home)).governance.bundle!
    await network.startUp('--patience', PATIENCE)
    callers = await Callers.of(home)
    temporal = await Connection.connect({ address: testTemporal().address })
  }, 10 * MINUTE_MS)

  afterAll(async () => {
    await temporal?.close()
    await network.dispose()
    rmSync(folder, { recursive: true, force: true })
  }, 3 * MINUTE_MS)

  const roll = async (): Promise<void> => {
    today = addDays(today, 1)
    await callers.does('operator:service', 'calendar.roll', { date: today })
  }
  /** More days than a command of the second version may close, fewer than one of the first may. */
  const sixDays = async (): Promise<void> => {
    for (let day = 0; day < 6; day += 1) await roll()
  }
  const closeDays = (object: string) => callers.refusal('operator:service', 'calendar.closeDay', { object, date: today }) // prettier-ignore

  test(
    'a workflow waits while two of four are paused, and goes on when one is back',
    async () => {
      await callers.does('core:maker', 'receivable.openBatch', BATCH)
      await callers.does('core:maker', 'receivable.issue', ISSUE)
      await callers.does('core:checker', 'receivable.approve', { receivable: 'r' })
      await callers.does('supplier-1:maker', 'receivable.accept', { receivable: 'r', holding: 'h' })
      const before = await callers.together(VALIDATORS)

      const paused = ['bank', 'exchange']
      for (const node of paused) network.freeze(node)
      // What follows must not wait for processes that never answer.
      onTestFailed(() => paused.forEach((node) => network.freeze(node, 'SIGCONT')))
      // The supplier's worker is at the manager's node; it asks through the custodian's.
      const client = await callers.client('supplier-1:maker', 'custodian')
      const signed = await callers.prepared('supplier-1:maker', 'receivable.split', SPLIT, 'custodian')
      split = signed.command.commandId
      const { workflowId } = await client.post<{ workflowId: string }>(`/v1/holdings/${SPLIT.holding}/splits`, signed)
      const other = await callers.prepared('core:maker', 'receivable.openBatch', { ...BATCH, batch: 'b2' }, 'custodian')
      const core = await callers.client('core:maker', 'custodian')
      await expect(core.post('/v1/commands', other)).rejects.toMatchObject({ status: 503, code: 'NO_CONSENSUS' })

      // It has been told that the outcome is unknown, and has not given up.
      const { namespace } = testTemporal()
      const handle = new Client({ connection: temporal, namespace }).workflow.getHandle(`${callers.manifest.chainId}:${workflowId}`) // prettier-ignore
      while (!(await submissionsOf(handle)).some(({ kind, code }) => kind === 'unknown' && code === 'NO_CONSENSUS'))
        await sleep(500)
      expect((await handle.describe()).status.name).toBe('RUNNING')
      for (const node of ['manager', 'custodian'])
        expect((await callers.head(node))?.headerHash).toBe(before.headerHash)

      network.freeze('bank', 'SIGCONT')
      expect(await handle.result()).toEqual({ commandId: split, position: expect.stringMatching(/^\d+\.\d+$/) as string }) // prettier-ignore
      // What was told to be unknown has one answer, whomever one asks.
      const answer = await callers.send(other, 'core:maker', 'manager')
      expect(await callers.send(other, 'core:maker', 'custodian')).toEqual(answer)
      const { height } = await callers.together(['manager', 'custodian', 'bank'], before.height + 1)
      network.freeze('exchange', 'SIGCONT')
      await callers.together(VALIDATORS, height)
    },
    10 * MINUTE_MS,
  )

  test(
    'a plan is established by the first version, and the second is activated at a height a little ahead',
    async () => {
      for (const { who, name, args } of world.calls) await callers.does(who, name, args)
      second = await buildSuccessor(join(folder, 'successor'))
      for (const node of VALIDATORS) bundlesOf(node).put(second.text)
      await sixDays()
      // Room for what is committed before it: a command makes two heights, one of them empty.
      from = (await callers.head('manager'))!.height + 24
      const told = await network.runs('activate', '--bundle', second.hash, '--from-height', String(from), '--yes')
      expect(told).toContain(`it rules from height ${from} on`)
      // Decided, and yet to come: the first still rules.
      expect(await closeDays(BATCH_OBJECT)).toBeUndefined()
      expect((await callers.head('manager'))!.height).toBeLessThan(from)
    },
    10 * MINUTE_MS,
  )

  test(
    'a node that lacks it stops there while the others go on, and recovers when the file is added',
    async () => {
      rmSync(join(nodeBundles(home, 'bank'), `${second.hash}.js`))
      await sixDays()
      while ((await callers.head('manager'))!.height < from) await roll()
      // By the second: what is no plan's may not close so many days at once.
      expect(await closeDays(BATCH_OBJECT)).toBe('TOO_MANY_DAYS')
      const { height } = await callers.together(['manager', 'custodian', 'exchange'], from)
      const log = () => readFileSync(join(nodeFolder(home, 'bank'), 'node.log'), 'utf8')
      while (!log().includes(`contracts ${second.hash}: this node does not have it`)) await sleep(200)
      await network.said('node of bank has ended; starting it again')
      expect((await callers.head('bank'))?.height ?? 0).toBeLessThan(from)

      bundlesOf('bank').put(second.text)
      await callers.together(VALIDATORS, height)
      await callers.does('operator:service', 'calendar.roll', { date: today }, 'bank') // it takes commands again
    },
    10 * MINUTE_MS,
  )

  test(
    'the plan goes by the first until its parties have agreed to move',
    async () => {
      expect(await closeDays(DEAL_OBJECT)).toBeUndefined()
      const move = { deal: DEAL, bundle: second.hash }
      await callers.does('manager:maker', 'deal.moveVersion', move)
      for (const party of parties) await callers.does(`${party}:checker`, 'deal.agreeVersion', move)
      await sixDays()
      expect(await closeDays(DEAL_OBJECT)).toBe('TOO_MANY_DAYS')
    },
    10 * MINUTE_MS,
  )

  test(
    'its export is decided again from the file alone, each command by the version of its time',
    async () => {
      // The header after the last block of commands vouches for it; it comes with a block without any.
      const { height } = await callers.together(VALIDATORS)
      const rpc = rpcOf(nodeNamed(callers.manifest, 'manager'))
      while ((await cometStatus(rpc)).height <= height) await sleep(100)
      expect(await network.stopUp(), network.upSaid.slice(-4000)).toBe(130)
      const file = join(folder, 'ledger.jsonl')
      const head = await exportOf(home, file)
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as ExportLine) // prettier-ignore
      const commands = lines.flatMap(({ kind, signed }) => (kind === 'command' ? [signed!.command.commandId] : []))
      expect(commands.filter((id) => id === split)).toHaveLength(1)
      expect(lines.filter(({ event }) => event === 'ReceivableSplit')).toHaveLength(1)

      const trust = { validators: join(cometHome(home, 'manager'), 'config', 'genesis.json'), genesis: callers.manifest.genesisHash } // prettier-ignore
      expect(await verifyFile(file, { ...trust, bundles: nodeBundles(home, 'bank') })).toMatchObject({ headerHash: head, unchecked: [] }) // prettier-ignore
      // By the first alone it cannot be decided again, and what is missing is named.
      const alone = join(folder, 'first')
      new FolderBundleStore(alone).put(bundlesOf('bank').text(first)!)
      await expect(verifyFile(file, { ...trust, bundles: alone })).rejects.toThrow(second.hash)
    },
    10 * MINUTE_MS,
  )
})

interface ExportLine {
  readonly kind: string
  readonly event?: string
  readonly signed?: { readonly command: { readonly commandId: string } }
}

interface Told {
  readonly kind?: string
  readonly code?: string
}

interface HistoryEvent {
  readonly markerRecordedEventAttributes?: {
    readonly details?: Readonly<Record<string, { readonly payloads?: readonly { readonly data?: Uint8Array }[] }>>
  } | null
}

/** What a workflow's submissions came to, as its history keeps them. */
async function submissionsOf(handle: { fetchHistory(): Promise<object> }): Promise<Told[]> {
  const { events = [] } = (await handle.fetchHistory()) as { events?: HistoryEvent[] }
  return events.flatMap(({ markerRecordedEventAttributes: marker }) =>
    (marker?.details?.['result']?.payloads ?? []).map(({ data }) => JSON.parse(Buffer.from(data!).toString()) as Told),
  )
}

/** Writes the ledger of the manager's node to a file, with that node's CometBFT alone; answers the last header's hash. */
async function exportOf(home: string, file: string): Promise<string> {
  const node = 'manager'
  const postgres = await startPostgres({ dataDir: '', env: { DATABASE_URL: inject('postgresUrl') } })
  const processes = await openNetwork({ home, postgres, say: sayOnStderr, commandOf: ledgerOnlyCommand(home), hosted: node }) // prettier-ignore
  const onProblem = (where: string, error: unknown): void => sayOnStderr(`${where}: ${String(error)}`)
  const onFailed = (why: Error): void => onProblem('the ledger cannot go on', why)
  const ledger = await openNodeLedger({ home, node, databaseUrl: await processes.databaseUrl(node), onProblem, onFailed }) // prettier-ignore
  try {
    await processes.node(node).start()
    await processes.node(node).ready()
    await exportLedger(ledger, file)
    return (await ledger.head()).headerHash
  } finally {
    await processes.stop()
    await ledger.close()
  }
}
