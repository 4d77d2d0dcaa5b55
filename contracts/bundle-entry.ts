import { canonicalJson } from '#proof/canonical'
import type { Json, JsonObject } from '#proof/json'
import { describe } from './describe.ts'
import type { EventRecord } from './kernel/event.ts'
import { execute, type Executable } from './kernel/execute.ts'
import type { BlockContext, Caller } from './kernel/method.ts'
import { defective } from './kernel/refusal.ts'
import { KeyNotLoaded, type Key, type Read } from './kernel/state.ts'
import { registry } from './registry.ts'

/**
 * The face that a bundle of the contracts shows to the sandbox in which it runs (ledger-adapter/application/bundle): text
 * goes in and text comes out, so that no object of one side is ever held by the other. Values of the state alone come as
 * objects, which the sandbox made and froze itself.
 */

/** Raised as the protocol between node and bundle changes; a node says which it speaks. */
export const protocol = 1

/** What the sandbox answers for a key that is not in memory. */
export type ReadValue = (path: string) => unknown

interface CallText {
  readonly command: Executable
  readonly caller: Caller
  readonly block: BlockContext
}

/** Answers `{load}` for a key that is not in memory, else an `Execution` with its writes as pairs of key and value. */
export function executeText(readValue: ReadValue, notLoaded: unknown, callText: string): string {
  const { command, caller, block } = JSON.parse(callText) as CallText
  const read: Read = <T>({ path }: Key<T>): T | undefined => {
    const value = readValue(path)
    if (value === notLoaded) throw new KeyNotLoaded(path)
    return value as T | undefined
  }
  try {
    const result = execute(registry, read, command, caller, block)
    // The words of a defect are for the log: they need not be canonical.
    if (!result.accepted) return result.defect === undefined ? canonicalJson(result as unknown as Json) : JSON.stringify(result) // prettier-ignore
    const written = [...result.written].map(([key, value]) => (value === undefined ? [key] : [key, value]))
    return canonicalJson({ accepted: true, events: result.events as unknown as Json, written })
  } catch (error) {
    if (error instanceof KeyNotLoaded) return JSON.stringify({ load: error.path })
    return JSON.stringify(defective(error)) // a contract answered what is no canonical JSON
  }
}

/** The keys that a method declares, as a JSON list. */
export function declaredReadsText(callText: string): string {
  const { command, caller } = JSON.parse(callText) as CallText
  return JSON.stringify(registry.declaredReads(command, caller))
}

/** What an event writes, as a JSON list of writes. */
export function writesText(eventText: string): string {
  return canonicalJson(registry.writesOf(JSON.parse(eventText) as EventRecord) as unknown as Json)
}

export const descriptionText = (): string => JSON.stringify(describe(registry) as unknown as JsonObject)
