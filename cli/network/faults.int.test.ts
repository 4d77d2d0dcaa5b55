// Four organisations, real processes: what one or two of them suffer, and what the others make of it (LEDGER.md §5).
import { readFileSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { claim, type Claim } from '#engines/claim'
import { findCometbft } from '#engines/cometbft'
import { cometHeader } from '#engines/cometbft/rpc'
import { startPostgres } from '#engines/postgres'
import { sayOnStderr, sleep } from '#engines/say'
import { BaseApplication, serveAbci } from '#ledger-adapter/cometbft/abci/index'
import type { CommittedEvent } from '#ledger-adapter/port'
import { seedOf, voteTwice } from '#ledger-adapter/testing/evidence'
import { cometHome, databaseOf } from './manifest.ts'
import { describeNetwork } from './testing/cometbft.ts'
import { throwGarbage } from './testing/rogue.ts'
import { TestNetwork } from './testing/test-network.ts'
import { NodeProcesses } from './supervisor.ts'

const seed = Number(process.env['SEED'] ?? randomInt(1 << 30))
let state = seed
/** Park and Miller's generator: enough to choose a victim. */
const random = (below: number): number => {
  state = (state * 48_271 + 11) % 0x7fffffff
  return state % below
}

const LOAD = 40

describeNetwork(`four validators, seed ${seed}`, () => {
  let network: TestNetwork
  let postgres: Awaited<ReturnType<typeof startPostgres>>

  beforeAll(async () => {
    console.log(`SEED=${seed}`)
    postgres = await startPostgres({ dataDir: '', env: { DATABASE_URL: inject('postgresUrl') } })
    network = await TestNetwork.start(postgres, sayOnStderr)
  })

  afterAll(async () => {
    await network.stop()
    for (const { name } of network.nodes) await postgres.dropDatabase(new URL(await network.processes.databaseUrl(name)).pathname.slice(1)) // prettier-ignore
  })

  const victimAndOthers = () => {
    const victim = network.nodes[random(4)]!
    return { victim, others: network.nodes.filter((node) => node !== victim) }
  }

  /** All nodes stand at one block, agree on every header, and each knows all that was ever acknowledged, where it was. */
  async function requireOneTruth(): Promise<void> {
    const head = await network.converged()
    expect(head.height).toBeGreaterThan(0)
    const [feed, ...feeds] = await Promise.all(network.nodes.map((node) => network.feed(node)))
    for (const other of feeds) expect(other).toEqual(feed)
    for (const node of network.nodes) {
      for (const [id, position] of network.acknowledged) {
        expect((await network.outcome(node, id))?.position, `${id} on ${node.name}`).toEqual(position)
      }
    }
    const statuses = await Promise.all(network.nodes.map((node) => node.status()))
    const common = Math.min(...statuses.map((status) => status?.height ?? 0))
    const headers = await Promise.all(network.nodes.map((node) => cometHeader(node.rpc, common)))
    expect(new Set(headers.map(({ hash }) => hash)).size).toBe(1)
    expect(new Set(headers.map(({ appHash }) => appHash)).size).toBe(1)
  }

  test('all four commit the same', async () => {
    await network.load(LOAD, network.nodes)
    expect(network.acknowledged.size).toBe(LOAD)
    await requireOneTruth()
  })

  test('one is stopped: commits go on, and it catches up', async () => {
    const { victim, others } = victimAndOthers()
    await victim.stop()
    await network.load(LOAD, others)
    await victim.start()
    await requireOneTruth()
  })

  test('one is killed under load: what it was sent goes through the others, and it catches up', async () => {
    const { victim, others } = victimAndOthers()
    const loading = network.load(2 * LOAD, [victim, ...others])
    await sleep(random(600))
    await victim.kill()
    await loading
    await network.load(LOAD, others)
    await victim.start()
    await requireOneTruth()
  })

  test('one is paused: commits go on, and it catches up', async () => {
    const { victim, others } = victimAndOthers()
    victim.signal('SIGSTOP')
    await network.load(LOAD, others)
    victim.signal('SIGCONT')
    await requireOneTruth()
  })

  test('one is cut off: commits go on; what it was sent waits, and is committed when it is back', async () => {
    const { victim, others } = victimAndOthers()
    const before = await network.head(victim)
    const mend = await network.cutOff(victim.name)
    await network.load(LOAD, others)
    const waiting = network.load(5, [victim])
    await network.load(LOAD, others)
    expect((await network.head(victim)).height).toBe(before.height)
    await mend()
    await waiting
    await requireOneTruth()
  })

  test('one sends its peers garbage: they drop it and go on; when it speaks again it catches up', async () => {
    const { victim, others } = victimAndOthers()
    const mend = await network.garble(victim.name)
    await network.load(LOAD, others)
    for (const node of others) while ((await node.status())?.peers !== 2) await sleep(100)
    await mend()
    await requireOneTruth()
  })

  test('a stranger throws garbage at every port: no process ends, no byte of it reaches a block', async () => {
    const running = network.nodes.flatMap(({ application, comet }) => [application, comet])
    const rogue = throwGarbage(
      network.processes.manifest.nodes.map(({ name, ports }) => ({
        ...ports,
        abci: network.processes.node(name).socket,
      })),
      random,
    )
    await network.load(2 * LOAD, network.nodes)
    const thrown = await rogue.stop()
    console.log(`thrown: ${JSON.stringify(thrown)}`)
    for (const count of Object.values(thrown)) expect(count).toBeGreaterThan(0)
    expect(network.nodes.flatMap(({ application, comet }) => [application, comet])).toEqual(running)
    for (const child of running) expect(child?.running).toBe(true)
    await requireOneTruth()
    const inBlocks = await network.commandsInBlocks(network.nodes[0]!)
    expect(new Set(inBlocks)).toEqual(new Set(network.acknowledged.keys()))
  })

  /** The victim's CometBFT over another application, which this test serves on the same socket. */
  async function withApplication(victim: NodeProcesses, run: () => Promise<void>): Promise<void> {
    const held: Claim = await claim(join(network.home, 'nodes', victim.name, 'claim.json'), 'a false application')
    const { path: program } = await findCometbft({ say: sayOnStderr })
    const node = network.processes.manifest.nodes.find(({ name }) => name === victim.name)!
    const options = { home: network.home, node, program, claim: held, say: sayOnStderr }
    const misled = new NodeProcesses({ ...options, application: undefined, restarts: false })
    await misled.start()
    await run()
    await misled.stop()
    held.release()
  }

  test("one's application sends garbage: commits go on; with its own again it catches up", async () => {
    const { victim, others } = victimAndOthers()
    await victim.stop()
    const sockets = new Set<Socket>()
    let sent = 0
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined))
      socket.on('data', () => {
        sent += 1
        socket.write(Uint8Array.from({ length: 1 + random(200) }, () => random(256)))
      })
    })
    rmSync(victim.socket, { force: true })
    server.listen(victim.socket)
    await once(server, 'listening')
    await withApplication(victim, () => network.load(LOAD, others))
    expect(sent).toBeGreaterThan(0)
    server.close()
    for (const socket of sockets) socket.destroy()
    await victim.start()
    await requireOneTruth()
  })

  test("one's application answers in form and wrongly: its CometBFT refuses to go on, the others do", async () => {
    const { victim, others } = victimAndOthers()
    await victim.stop()
    const liar = await serveAbci(new BaseApplication(), { listen: { path: victim.socket } })
    await withApplication(victim, async () => {
      await network.load(LOAD, others)
      expect(await victim.status()).toBeUndefined()
    })
    await liar.close()
    await victim.start()
    await requireOneTruth()
  })

  test('two are stopped: commits stop and submits wait; they go on when one returns', async () => {
    const { victim: first, others } = victimAndOthers()
    const second = others[random(3)]!
    const rest = others.filter((node) => node !== second)
    await first.stop()
    await second.kill()
    const before = await network.converged(rest)
    let done = false
    const waiting = network.load(LOAD, rest).then(() => (done = true))
    await sleep(6_000) // several rounds of consensus
    expect(done).toBe(false)
    for (const node of rest) expect((await network.head(node)).headerHash).toBe(before.headerHash)
    await second.start()
    await waiting
    await network.converged(others)
    await first.start()
    await requireOneTruth()
  })

  test('all are killed under load: the next start has all that was acknowledged', async () => {
    const loading = network.load(2 * LOAD, network.nodes)
    await sleep(random(800))
    await Promise.all(network.nodes.map((node) => node.kill()))
    await network.processes.start()
    await loading
    await requireOneTruth()
  })

  test('one signs two blocks at one height: each node has it as one event of governance, with both signatures', async () => {
    const { victim, others } = victimAndOthers()
    const file = join(cometHome(network.home, victim.name), 'config', 'priv_validator_key.json')
    const { priv_key: key } = JSON.parse(readFileSync(file, 'utf8')) as { priv_key: { value: string } }
    const { chainId } = network.processes.manifest
    const { validator, height } = await voteTwice(others[0]!.rpc, chainId, seedOf(key.value))
    const reported = async () =>
      (await network.feed(others[0]!)).filter((event) => (event as CommittedEvent).event === 'MisbehaviourReported')
    while ((await reported()).length === 0) await network.load(1, others)
    await requireOneTruth()
    expect(await reported()).toMatchObject([{ data: { participant: victim.name, validator, height } }])
  })

  test('a fifth joins without a vote: it has every event from position 0, and commands go through it', async () => {
    const held: Claim = await claim(join(network.home, 'nodes', 'late', 'claim.json'), 'a fifth node')
    const late = await network.join('late', postgres, held, sayOnStderr)
    await late.start()
    await late.ready()
    await network.load(LOAD, [...network.nodes, late])
    await network.converged([...network.nodes, late])
    const status = await late.status()
    expect(status?.votingPower).toBe(0)
    const events = await network.feed(late)
    expect(events.length).toBeGreaterThan(network.acknowledged.size)
    expect(events).toEqual(await network.feed(network.nodes[0]!))
    for (const [id, position] of network.acknowledged)
      expect((await network.outcome(late, id))?.position).toEqual(position)
    // Four of four still decide: what follows is not needed for a commit.
    await late.kill()
    await network.load(5, network.nodes)
    await late.start()
    await network.converged([...network.nodes, late])
    await late.stop()
    held.release()
    await postgres.dropDatabase(databaseOf(network.processes.manifest, 'late'))
  })
})
