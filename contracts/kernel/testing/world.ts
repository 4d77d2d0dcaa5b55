import type { Json, JsonObject } from '#proof/json'
import type { EventRecord } from '../event.ts'
import { execute, Registry, type Execution } from '../execute.ts'
import type { Caller, Contract } from '../method.ts'
import { Overlay, type Key, type Read } from '../state.ts'

/**
 * A ledger in memory for contract tests: the real executor over a map, without blocks and signatures. Values pass
 * through JSON text, as they do on the ledger, so a bigint or an undefined that slips into an event shows here.
 */
export class World {
  readonly state = new Map<string, string>()
  readonly events: EventRecord[] = []
  readonly registry: Registry
  /** Everything that was called, so that a story can be told again to a ledger. */
  readonly calls: { readonly who: string; readonly name: string; readonly args: JsonObject }[] = []
  private readonly callers = new Map<string, Caller>()
  blockTimeMs = Date.UTC(2011, 0, 1)
  height = 1
  /** Of which bundle the code is said to be. */
  bundle: string | null = null
  private commands = 0

  constructor(contracts: readonly Contract[]) {
    this.registry = new Registry(contracts)
  }

  readonly read: Read = <T>(key: Key<T>): T | undefined => {
    const text = this.state.get(key.path)
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }

  /** Who may be named in `call`; one entry per operator, e.g. `bank` or `core-enterprise:checker`. */
  enrol(name: string, caller: Partial<Caller> & Pick<Caller, 'roles' | 'functions'>): this {
    const participant = name.split(':')[0]!
    this.callers.set(name, { participant, operator: name, keyId: `${name}.key`, ...caller })
    return this
  }

  /** Facts that stand before the story begins. */
  given(...events: readonly EventRecord[]): this {
    this.commit(events)
    return this
  }

  call(who: string, name: string, args: JsonObject, commandId = `c${++this.commands}`): Execution {
    const caller = this.callers.get(who)
    if (!caller) throw new Error(`nobody called ${who} was enrolled`)
    const [contract = '', method = ''] = name.split('.')
    const block = { chainId: 'test', height: this.height, blockTimeMs: this.blockTimeMs, bundle: this.bundle }
    const copy = JSON.parse(JSON.stringify(args)) as JsonObject
    const result = execute(this.registry, this.read, { contract, method, args: copy, commandId }, caller, block)
    if (result.accepted) this.commit(result.events)
    this.calls.push({ who, name, args: copy })
    this.height += 1
    return result
  }

  /** Calls and insists that it was accepted. */
  does(who: string, name: string, args: JsonObject): readonly EventRecord[] {
    const result = this.call(who, name, args)
    if (!result.accepted) throw new Error(`${who} ${name} was refused: ${JSON.stringify(result.refusal)}`)
    return result.events
  }

  /** Calls, insists on a refusal and that the state did not move; answers its code and details. */
  refused(who: string, name: string, args: JsonObject): { code: string; details: JsonObject } {
    const before = JSON.stringify([...this.state])
    const result = this.call(who, name, args)
    if (result.accepted) throw new Error(`${who} ${name} was accepted`)
    if (JSON.stringify([...this.state]) !== before) throw new Error('a refused command changed the state')
    return { code: result.refusal.code, details: result.refusal.details }
  }

  private commit(events: readonly EventRecord[]): void {
    const overlay = new Overlay(this.read)
    for (const event of events) for (const write of this.registry.writesOf(event)) overlay.write(write)
    for (const [key, value] of overlay.written) {
      if (value === undefined) this.state.delete(key)
      else this.state.set(key, JSON.stringify(value, refuseUnserialisable))
    }
    this.events.push(...events)
  }
}

function refuseUnserialisable(this: unknown, key: string, value: Json | undefined | bigint): unknown {
  if (value === undefined || typeof value === 'bigint') throw new Error(`a ${typeof value} in an event at ${key}`)
  return value
}
