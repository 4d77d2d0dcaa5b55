import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '#engines/postgres'
import { removeFolder } from '#engines/sweep'
import { nativeChecks } from '#ledger-adapter/application/verify-native'
import { CometbftLedger } from '#ledger-adapter/cometbft/cometbft-ledger'
import { CometbftRpc } from '#ledger-adapter/cometbft/rpc'
import type { Executed } from '#ledger-adapter/port'
import { testLedgerOptions } from '#ledger-adapter/testing/fixture'
import { LedgerChild } from '#ledger-adapter/testing/ledger-child'
import type { JsonObject } from '#proof/json'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { quantile, type Figures } from '../report.ts'
import { bundlesOfBlocks, commandsOf, measureEmpty } from './empty.ts'
import { FourValidators } from './four-validators.ts'
import { IN_AND_OUT, KEYS } from './scale.ts'
import { SplitWorld } from './world.ts'

const CALLS = Math.min(8_000, Math.floor(KEYS / 4))
/** Before them, not measured: four processes have just started, and a validator runs for months. */
const WARM_UP = Math.floor(CALLS / 2)
/** As many as the four answer within two seconds; with fewer, the validators wait for each other more than they work. */
const IN_FLIGHT = 1_000
/** The calls' own are many more at once; these are asked for when all calls have been answered. */
const RECEIPTS_AT_ONCE = 8
/** Wide splits at once while the state is filled: a block of them writes twenty thousand keys. */
const FILL_LANES = 100
/** As the driver has it; the processes of tests are less patient, and would send twice what is only slow. */
const RESEND_MS = 5_000
/** Of the node through which the state is filled: such a block takes all four a while on one machine. */
const FILL_RESEND_MS = 60_000
const quiet = () => undefined

type Submit = (bytes: Uint8Array) => Promise<Executed>

/**
 * Four validators with a node and a database each, all on this machine; calls go to the four in turn. The state is filled
 * through consensus by real splits into two hundred parts, which all four execute, as on the embedded ledger (world.ts).
 */
export async function measureCometbft4(report: Figures): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), say: quiet })
  const network = await FourValidators.create(join(folder, 'network'))
  const children = network.places.slice(1).map(() => LedgerChild.standBy(process.execArgv)) // as a network's nodes
  let own: CometbftLedger | undefined
  try {
    const urls = await Promise.all(network.places.map((_, n) => postgres.createDatabase(`bench_${n}`)))
    const [first, ...rest] = network.places
    const place = { listen: { port: first!.abciPort }, rpc: [first!.rpcUrl] }
    const options = { ...testLedgerOptions(urls[0]!, { governance: first!.governance }), ...place }
    own = await CometbftLedger.open({
      ...options,
      limits: { resendMs: FILL_RESEND_MS, patienceMs: 10 * FILL_RESEND_MS },
    })
    for (const [n, child] of children.entries()) await child.open(urls[n + 1]!, { resendMs: RESEND_MS }, rest[n]!)
    await network.start()
    const submits: Submit[] = [
      (bytes) => own!.submit(bytes),
      ...children.map(
        (c): Submit =>
          (bytes) =>
            c.submit(bytes),
      ),
    ]
    await measureCalls(own, submits, network, urls[0]!, report)
  } finally {
    await network.stop()
    await Promise.all(children.map((child) => child.kill()))
    await own?.close()
    await postgres.stop()
    await removeFolder(folder)
  }
}

async function measureCalls(
  own: CometbftLedger,
  submits: readonly Submit[],
  network: FourValidators,
  databaseUrl: string,
  report: Figures,
): Promise<void> {
  const world = new SplitWorld(own, FILL_LANES)
  await world.fill(KEYS)
  const calls = Array.from({ length: WARM_UP + CALLS }, () => world.next())
  let height = 0
  /** @returns the first height and the last of the blocks with these calls */
  const inFlight = async (some: readonly Uint8Array[], done: (n: number, executed: Executed, ms: number) => void) => {
    const first = height + 1
    let next = 0
    const lane = async () => {
      for (let n = next++; n < some.length; n = next++) {
        const from = performance.now()
        const executed = await submits[n % submits.length]!(some[n]!)
        const { outcome, position } = executed
        if (!outcome.accepted) throw new Error(`refused: ${JSON.stringify(outcome)}`)
        height = Math.max(height, position.height)
        done(n, executed, performance.now() - from)
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
    return [first, height] as const
  }
  height = (await own.head()).height
  const warmUp = await inFlight(calls.slice(0, WARM_UP), quiet)
  const keys = await keysIn(databaseUrl)
  const times: number[] = []
  const sample: Executed[] = []
  const started = performance.now()
  const measured = await inFlight(calls.slice(WARM_UP), (n, executed, ms) => {
    times.push(ms)
    if (n % 100 === 0) sample.push(executed)
  })
  const trust = { chainId: own.chainId, validators: { height: 1, timeMs: 0, validators: network.validators } }
  const proving = performance.now()
  const asked = sample.values()
  const receipts: JsonObject[] = []
  const askedOneByOne = async () => {
    for (const { participant, commandId } of asked) {
      receipts.push(await own.prove({ kind: 'command', participant, commandId }))
    }
  }
  await Promise.all(Array.from({ length: RECEIPTS_AT_ONCE }, askedOneByOne))
  const ended = performance.now()
  for (const receipt of receipts) {
    const verdict = verifyReceiptObject(receipt, trust, nativeChecks)
    if (!verdict.ok) throw new Error(`${JSON.stringify(receipt)}: ${verdict.reason} ${verdict.field ?? ''}`)
  }
  const perSecond = (CALLS / (ended - started)) * 1000
  await own.waitFor(height, 30_000) // the last call was another node's
  const rpc = new CometbftRpc(network.places[0]!.rpcUrl)
  const [before, bundles] = [await bundlesOfBlocks(rpc, ...warmUp), await bundlesOfBlocks(rpc, ...measured)]
  await network.stop()
  const empty = await measureEmpty(before, bundles, IN_FLIGHT)

  const state = `${keys} keys in the state of each`
  const how = `${IN_AND_OUT} at the node asked; then 1% of the receipts proved within the time, and verified afterwards`
  const what = `${CALLS} receivable splits on four validators, ${IN_FLIGHT} in flight, ${state}; ${how}`
  const to = `an empty application given the same ${bundles.length} bundles of ${commandsOf(bundles)} commands`
  const figure = { id: 'ledger.calls.cometbft4', what, value: perSecond, unit: 'calls/s', goal: '≥ 800/s' }
  report.add({ ...figure, ratio: perSecond / empty, to })
  times.sort((a, b) => a - b)
  const commit = (share: number) => ({ value: quantile(times, share), unit: 'ms', goal: '≤ 2000 ms' })
  const each = 'signed bytes in, answer out after the durable commit, without a receipt; the same calls'
  report.add({ id: 'ledger.calls.cometbft4.p50', what: each, ...commit(0.5) })
  report.add({ id: 'ledger.calls.cometbft4.p99', what: each, ...commit(0.99) })
  const perReceipt = (ended - proving) / sample.length
  const proved = `a receipt proved, mean of ${sample.length}, ${RECEIPTS_AT_ONCE} at once`
  report.add({ id: 'ledger.calls.cometbft4.receipt', what: proved, value: perReceipt, unit: 'ms', goal: '—' })
}

async function keysIn(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ keys: number }>('SELECT count(*)::int AS keys FROM sluice_ledger.state')
    return rows[0]!.keys
  } finally {
    await client.end()
  }
}
