// Runs the processes of a network on this machine and keeps them running: for each node the process of the organisation
// (ledger application, API, workers) and beside it CometBFT.
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Claim } from '#engines/claim'
import { cometStatus, type CometStatus } from '#engines/cometbft/rpc'
import { startComet } from '#engines/cometbft/run'
import { spawnChild, type Child } from '#engines/process'
import { messageOf, sleep, type Say } from '#engines/say'
import { apiOf, cometHome, nodeFolder, rpcOf, type NetworkNode } from './manifest.ts'
import { socketOf } from './socket.ts'
import { words } from './words/index.ts'

/** How to start an organisation's process; it listens for CometBFT on its node's socket. */
export interface NodeCommand {
  readonly command: string
  readonly args: readonly string[]
  /** Where the program finds what it imports. */
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

export interface NodeOptions {
  readonly home: string
  readonly node: NetworkNode
  /** CometBFT's program. */
  readonly program: string
  readonly claim: Claim
  /** Undefined: CometBFT runs an application of its own, as its configuration names it. */
  readonly application: NodeCommand | undefined
  /** Instead of the addresses in the configuration: the ways that a test can cut. */
  readonly peers?: readonly string[]
  /** Start again what ends by itself. */
  readonly restarts: boolean
  /** While neither of both runs. */
  readonly prepare?: () => Promise<void>
  readonly say: Say
}

const LISTENING_WITHIN_MS = 180_000
const LONGEST_PAUSE_MS = 10_000
/** What ran for so long starts with a short pause again. */
const STEADY_MS = 30_000

const isListening = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** One organisation's two processes. */
export class NodeProcesses {
  application: Child | undefined
  comet: Child | undefined
  /** Counts starts: what was begun for an earlier one is dropped. */
  private era = 0
  private wanted = false
  private failures = 0
  /** Those whose end is told, or is as it should be. */
  private readonly told = new WeakSet<Child>()

  constructor(private readonly options: NodeOptions) {
    mkdirSync(nodeFolder(options.home, options.node.name), { recursive: true })
  }

  get name(): string {
    return this.options.node.name
  }
  get rpc(): string {
    return rpcOf(this.options.node)
  }
  get api(): string {
    return apiOf(this.options.node)
  }
  /** Where its application waits for its CometBFT. */
  get socket(): string {
    return socketOf(this.options.home, this.name)
  }
  get isWanted(): boolean {
    return this.wanted
  }

  /** Starts both, the application first: CometBFT looks for it once in three seconds. */
  async start(): Promise<void> {
    this.wanted = true
    const era = (this.era += 1)
    await this.startApplication(era)
    await this.startComet(era)
  }

  private async startApplication(era: number): Promise<void> {
    const { application, home, node, claim, prepare } = this.options
    await prepare?.()
    if (!application) return
    const child = await spawnChild({
      ...application,
      name: `node of ${node.name}`,
      logFile: join(nodeFolder(home, node.name), 'node.log'),
      stopSignal: 'SIGTERM',
      claim,
    })
    this.application = child
    void child.exited.then(() => this.onExit(child, era))
    for (const until = Date.now() + LISTENING_WITHIN_MS; !(await isListening(this.socket)); await sleep(50)) {
      if (!child.running) throw new Error(words('endedStarting', { name: node.name, tail: child.tail(8) }))
      if (Date.now() > until) throw new Error(words('notListening', { name: node.name, tail: child.tail(8) }))
    }
  }

  private async startComet(era: number): Promise<void> {
    const { home, node, program, claim, say, peers } = this.options
    const options = { name: node.name, program, home: cometHome(home, node.name), claim, say }
    const child = await startComet({ ...options, ...(peers ? { peers } : {}) })
    this.comet = child
    void child.exited.then(() => this.onExit(child, era))
  }

  /**
   * What ends by itself is started again, after a pause that grows while it keeps ending. Told of each: CometBFT often
   * ends a moment before the application that has failed, which alone says why.
   */
  private async onExit(child: Child, era: number): Promise<void> {
    const { restarts, say } = this.options
    if (!this.wanted || !restarts) return
    if (!this.told.has(child)) {
      this.told.add(child)
      say(words('childEnded', { child: child.name, words: child.tail(1) }))
    }
    if (this.era === era) await this.untilItRuns((this.era += 1))
  }

  private async end(child: Child | undefined, withinMs: number): Promise<void> {
    if (!child) return
    this.told.add(child)
    await child.stop(withinMs)
  }

  private async untilItRuns(era: number): Promise<void> {
    for (const began = Date.now(); this.wanted && this.era === era;) {
      this.failures = Date.now() - began > STEADY_MS ? 0 : this.failures + 1
      await sleep(Math.min(LONGEST_PAUSE_MS, 250 * 2 ** Math.min(this.failures - 1, 6)))
      try {
        await this.goOn(era)
        setTimeout(() => (this.failures = 0), STEADY_MS).unref()
        return
      } catch (error) {
        this.options.say(`${this.name}: ${messageOf(error)}`)
        await this.end(this.application, 5_000)
      }
    }
  }

  /** CometBFT ends when its application does; an application outlives its CometBFT. */
  private async goOn(era: number): Promise<void> {
    await this.end(this.comet, 5_000)
    if (!this.wanted || this.era !== era) return
    if (this.application?.running !== true) await this.startApplication(era)
    else this.watch(this.application, era)
    if (!this.wanted || this.era !== era) return
    await this.startComet(era)
  }

  /** Stops its CometBFT, does what must not happen while that runs, and starts it again; the application goes on. */
  async whileCometRests(change: () => Promise<void>): Promise<void> {
    const era = (this.era += 1) // what ends now does so as it should
    await this.end(this.comet, 10_000)
    try {
      await change()
    } finally {
      await this.goOn(era).catch((error: unknown) => this.orLater(error, era))
    }
  }

  /** Both, which read anew whom they serve. */
  restart(): Promise<void> {
    return this.whileCometRests(() => this.end(this.application, 10_000))
  }

  private orLater(error: unknown, era: number): void {
    if (!this.options.restarts) throw error
    this.options.say(`${this.name}: ${messageOf(error)}`)
    void this.untilItRuns(era)
  }

  private watch(child: Child, era: number): void {
    void child.exited.then(() => this.onExit(child, era))
  }

  /** Stops both in good order. */
  async stop(): Promise<void> {
    this.wanted = false
    this.era += 1
    await this.end(this.comet, 10_000)
    await this.end(this.application, 10_000)
  }

  /** As a failure of its machine would: no good-bye. */
  async kill(): Promise<void> {
    this.wanted = false
    this.era += 1
    this.signal('SIGKILL')
    await Promise.all([this.comet?.finished(), this.application?.finished()])
  }

  /** To both; SIGSTOP freezes them, SIGCONT lets them go on. */
  signal(name: NodeJS.Signals): void {
    for (const child of [this.comet, this.application]) child?.send(name)
  }

  /** What its CometBFT says; undefined when it does not answer. */
  async status(): Promise<CometStatus | undefined> {
    try {
      return await cometStatus(this.rpc)
    } catch {
      return undefined
    }
  }

  /** Waits until its CometBFT answers. @throws with the end of its log; the cause says why it does not */
  async ready(withinMs = 60_000): Promise<void> {
    for (const until = Date.now() + withinMs; ; await sleep(100)) {
      try {
        await cometStatus(this.rpc)
        return
      } catch (error) {
        if (Date.now() < until) continue
        const said = words('cometSilent', { name: this.name, tail: this.comet?.tail(8) ?? '' })
        throw new Error(said, { cause: error })
      }
    }
  }
}
