import { resultHash, type CommandResult } from '#proof/block'
import { EMPTY_FEED, eventDigest, feedKey, type Feed } from '#proof/feed'
import type { Json, JsonObject } from '#proof/json'
import { listProof } from '#proof/list-tree'
import type { Receipt } from '#proof/receipt'
import type { SignedCommand } from '#proof/command'
import { keyHash } from '../application/state.ts'
import { cursorText, LedgerError, type Provable } from '../port.ts'
import type { Head } from './sequencer.ts'
import type { LedgerStore } from './store.ts'

type ValueOf = (key: string, hash: Uint8Array) => Promise<string | undefined>

/** Builds the receipt that `proof/verify-receipt.ts` verifies. @throws LedgerError NOT_FOUND */
export async function proveFact(
  store: LedgerStore,
  head: () => Head,
  valueOf: ValueOf,
  what: Provable,
): Promise<JsonObject> {
  switch (what.kind) {
    case 'command':
      return asJson(await proveCommand(store, what.commandId))
    case 'event':
      return asJson(await proveEvent(store, what))
    case 'key':
      return asJson(await proveKey(head, valueOf, what.key))
    case 'topic': {
      const { found, proof, header, signature } = await proveKey(head, valueOf, feedKey(what.topic))
      const { count, hash } = found.present ? (found.value as unknown as Feed) : EMPTY_FEED
      return asJson({ kind: 'topic', topic: what.topic, feed: { count, hash }, proof, header, signature })
    }
  }
}

const asJson = (receipt: Receipt): JsonObject => receipt as unknown as JsonObject

const notFound = (details: JsonObject): LedgerError => new LedgerError('read', 'NOT_FOUND', true, details)

async function proveCommand(store: LedgerStore, commandId: string): Promise<Receipt> {
  const stored = await store.command(commandId)
  if (!stored) throw notFound({ commandId })
  const { height, index } = stored
  const [block, commands] = await Promise.all([store.block(height), store.commandsOf(height)])
  const { header, signature } = block!
  const { command } = JSON.parse(stored.signed) as SignedCommand
  const result = JSON.parse(stored.result) as CommandResult
  const results = commands.map((one) => resultHash(JSON.parse(one.result) as CommandResult))
  const commandProof = listProof(commands.map(({ digest }) => digest), index) // prettier-ignore
  const { path: resultPath } = listProof(results, index)
  return { kind: 'command', command, result, commandProof, resultPath, header, signature }
}

async function proveEvent(store: LedgerStore, what: Extract<Provable, { kind: 'event' }>): Promise<Receipt> {
  const { cursor } = what
  const [block, events] = await Promise.all([store.block(cursor.height), store.eventsOf(cursor.height)])
  const text = cursorText(cursor)
  const at = events.findIndex((event) => cursorText(event.cursor) === text)
  if (!block || at < 0) throw notFound({ cursor: text })
  const { commandId, contract, event, data } = events[at]!
  const { height, index, event: ordinal } = cursor
  const core = { cursor: { height, index, event: ordinal }, commandId, contract, event, data }
  const { header, signature } = block
  return { kind: 'event', event: core, proof: listProof(events.map(eventDigest), at), header, signature }
}

const MAX_ATTEMPTS = 50

/** Against the head: its tree at hand and its value in the store; when the store went on between, asked again. */
async function proveKey(head: () => Head, valueOf: ValueOf, key: string) {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const { tree, header, signature } = head()
    const want = tree.get(keyHash(key))
    const base = { kind: 'key', key, proof: tree.prove(keyHash(key)), header, signature } as const
    if (!want) return { ...base, found: { present: false } as const }
    const text = await valueOf(key, want)
    if (text !== undefined) return { ...base, found: { present: true, value: JSON.parse(text) as Json } as const }
  }
  throw new LedgerError('read', 'BEHIND_POSITION', true, { key })
}
