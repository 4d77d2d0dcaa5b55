import type { EventRecord } from '#contracts/kernel/event'
import type { VersionResolver } from '#contracts/kernel/execute'
import { Overlay, type Key, type Read } from '#contracts/kernel/state'
import type { Json, JsonObject } from '#proof/json'
import type { ContractRules } from '#proof/verify-export'
import type { CallerOf } from './admission.ts'
import { decided } from './checked-execution.ts'

/**
 * The contracts' side of `proof/verify-export`: whose key signs, what commands do when they are decided again, what
 * genesis begins with.
 */
export function contractRules(
  versions: VersionResolver,
  callerOf: CallerOf,
  genesisEvents: (document: JsonObject) => readonly EventRecord[],
): ContractRules {
  return {
    keyOf: (read, { participant, keyId }, height) => callerOf(readerOf(read), participant, keyId, height),
    // Of block 0 only: what later events write is known from the commands.
    apply(event, read) {
      const reader = readerOf(read)
      const overlay = new Overlay(reader)
      const version = versions.versionFor(reader, undefined, event.cursor.height)
      for (const write of version.writesOf(event)) overlay.write(write)
      return overlay.written
    },
    execute(command, { read, before }, { chainId, height, timeMs }) {
      const known = callerOf(readerOf(before), command.participant, command.keyId, height)
      if (!known) throw new Error(`command ${command.commandId} was signed with an unknown key`)
      const context = { chainId, height, blockTimeMs: timeMs }
      const version = versions.versionFor(readerOf(read), command, height)
      const { execution } = decided(version, readerOf(read), { command, caller: known.caller, context })
      return execution.accepted ? execution : { accepted: false, refusal: execution.refusal as unknown as JsonObject }
    },
    genesisEvents: (document) => genesisEvents(document) as unknown as readonly JsonObject[],
  }
}

const readerOf =
  (read: (key: string) => Json | undefined): Read =>
  <T>(key: Key<T>) =>
    read(key.path) as T | undefined
