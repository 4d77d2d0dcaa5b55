import type { GenesisDocument } from '#contracts/genesis'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { JsonObject } from '#proof/json'
import { program } from '#engines/program'
import type { BundlerLimits } from '../cometbft/bundler.ts'
import type { SequencerLimits } from '../embedded/limits.ts'
import { LedgerError, type Executed, type LedgerErrorCode } from '../port.ts'

/** Where CometBFT finds the application, and the application CometBFT; without it the ledger is embedded. */
export interface ConsensusPlace {
  readonly abciPort: number
  readonly rpcUrl: string
  /** Names the validators that CometBFT's genesis has. */
  readonly governance: GenesisDocument['governance']
}

/** Of either driver; each looks at its own. */
export type ChildLimits = Partial<SequencerLimits & BundlerLimits>

export type Question =
  | {
      readonly kind: 'open'
      readonly databaseUrl: string
      readonly limits: ChildLimits
      readonly consensus?: ConsensusPlace
    }
  | { readonly kind: 'submit'; readonly id: number; readonly bytes: string }

export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'open'; readonly chainId: string }
  | { readonly kind: 'executed'; readonly id: number; readonly executed: Executed }
  | {
      readonly kind: 'failed'
      readonly id: number
      readonly stage: LedgerError['stage']
      readonly code: LedgerErrorCode
      readonly outcomeKnown: boolean
      readonly details: JsonObject
    }

interface Waiting {
  readonly resolve: (executed: Executed) => void
  readonly reject: (error: LedgerError) => void
}

/** A ledger in a process of its own, that can be killed. */
export class LedgerChild {
  chainId = ''
  private readonly waiting = new Map<number, Waiting>()
  private readonly ready: Promise<unknown>
  private opened: ((chainId: string) => void) | undefined
  private next = 0
  private isGone = false

  private constructor(readonly process: ChildProcess) {
    this.ready = once(process, 'message')
    process.on('message', (answer: Answer) => this.take(answer))
    process.on('exit', () => {
      this.isGone = true
      for (const { reject } of this.waiting.values()) reject(new LedgerError('commit', 'CLOSED', false))
      this.waiting.clear()
    })
  }

  /**
   * Stands ready with everything loaded; `open` lets it open the ledger.
   * @param execArgv options of Node: those of a test's own process are its runner's
   */
  static standBy(execArgv: readonly string[] = []): LedgerChild {
    return new LedgerChild(fork(program('ledger-adapter/testing/ledger-process.ts'), { execArgv: [...execArgv] }))
  }

  /** @throws when the process ended instead */
  async open(databaseUrl: string, limits: ChildLimits, consensus?: ConsensusPlace): Promise<void> {
    await this.ready
    const opened = new Promise<string>((resolve) => (this.opened = resolve))
    const exited = once(this.process, 'exit').then(() => Promise.reject(new Error('ended instead of opening')))
    this.ask({ kind: 'open', databaseUrl, limits, ...(consensus && { consensus }) })
    this.chainId = await Promise.race([opened, exited])
    exited.catch(() => undefined)
  }

  submit(bytes: Uint8Array): Promise<Executed> {
    if (this.isGone) return Promise.reject(new LedgerError('queue', 'CLOSED', true))
    const id = (this.next += 1)
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.ask({ kind: 'submit', id, bytes: Buffer.from(bytes).toString('base64') })
    })
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const exited = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await exited
  }

  private ask(question: Question): void {
    // A process that has just been killed takes no message; its exit answers everybody.
    this.process.send(question, () => undefined)
  }

  private take(answer: Answer): void {
    if (answer.kind === 'open') this.opened?.(answer.chainId)
    if (answer.kind !== 'executed' && answer.kind !== 'failed') return
    const waiting = this.waiting.get(answer.id)
    this.waiting.delete(answer.id)
    if (answer.kind === 'executed') waiting?.resolve(answer.executed)
    else waiting?.reject(new LedgerError(answer.stage, answer.code, answer.outcomeKnown, answer.details))
  }
}
