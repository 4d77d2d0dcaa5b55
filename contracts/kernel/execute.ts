import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import type { Hash } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import { requireWithinLimit } from './commitment.ts'
import type { EventRecord, EventType } from './event.ts'
import type { BlockContext, BlockFacts, Caller, Contract, Method } from './method.ts'
import { defective, Refusal, refuseCall, type Defective, type RefusalData } from './refusal.ts'
import { KeyNotLoaded, Overlay, type Read, type Write } from './state.ts'

/**
 * One version of the consortium's contracts, as a ledger runs it: from source (`Registry`) or from a bundle in a sandbox
 * (`ledger-adapter/application/bundle`). Both answer the same for the same sources.
 */
export interface ContractVersion {
  /** SHA-256 of the bundle; null: the code that this process was built from. */
  readonly bundle: Hash | null
  /** Whether there is such a method; a command for another is not admitted. */
  knows(contract: string, method: string): boolean
  /** @throws KeyNotLoaded to the executor, which loads the key and calls again */
  execute(read: Read, command: Executable, caller: Caller, block: BlockFacts): Execution
  /** Keys that the method declares, for a prefetch; a hint, and none when the arguments do not fit. */
  declaredReads(command: Executable, caller: Caller): readonly string[]
  writesOf(event: Pick<EventRecord, 'contract' | 'event' | 'data'>): readonly Write[]
}

/**
 * Which version of the contracts decides a command: the one that is active at this height, or for a command on a deal the
 * version that the deal stays on. May throw KeyNotLoaded.
 */
export interface VersionResolver {
  /** @param command undefined: the active version, whatever is called */
  versionFor(read: Read, command: Pick<Executable, 'contract' | 'args'> | undefined, height: number): ContractVersion
}

/** All contracts of a ledger, by name. As a resolver it is the one version there is. */
export class Registry implements ContractVersion, VersionResolver {
  readonly bundle = null
  private readonly methods = new Map<string, Method>()
  private readonly events = new Map<string, EventType>()

  constructor(readonly contracts: readonly Contract[]) {
    for (const { name, methods, events } of contracts) {
      for (const method of methods as readonly Method[]) {
        const key = `${method.contract}.${method.method}`
        if (method.contract !== name || this.methods.has(key)) throw new Error(`method ${key} is misplaced or doubled`)
        this.methods.set(key, method)
      }
      for (const type of events) {
        const key = `${type.contract}.${type.event}`
        if (type.contract !== name || this.events.has(key)) throw new Error(`event ${key} is misplaced or doubled`)
        this.events.set(key, type)
      }
    }
  }

  method(contract: string, method: string): Method | undefined {
    return this.methods.get(`${contract}.${method}`)
  }

  allMethods(): Method[] {
    return [...this.methods.values()]
  }

  knows(contract: string, method: string): boolean {
    return this.method(contract, method) !== undefined
  }

  versionFor(): ContractVersion {
    return this
  }

  execute(read: Read, command: Executable, caller: Caller, block: BlockFacts): Execution {
    return execute(this, read, command, caller, { ...block, bundle: this.bundle })
  }

  declaredReads({ contract, method, args }: Executable, caller: Caller): readonly string[] {
    const reads = this.method(contract, method)?.reads
    if (!reads) return []
    try {
      return reads(args as never, caller).map(({ path }) => path)
    } catch {
      return [] // arguments of another form: execution refuses them with the reason
    }
  }

  /** An unknown event is a defect, never passed over. */
  writesOf(event: Pick<EventRecord, 'contract' | 'event' | 'data'>): readonly Write[] {
    const type = this.events.get(`${event.contract}.${event.event}`)
    if (!type) throw new Error(`unknown event ${event.contract}.${event.event}`)
    return type.apply(event.data)
  }
}

export interface Executable {
  readonly contract: string
  readonly method: string
  readonly args: JsonObject
  readonly commandId: string
}

export type Execution =
  | {
      readonly accepted: true
      readonly events: readonly EventRecord[]
      readonly written: ReadonlyMap<string, Json | undefined>
    }
  | { readonly accepted: false; readonly refusal: RefusalData; readonly defect?: undefined }
  | Defective

/**
 * Runs one command against the state: who may, the method's own rules, the key's limit, then what the events write. Pure:
 * the same bytes on every node. A defect in a contract is a refusal of kind `invariant`, recorded without what it was.
 * @throws KeyNotLoaded to the executor, which loads the key and calls again
 */
export function execute(
  registry: Registry,
  read: Read,
  command: Executable,
  caller: Caller,
  block: BlockContext,
): Execution {
  try {
    const method = registry.method(command.contract, command.method)
    if (!method) return refuseCall('UNKNOWN_METHOD', { contract: command.contract, method: command.method })
    checkArgs(method, command.args)
    checkCaller(method, caller)
    const { args, commandId } = command
    const events = method.decide(read, { args, caller, commandId }, block)
    if (caller.limitFen !== undefined && method.commits) requireWithinLimit(method.commits, events, caller.limitFen)
    const overlay = new Overlay(read)
    for (const event of events) for (const write of registry.writesOf(event)) overlay.write(write)
    return { accepted: true, events, written: overlay.written }
  } catch (error) {
    if (error instanceof KeyNotLoaded) throw error
    if (error instanceof Refusal) return { accepted: false, refusal: error.toData() }
    return defective(error)
  }
}

function checkArgs(method: Method, args: JsonObject): void {
  if (fits(method.args, args)) return
  const [first] = Value.Errors(method.args, args)
  refuseCall('BAD_ARGS', { field: first?.instancePath || '/', problem: first?.message ?? 'does not fit the schema' })
}

function checkCaller({ by }: Method, caller: Caller): void {
  if (by.roles && !by.roles.some((role) => caller.roles.includes(role))) {
    refuseCall('WRONG_ROLE', { needs: [...by.roles], has: [...caller.roles] })
  }
  if (!by.functions.some((name) => caller.functions.includes(name))) {
    refuseCall('WRONG_FUNCTION', { needs: [...by.functions], has: [...caller.functions] })
  }
}

/** Checks of one schema before it is worth compiling: deal terms take longer to compile than a ledger checks them. */
const WORTH_COMPILING = 50
const checks = new WeakMap<TSchema, { uses: number; check?: (value: unknown) => boolean }>()

/** By the library's interpreter at first, then by the code that it makes of a schema much used; one answer, two speeds. */
function fits(schema: TSchema, value: unknown): boolean {
  const known = checks.get(schema) ?? { uses: 0 }
  checks.set(schema, known)
  if (known.check) return known.check(value)
  known.uses += 1
  if (known.uses < WORTH_COMPILING) return Value.Check(schema, value)
  const compiled = Compile(schema)
  known.check = (one) => compiled.Check(one)
  return known.check(value)
}
