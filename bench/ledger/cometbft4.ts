import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claim, type Claim } from '#engines/claim'
import { findCometbft } from '#engines/cometbft'
import { configFile } from '#engines/cometbft/config'
import { cometGenesis } from '#engines/cometbft/genesis'
import { addressOf, cometKey, NEW_VALIDATOR_STATE, nodeKeyFile, validatorKeyFile } from '#engines/cometbft/keys'
import { startComet } from '#engines/cometbft/run'
import { freePorts } from '#engines/ports'
import { startPostgres } from '#engines/postgres'
import { removeFolder } from '#engines/sweep'
import type { Child } from '#engines/process'
import { invoice, BATCH } from '#contracts/receivable/testing/story'
import { testGenesis } from '#contracts/testing/consortium'
import { BaseApplication, serveAbci } from '#ledger-adapter/cometbft/abci/index'
import { encodeBundle } from '#ledger-adapter/cometbft/bundle'
import { CometbftLedger } from '#ledger-adapter/cometbft/cometbft-ledger'
import { CometbftRpc } from '#ledger-adapter/cometbft/rpc'
import { signTest, testCommand, testLedgerOptions } from '#ledger-adapter/testing/fixture'
import { LedgerChild, type ConsensusPlace } from '#ledger-adapter/testing/ledger-child'
import { consensusKey } from '#ledger-adapter/testing/single-validator'
import { chainIdOf } from '#proof/block'
import type { JsonObject } from '#proof/json'
import { verifyReceiptObject } from '#proof/verify-receipt'
import type { Report } from '../report.ts'

const VALIDATORS = 4
const CALLS = 8_000
/** Before them, not measured: four processes have just started, and a validator runs for months. */
const WARM_UP = 4_000
/** As many as the four answer within two seconds; with fewer, the validators wait for each other more than they work. */
const IN_FLIGHT = 1_000
const PARTS = 200
const FACE = 100_000_000
const quiet = () => undefined
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

interface Place extends ConsensusPlace {
  readonly home: string
}

/** Four CometBFT processes of one chain on this machine; each finds its application at its port. */
class FourValidators {
  private readonly children: Child[] = []
  private constructor(
    readonly places: readonly Place[],
    readonly validators: readonly { readonly publicKey: string; readonly power: number }[],
    private readonly program: string,
    private readonly held: Claim,
  ) {}

  static async create(folder: string): Promise<FourValidators> {
    const program = (await findCometbft({ say: quiet })).path
    mkdirSync(folder, { recursive: true })
    const held = await claim(join(folder, 'claim.json'), 'a bench')
    const ports = await freePorts(VALIDATORS * 3)
    const members = Array.from({ length: VALIDATORS }, (_, n) => {
      const [abci, rpc, p2p] = ports.slice(n * 3) as [number, number, number]
      return { name: `v${n}`, home: join(folder, `v${n}`), key: cometKey(), nodeKey: cometKey(), abci, rpc, p2p }
    })
    const { governance } = testGenesis()
    const decided = members.map(({ key }) => ({ participant: 'manager', publicKey: consensusKey(key), power: 10 }))
    const founding = { ...governance, validators: decided }
    const document = testGenesis({ governance: founding }) as unknown as JsonObject
    const validators = members.map(({ name, key }) => ({ name, address: addressOf(key), publicKey: key.publicKey, power: 10 })) // prettier-ignore
    const genesis = cometGenesis({ chainId: chainIdOf(document), timeMs: Date.now(), validators, appState: document })
    for (const one of members) {
      for (const part of ['config', 'data']) mkdirSync(join(one.home, part), { recursive: true })
      const write = (name: string, text: string) => writeFileSync(join(one.home, name), text)
      const peers = members.filter((other) => other !== one).map(({ nodeKey, p2p }) => `${nodeKey.id}@127.0.0.1:${p2p}`)
      const application = `tcp://127.0.0.1:${one.abci}`
      write('config/config.toml', configFile({ moniker: one.name, application, p2pPort: one.p2p, rpcPort: one.rpc, peers })) // prettier-ignore
      write('config/genesis.json', genesis)
      write('config/node_key.json', nodeKeyFile(one.nodeKey))
      write('config/priv_validator_key.json', validatorKeyFile(one.key))
      write('data/priv_validator_state.json', NEW_VALIDATOR_STATE)
    }
    const trusted = members
      .map(({ key }) => ({ publicKey: consensusKey(key), power: 10, id: key.id }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ publicKey, power }) => ({ publicKey, power }))
    const places = members.map(({ home, abci, rpc }) => ({ home, abciPort: abci, rpcUrl: `http://127.0.0.1:${rpc}`, governance: founding })) // prettier-ignore
    return new FourValidators(places, trusted, program, held)
  }

  async start(): Promise<void> {
    const { program, held } = this
    for (const { home } of this.places) {
      this.children.push(await startComet({ name: home, program, home, claim: held, say: quiet }))
    }
    for (const { rpcUrl } of this.places) {
      const rpc = new CometbftRpc(rpcUrl)
      const isUp = () => rpc.call('status').then(() => true, quiet)
      while (!(await isUp())) {
        const dead = this.children.find((child) => !child.running)
        if (dead) throw new Error(`CometBFT ended: ${dead.tail()}`)
        await pause(50)
      }
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop(3_000)))
    this.held.release()
  }
}

/** A receivable cut into so many holdings, each to be split in two by one call. */
function prepared(chainId: string, calls: number) {
  const expiresAt = Date.now() + 3_600_000
  const by = (operator: string, call: string, args: JsonObject) => {
    const [participant = '', key = ''] = operator.split(':')
    return signTest(testCommand(chainId, call, args, { participant, keyId: `${key}-key`, expiresAt }))
  }
  const supplier = 'supplier-1'
  const split = (holding: string, whole: number, parts: number) =>
    by(`${supplier}:maker`, 'receivable.split', {
      holding,
      parts: Array.from({ length: parts }, (_, n) => ({ id: `${holding}.${n}`, fen: String(whole / parts) })),
    })
  const groups = Math.ceil(calls / PARTS)
  const group = FACE / PARTS
  const issue = {
    ...{ receivable: 'r', batch: 'b', supplier, faceFen: String(FACE), maturity: '2011-06-30' },
    ...{ longTenorReason: null, documents: null, invoices: [invoice('1', String(FACE))] },
  }
  const setUp = [
    by('core:maker', 'receivable.openBatch', BATCH),
    by('core:maker', 'receivable.issue', issue),
    by('core:checker', 'receivable.approve', { receivable: 'r' }),
    by(`${supplier}:maker`, 'receivable.accept', { receivable: 'r', holding: 'h' }),
    split('h', FACE, PARTS),
  ]
  const cuts = Array.from({ length: groups }, (_, n) => split(`h.${n}`, group, PARTS))
  const measured = Array.from({ length: calls }, (_, n) =>
    split(`h.${Math.floor(n / PARTS)}.${n % PARTS}`, group / PARTS, 2),
  )
  return { setUp, cuts, measured }
}

type Submit = (bytes: Uint8Array) => Promise<{ commandId: string; outcome: { accepted: boolean } }>

/** Four validators with a node and a database each, all on this machine; calls go to the four in turn. */
export async function measureCometbft4(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), say: quiet })
  const network = await FourValidators.create(join(folder, 'network'))
  const children = network.places.slice(1).map(() => LedgerChild.standBy())
  let own: CometbftLedger | undefined
  try {
    const database = (n: number) => postgres.createDatabase(`bench_${n}`)
    const [first, ...rest] = network.places
    const options = {
      ...testLedgerOptions(await database(0), { governance: first!.governance }),
      listen: { port: first!.abciPort },
      rpc: [first!.rpcUrl],
    }
    own = await CometbftLedger.open({ ...options, limits: {} })
    for (const [n, child] of children.entries()) await child.open(await database(n + 1), {}, rest[n]!)
    await network.start()
    await measureCalls(own, [(bytes) => own!.submit(bytes), ...children.map((c): Submit => (b) => c.submit(b))], network, report) // prettier-ignore
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
  report: Report,
): Promise<void> {
  const { setUp, cuts, measured: calls } = prepared(own.chainId, WARM_UP + CALLS)
  const must = async (submit: Submit, bytes: Uint8Array) => {
    const executed = await submit(bytes)
    if (!executed.outcome.accepted) throw new Error(`refused: ${JSON.stringify(executed.outcome)}`)
    return executed.commandId
  }
  for (const bytes of setUp) await must(submits[0]!, bytes)
  await Promise.all(cuts.map((bytes) => must(submits[0]!, bytes)))
  const inFlight = async (some: readonly Uint8Array[], done: (n: number, id: string, ms: number) => void) => {
    let next = 0
    const lane = async () => {
      for (let n = next++; n < some.length; n = next++) {
        const from = performance.now()
        const id = await must(submits[n % submits.length]!, some[n]!)
        done(n, id, performance.now() - from)
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  }
  await inFlight(calls.slice(0, WARM_UP), quiet)
  const measured = calls.slice(WARM_UP)
  const times: number[] = []
  const sample: string[] = []
  const started = performance.now()
  await inFlight(measured, (n, id, ms) => {
    times.push(ms)
    if (n % 100 === 0) sample.push(id)
  })
  const trust = { chainId: own.chainId, validators: { height: 1, timeMs: 0, validators: network.validators } }
  const proving = performance.now()
  for (const commandId of sample) {
    const verdict = verifyReceiptObject(await own.prove({ kind: 'command', commandId }), trust)
    if (!verdict.ok) throw new Error(`receipt of ${commandId}: ${verdict.reason} ${verdict.field ?? ''}`)
  }
  const ended = performance.now()
  const perSecond = (CALLS / (ended - started)) * 1000
  const empty = await measureEmpty(measured)
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)]!
  const what = `${CALLS} splits on four validators, ${IN_FLIGHT} in flight, 1% of receipts verified`
  const ratio = { ratio: perSecond / empty, to: 'an empty application with the same bundling' }
  report.add({ id: 'ledger.calls.cometbft4', what, value: perSecond, unit: 'calls/s', goal: '≥ 800/s', ...ratio })
  report.add({ id: 'ledger.calls.cometbft4.p50', what: 'to commit', value: at(0.5), unit: 'ms', goal: '≤ 2000 ms' })
  report.add({ id: 'ledger.calls.cometbft4.p99', what: 'to commit', value: at(0.99), unit: 'ms', goal: '≤ 2000 ms' })
  const receipt = (ended - proving) / sample.length
  report.add({ id: 'ledger.calls.cometbft4.receipt', what: 'proved and verified, each', value: receipt, unit: 'ms', goal: '—' }) // prettier-ignore
}

/** The same bytes in bundles of the size that four nodes make, into applications that do nothing with them. */
async function measureEmpty(calls: readonly Uint8Array[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-empty-'))
  const network = await FourValidators.create(folder)
  let executed = 0
  let isSeen: () => void = quiet
  class Counting extends BaseApplication {
    override finalizeBlock(request: Parameters<BaseApplication['finalizeBlock']>[0]) {
      executed += request.txs.length
      return super.finalizeBlock(request)
    }
    override commit(request: Parameters<BaseApplication['commit']>[0]) {
      isSeen()
      return super.commit(request)
    }
  }
  const servers = await Promise.all(
    network.places.map(({ abciPort }, n) =>
      serveAbci(n === 0 ? new Counting() : new BaseApplication(), { listen: { port: abciPort } }),
    ),
  )
  try {
    await network.start()
    const rpcs = network.places.map(({ rpcUrl }) => new CometbftRpc(rpcUrl))
    const size = IN_FLIGHT / VALIDATORS
    const bundles: Uint8Array[] = []
    for (let at = 0; at < calls.length; at += size) bundles.push(encodeBundle(calls.slice(at, at + size)))
    const started = performance.now()
    // As many in flight as with the ledger: one bundle of each node, the next when a block has taken it.
    for (let at = 0; at < bundles.length; at += VALIDATORS) {
      const some = bundles.slice(at, at + VALIDATORS)
      const want = executed + some.length
      await Promise.all(some.map((bundle, n) => rpcs[n]!.broadcast(bundle)))
      while (executed < want) await new Promise<void>((resolve) => (isSeen = resolve))
    }
    return (calls.length / (performance.now() - started)) * 1000
  } finally {
    await network.stop()
    await Promise.all(servers.map((server) => server.close()))
    await removeFolder(folder)
  }
}
