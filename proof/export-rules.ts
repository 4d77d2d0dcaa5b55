import type { Command } from './command.ts'
import type { EventCore } from './feed.ts'
import type { Json, JsonObject } from './json.ts'

/** What the contracts know and `proof/` does not; a verifier that has their code checks more. */
export interface ContractRules {
  /** The public key a command must be signed with, by the state before its block. */
  readonly keyOf?: (
    read: (key: string) => Json | undefined,
    command: Command,
    height: number,
  ) => { readonly publicKey: string; readonly curve: string } | undefined
  /** What an event writes, over what is read. */
  readonly apply?: (
    event: EventCore,
    read: (key: string) => Json | undefined,
  ) => Iterable<readonly [key: string, value: Json | undefined]>
  /**
   * What a command does, decided again: by the version of the contracts that decided it then. `before` is the state
   * before its block, `read` that before the command. With it results, events and writes are all recomputed.
   */
  readonly execute?: (
    command: Command,
    state: { readonly read: (key: string) => Json | undefined; readonly before: (key: string) => Json | undefined },
    block: { readonly chainId: string; readonly height: number; readonly timeMs: number },
  ) => ReExecution
  /** The events of block 0. */
  readonly genesisEvents?: (document: JsonObject) => readonly JsonObject[]
}

export type ReExecution =
  | {
      readonly accepted: true
      readonly events: readonly Pick<OpenEvent, 'contract' | 'event' | 'data' | 'topics'>[]
      readonly written: Iterable<readonly [key: string, value: Json | undefined]>
    }
  | { readonly accepted: false; readonly refusal: JsonObject }

type OpenEvent = EventCore & { readonly topics: readonly string[] }
