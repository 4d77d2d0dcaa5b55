// Commands one after another through the nodes of a network in turn, each until it is known to be in a block, whatever
// happens to the nodes meanwhile; what was acknowledged is remembered.
import { ApiError, SluiceClient, type Committed } from '#client/client'
import { NodeSilent } from '#client/patience'
import { sleep } from '#engines/say'
import { clientSigner } from '../../stack/keys.ts'
import { keyringOf } from '../as-operator.ts'
import { readManifest } from '../manifest.ts'

/** Refusals that say "later" or "elsewhere". */
const PASSING = new Set([401, 429, 502, 503, 504])

export class SteadyLoad {
  /** Positions by command id. */
  readonly acknowledged = new Map<string, string>()
  private isOver = false
  private readonly running: Promise<void>
  private constructor(
    private readonly clients: readonly SluiceClient[],
    private readonly date: string,
  ) {
    this.running = this.keepOn()
  }

  /** The calendar's service of `north` rolls the date to where it is. */
  static async start(home: string): Promise<SteadyLoad> {
    const { nodes } = await readManifest(home)
    const signer = clientSigner(await keyringOf(home, 'north'), 'calendar', () => true)
    const clients = nodes.map(({ ports }) => new SluiceClient({ url: `http://127.0.0.1:${ports.http}`, signer }))
    const { asOf } = await clients[0]!.get<{ asOf: string }>('/v1/business-dates/calendar')
    return new SteadyLoad(clients, asOf)
  }

  private async keepOn(): Promise<void> {
    for (let turn = 0; !this.isOver; turn += 1) {
      const fixed = { commandId: `load-${turn}`, chainId: await this.ask(turn, (client) => client.chainId()) }
      const { command, signature } = await this.clients[0]!.prepare('calendar.roll', { date: this.date }, fixed)
      const sent = await this.ask(turn, (client) => client.post<Committed>('/v1/commands', { command, signature }))
      this.acknowledged.set(command.commandId, sent.position)
    }
  }

  /** The same of one node after another until one answers. */
  private async ask<T>(turn: number, call: (client: SluiceClient) => Promise<T>): Promise<T> {
    for (let attempt = turn; ; attempt += 1) {
      try {
        return await call(this.clients[attempt % this.clients.length]!)
      } catch (error) {
        const isAway = error instanceof NodeSilent || (error instanceof TypeError && error.cause !== undefined)
        if (!isAway && !(error instanceof ApiError && PASSING.has(error.status))) throw error
        await sleep(100)
      }
    }
  }

  /** Waits until so many more are acknowledged. @throws what ended the load */
  async more(count: number): Promise<void> {
    const due = this.acknowledged.size + count
    while (this.acknowledged.size < due) await Promise.race([sleep(50), this.running])
  }

  async stop(): Promise<void> {
    this.isOver = true
    await this.running
  }
}
