// A network of ledger nodes for tests: real processes, connected by ways that can be cut, and a load whose
// acknowledgements are remembered.
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isoDate } from '#domain/date'
import type { Claim } from '#engines/claim'
import { findCometbft } from '#engines/cometbft'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'
import type { PostgresEngine } from '#engines/postgres'
import { sleep, type Say } from '#engines/say'
import { decodeBundle } from '#ledger-adapter/cometbft/bundle'
import { FlakyProxy } from '#ledger-adapter/testing/flaky-proxy'
import { openKeyring } from '#node/keys/keyring'
import { buildCommand, type Signer } from '#node/keys/signer'
import type { SignedCommand } from '#proof/command'
import type { Member } from '../../demo/consortium.ts'
import { createNetwork } from '../create.ts'
import { joinNetwork } from '../join.ts'
import { databaseOf, keysFolder, passphraseFile, type Manifest, type NetworkNode } from '../manifest.ts'
import { openNetwork, type NetworkProcesses } from '../run.ts'
import { NodeProcesses, type NodeCommand } from '../supervisor.ts'

const operators = [{ id: 'maker', kind: 'person', functions: ['maker'] }] as const
const calendar = { id: 'calendar', kind: 'service', functions: ['service:calendar'] } as const
export const TEST_MEMBERS: readonly Member[] = [
  { id: 'north', usccBody: '91110105MA01ABCD1', operators: [...operators, calendar] },
  { id: 'east', usccBody: '91310000MA1FL2345', operators },
  { id: 'south', usccBody: '91320000MA1NXY678', operators },
  { id: 'west', usccBody: '91450500MA5KABC12', operators },
  { id: 'late', usccBody: '91110000MA00RAT34', operators },
].map((member) => ({ ...member, roles: ['investor'], name: { zh: member.id, en: member.id } }))

export interface Position {
  readonly height: number
  readonly index: number
}
interface Head extends Position {
  readonly headerHash: string
}

export const ledgerNode = (home: string, node: string, databaseUrl: string): NodeCommand => ({
  command: process.execPath,
  args: [program('cli/network/testing/ledger-node.ts')],
  cwd: checkout,
  env: { ...process.env, NETWORK_HOME: home, NETWORK_NODE: node, DATABASE_URL: databaseUrl },
})

export class TestNetwork {
  readonly acknowledged = new Map<string, Position>()
  private next = 0
  private constructor(
    readonly home: string,
    readonly processes: NetworkProcesses,
    private readonly ways: ReadonlyMap<string, FlakyProxy>,
    private readonly signer: Signer,
  ) {}

  static async start(postgres: PostgresEngine, say: Say): Promise<TestNetwork> {
    const home = join(mkdtempSync(join(tmpdir(), 'sluice-net-')), 'network')
    // Its nodes run the contract `notes`, which is in no bundle.
    const bundle = null
    await createNetwork({ home, name: 'Faults', validators: 4, members: TEST_MEMBERS, clock: 'test', startDate: isoDate('2026-01-05'), bundle }) // prettier-ignore
    const ways = new Map<string, FlakyProxy>()
    const peersOf = (manifest: Manifest, of: NetworkNode): Promise<string[]> =>
      Promise.all(
        manifest.nodes
          .filter(({ name }) => name !== of.name)
          .map(async ({ name, peerId, ports }) => {
            const way = await FlakyProxy.before(`tcp://127.0.0.1:${ports.p2p}`)
            ways.set(`${of.name}>${name}`, way)
            return `${peerId}@${new URL(way.url).host}`
          }),
      )
    const commandOf = (node: NetworkNode, databaseUrl: string) => ledgerNode(home, node.name, databaseUrl)
    const processes = await openNetwork({ home, postgres, say, commandOf, restarts: false, peersOf })
    await processes.start()
    const keyring = await openKeyring(keysFolder(home, 'north'), 'north', (await readFile(passphraseFile(home, 'north'), 'utf8')).trim()) // prettier-ignore
    return new TestNetwork(home, processes, ways, keyring.signerFor('maker'))
  }

  get nodes(): readonly NodeProcesses[] {
    return this.processes.nodes
  }

  /** A node of its own for an organisation, while the others run; it is not among `nodes`. */
  async join(organisation: string, postgres: PostgresEngine, held: Claim, say: Say): Promise<NodeProcesses> {
    const { manifest, node } = await joinNetwork(this.home, organisation)
    const databaseUrl = await postgres.createDatabase(databaseOf(manifest, organisation))
    const { path: program } = await findCometbft({ say })
    const application = ledgerNode(this.home, organisation, databaseUrl)
    return new NodeProcesses({ home: this.home, node, program, claim: held, application, restarts: false, say })
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.signal('SIGCONT')
    await this.processes.stop()
    await Promise.all([...this.ways.values()].map((way) => way.close()))
    rmSync(join(this.home, '..'), { recursive: true, force: true })
  }

  /** Cuts every way to and from a node; answers how to mend them. */
  cutOff(name: string): Promise<() => Promise<void>> {
    return this.spoil(name, (way) => way.cut())
  }

  /** Lets nothing that goes to or from a node arrive as it was sent; answers how to mend that. */
  garble(name: string): Promise<() => Promise<void>> {
    return this.spoil(name, (way) => way.garble())
  }

  private async spoil(name: string, how: (way: FlakyProxy) => Promise<void> | void): Promise<() => Promise<void>> {
    const ways = [...this.ways].filter(([way]) => way.startsWith(`${name}>`) || way.endsWith(`>${name}`))
    await Promise.all(ways.map(([, way]) => how(way)))
    return async () => {
      await Promise.all(ways.map(([, way]) => way.restore()))
    }
  }

  /**
   * Submits so many commands through these nodes in turn, all at once; resolves when every one is acknowledged. A node
   * that cannot answer is asked again with the same bytes, and the next one after it.
   */
  async load(count: number, through: readonly NodeProcesses[]): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, index) => this.submit(through, index)))
  }

  private async submit(through: readonly NodeProcesses[], first: number): Promise<void> {
    const commandId = `note-${(this.next += 1)}`
    const { chainId } = this.processes.manifest
    const args = { name: commandId, text: 'x' }
    const bytes = await this.signer.sign(
      buildCommand({ chainId, contract: 'notes', method: 'put', args, commandId, as: this.signer, issuedAt: Date.now(), lifetimeMs: 20 * 60_000 }), // prettier-ignore
    )
    for (let attempt = first; ; attempt += 1) {
      const node = through[attempt % through.length]!
      try {
        const response = await fetch(`${node.api}/submit`, { method: 'POST', body: bytes as BodyInit })
        const answer = (await response.json()) as Position & { error?: string; outcomeKnown?: boolean }
        if (response.ok) {
          this.acknowledged.set(commandId, { height: answer.height, index: answer.index })
          return
        }
        if (!['CLOSED', 'QUEUE_FULL', 'STORE_UNAVAILABLE'].includes(answer.error ?? '')) {
          throw new TypeError(`${commandId} at ${node.name}: ${answer.error}`)
        }
      } catch (error) {
        // `fetch failed` is a TypeError with a cause: the node is away. Anything else is not to be retried.
        if (!(error instanceof TypeError) || error.cause === undefined) throw error
      }
      await sleep(200)
    }
  }

  /** The ids of the commands in every block of a node's CometBFT. @throws BundleError for a transaction of another form */
  async commandsInBlocks(node: NodeProcesses): Promise<string[]> {
    const height = (await node.status())?.height ?? 0
    const ids: string[] = []
    for (let each = 1; each <= height; each += 1) {
      const response = await fetch(`${node.rpc}/block?height=${each}`)
      const { result } = (await response.json()) as { result: { block: { data: { txs: string[] } } } }
      const commands = result.block.data.txs.flatMap((tx) => decodeBundle(Buffer.from(tx, 'base64')))
      for (const bytes of commands) ids.push((JSON.parse(Buffer.from(bytes).toString('utf8')) as SignedCommand).command.commandId) // prettier-ignore
    }
    return ids
  }

  private async ask<T>(node: NodeProcesses, path: string): Promise<T> {
    const response = await fetch(`${node.api}${path}`)
    if (!response.ok) throw new Error(`${node.name} ${path}: ${await response.text()}`)
    return (await response.json()) as T
  }

  head(node: NodeProcesses): Promise<Head> {
    return this.ask(node, '/head')
  }

  /** What became of one of the commands that `load` sent. */
  outcome(node: NodeProcesses, id: string): Promise<{ position: Position } | null> {
    return this.ask(node, `/outcome?participant=${this.signer.participant}&id=${id}`)
  }

  /** Every event of a node from position 0: its cursor, its command, and its place in its topics with their hashes. */
  async feed(node: NodeProcesses): Promise<unknown[]> {
    const all: { cursor: Position & { event: number } }[] = []
    for (;;) {
      const last = all.at(-1)?.cursor
      const after = last === undefined ? '' : `?after=${last.height}.${last.index}.${last.event}`
      const page = await this.ask<typeof all>(node, `/events${after}`)
      all.push(...page)
      if (page.length < 1_000) return all
    }
  }

  /** Waits until all nodes stand at the same block. @throws saying where they stand */
  async converged(nodes = this.nodes, withinMs = 90_000): Promise<Head> {
    for (const until = Date.now() + withinMs; ; await sleep(100)) {
      const heads = await Promise.all(nodes.map((node) => this.head(node).catch(() => undefined)))
      const [first] = heads
      if (first && heads.every((head) => head?.headerHash === first.headerHash)) return first
      if (Date.now() > until) {
        const where = nodes.map((node, index) => `${node.name} ${JSON.stringify(heads[index] ?? null)}\n${node.comet?.tail(3) ?? ''}`) // prettier-ignore
        throw new Error(`the nodes do not come together:\n${where.join('\n')}`)
      }
    }
  }
}
