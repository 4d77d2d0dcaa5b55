import { createContext, Script } from 'node:vm'
import type { Description } from '#contracts/describe'
import type { EventRecord } from '#contracts/kernel/event'
import type { ContractVersion, Executable, Execution } from '#contracts/kernel/execute'
import type { BlockFacts, Caller } from '#contracts/kernel/method'
import { defective } from '#contracts/kernel/refusal'
import { KeyNotLoaded, type Read, type Write } from '#contracts/kernel/state'
import type { Hash } from '#proof/hash'
import type { Json } from '#proof/json'
import { metered } from './meter.ts'
import { preludeText, programText } from './prelude.ts'
import { BundleError } from './store.ts'

/** The protocol that this node speaks with a bundle: `contracts/bundle-entry.ts`. */
const PROTOCOL = 1

/**
 * Steps of one command (./meter.ts), in a context that has just been loaded: there they are the same on every node. A
 * context that has run before may have less to do, since the contracts keep what they have worked out (a compiled schema);
 * so a call that takes more than a quarter is decided anew in a fresh one, whose answer alone counts. The contracts' own
 * calls take less: a plan's terms, checked against their
 * schema, 11 million, its distribution 140,000.
 */
export const MAX_STEPS = 100_000_000
const WARM_STEPS = MAX_STEPS / 4
/** Of loading a bundle, and of its description. */
const LOAD_STEPS = 400_000_000

const PRELUDE = new Script(preludeText(), { filename: 'prelude.js' })

function programOf(bundle: Hash, text: string): Script {
  try {
    return new Script(programText(metered(text)), { filename: 'contracts.js' })
  } catch (error) {
    throw new BundleError('NOT_A_BUNDLE', bundle, messageOf(error))
  }
}

/** What the prelude answers: strings in, strings out. */
interface SandboxApi {
  readonly protocol: unknown
  begin(steps: number): void
  spent(): number
  parse(text: string): object
  execute(call: string): unknown
  declaredReads(call: string): unknown
  writes(event: string): unknown
  description(): unknown
}
type HostRead = (notLoaded: symbol, path: string) => unknown

/**
 * One version of the contracts, run in a context of its own (LEDGER.md §4). The context has no clock, no randomness, no
 * locale, no timers and no way to compile text; nothing of this process's is handed in but strings.
 */
export class SandboxedContracts implements ContractVersion {
  private readonly api: SandboxApi
  private reading: Read | undefined
  /** The sandbox's own copy of a value of the state; values are frozen, hence the same object is the same value. */
  private readonly copies = new WeakMap<object, object>()
  /** Set by the read that failed, since nothing is thrown through the sandbox. */
  private failure: unknown

  private constructor(
    readonly bundle: Hash,
    private readonly program: Script,
  ) {
    const context = createContext(Object.create(null) as object, {
      name: `contracts ${bundle}`,
      codeGeneration: { strings: false, wasm: false },
      // Jobs of promises would run at another time; this way they never do.
      microtaskMode: 'afterEvaluate',
    })
    const prelude = PRELUDE.runInContext(context) as (read: HostRead, program: unknown, steps: number) => SandboxApi
    this.api = this.guarded(() => prelude(this.hostRead, program.runInContext(context), LOAD_STEPS))
    if (this.api.protocol !== PROTOCOL) {
      throw new BundleError('NOT_A_BUNDLE', bundle, `speaks protocol ${String(this.api.protocol)}, not ${PROTOCOL}`)
    }
  }

  /** @throws BundleError NOT_A_BUNDLE */
  static load(hash: Hash, text: string): SandboxedContracts {
    // Without eval there is no way to write `import(` but in the text, and its failure would be an object of the host's.
    if (/\bimport\b/.test(text)) throw new BundleError('NOT_A_BUNDLE', hash, 'the text holds the word import')
    return new SandboxedContracts(hash, programOf(hash, text))
  }

  private names: ReadonlySet<string> | undefined
  private described: Description | undefined

  /** What comes out of the sandbox as an error is an object of another realm: only its text is taken. */
  private guarded<T>(call: () => T): T {
    try {
      return call()
    } catch (error) {
      if (error instanceof BundleError) throw error
      throw new BundleError('NOT_A_BUNDLE', this.bundle, messageOf(error))
    }
  }

  private readonly hostRead: HostRead = (notLoaded, path) => {
    let value: Json | undefined
    try {
      value = this.reading?.<Json>({ path })
    } catch (error) {
      this.failure ??= error
      return notLoaded
    }
    if (typeof value !== 'object' || value === null) return value
    let copy = this.copies.get(value)
    if (copy === undefined) {
      copy = this.api.parse(JSON.stringify(value))
      if (Object.isFrozen(value)) this.copies.set(value, copy)
    }
    return copy
  }

  knows(contract: string, method: string): boolean {
    this.names ??= new Set(this.description().contracts.flatMap(({ methods }) => methods.map(({ name }) => name)))
    return this.names.has(`${contract}.${method}`)
  }

  execute(read: Read, command: Executable, caller: Caller, block: BlockFacts): Execution {
    const warm = this.attempt(read, command, caller, block, WARM_STEPS)
    if (warm) return warm
    const fresh = new SandboxedContracts(this.bundle, this.program)
    return fresh.attempt(read, command, caller, block, MAX_STEPS) ?? defective('the contracts went beyond their bounds')
  }

  /** Steps of the last call; -1 when it went beyond a bound. */
  get spent(): number {
    return this.api.spent()
  }

  /** @returns undefined when it went beyond a bound */
  private attempt(
    read: Read,
    command: Executable,
    caller: Caller,
    block: BlockFacts,
    steps: number,
  ): Execution | undefined {
    const { contract, method, args, commandId } = command
    const call = { command: { contract, method, args, commandId }, caller, block: { ...block, bundle: this.bundle } }
    this.reading = read
    this.failure = undefined
    let answer: unknown
    let hasFailed = false
    let isBeyond = false
    this.api.begin(steps)
    try {
      answer = this.api.execute(JSON.stringify(call))
    } catch (error) {
      hasFailed = true
      // The native stack, or a text or list too long for the engine: no node knows where that is on another.
      if (/^(Maximum call stack|Invalid )/.test(messageOf(error))) isBeyond = true
    } finally {
      this.reading = undefined
    }
    const failure: unknown = this.failure
    if (failure instanceof KeyNotLoaded) throw failure
    if (isBeyond || this.api.spent() < 0) return undefined
    if (hasFailed) return defective('the contracts failed')
    if (failure !== undefined) return defective(failure)
    const result = this.parsed(answer) as Execution & { load?: string; written: [string, Json?][] }
    if (result.load !== undefined) return defective('the contracts ask for a key that they did not read')
    return result.accepted
      ? { ...result, written: new Map(result.written.map(([key, value]) => [key, value])) }
      : result
  }

  declaredReads({ contract, method, args, commandId }: Executable, caller: Caller): readonly string[] {
    const call = JSON.stringify({ command: { contract, method, args, commandId }, caller })
    this.api.begin(WARM_STEPS)
    try {
      return this.parsed(this.api.declaredReads(call)) as string[]
    } catch {
      return [] // a hint alone: whatever is wrong shows when the command is decided
    }
  }

  writesOf({ contract, event, data }: Pick<EventRecord, 'contract' | 'event' | 'data'>): readonly Write[] {
    const text = JSON.stringify({ contract, event, data })
    this.api.begin(MAX_STEPS)
    return this.parsed(this.guarded(() => this.api.writes(text))) as Write[]
  }

  /** Told once and kept: it does not change. */
  description(): Description {
    this.api.begin(LOAD_STEPS)
    this.described ??= this.parsed(this.guarded(() => this.api.description())) as Description
    return this.described
  }

  private parsed(answer: unknown): unknown {
    if (typeof answer !== 'string') throw new BundleError('NOT_A_BUNDLE', this.bundle, 'answers no text')
    return JSON.parse(answer)
  }
}

function messageOf(error: unknown): string {
  const message: unknown = typeof error === 'object' && error !== null && 'message' in error ? error.message : error
  return (typeof message === 'string' ? message : 'unknown').slice(0, 500)
}
