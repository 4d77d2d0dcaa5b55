import type { EventRecord } from '#contracts/kernel/event'
import type { Registry } from '#contracts/kernel/execute'
import { Overlay, type Key, type Read } from '#contracts/kernel/state'
import type { Json, JsonObject } from '#proof/json'
import type { ContractRules } from '#proof/verify-export'
import type { CallerOf } from './admission.ts'

/** The contracts' side of `proof/verify-export`: whose key signs, what events write, what genesis begins with. */
export function contractRules(
  registry: Registry,
  callerOf: CallerOf,
  genesisEvents: (document: JsonObject) => readonly EventRecord[],
): ContractRules {
  return {
    keyOf: (read, { participant, keyId }, height) => callerOf(readerOf(read), participant, keyId, height),
    apply(event, read) {
      const overlay = new Overlay(readerOf(read))
      for (const write of registry.writesOf(event)) overlay.write(write)
      return overlay.written
    },
    genesisEvents: (document) => genesisEvents(document) as unknown as readonly JsonObject[],
  }
}

const readerOf =
  (read: (key: string) => Json | undefined): Read =>
  <T>(key: Key<T>) =>
    read(key.path) as T | undefined
