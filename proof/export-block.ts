import { resultHash } from './block.ts'
import { canonicalJson } from './canonical.ts'
import { COMMAND_PREFIX, commandKey, ID_RETENTION_MS } from './command.ts'
import type { OpenBlock } from './export-lines.ts'
import type { ContractRules } from './export-rules.ts'
import { EMPTY_FEED, eventDigest, extendFeed, feedKey, type Feed } from './feed.ts'
import type { Hash } from './hash.ts'
import { blockKey, EMPTY_HISTORY, extendHistory, HISTORY_KEY, historyLeaf, type History } from './history.ts'
import { holds } from './holds.ts'
import type { Json, JsonObject } from './json.ts'
import { listRoot } from './list-tree.ts'

/** What a block's contents are checked against. */
export interface Before {
  /** The state before the block. */
  readonly read: (key: string) => Json | undefined
  readonly rules: ContractRules
  readonly genesis: JsonObject
}

/**
 * All of an exported block but its signature and its state root: nothing is missing, its roots are those of its contents,
 * every event belongs to its command, and every change of the state follows from both.
 * @throws NotHolding with the first thing that does not hold
 */
export function checkContents(block: OpenBlock, before: Before): void {
  const { header, counts, commands, events, changes } = block
  const at = `block ${header.height}`
  holds(commands.length === counts.commands, `${at}: commands missing`)
  holds(events.length === counts.events, `${at}: events missing`)
  holds(changes.size === counts.changes, `${at}: changes missing`)
  holds(listRoot(commands.map(({ result }) => result.digest)) === header.commandRoot, `${at}: command root`)
  holds(listRoot(commands.map(({ result }) => resultHash(result))) === header.resultRoot, `${at}: result root`)
  const digests = events.map(eventDigest)
  holds(listRoot(digests) === header.eventRoot, `${at}: event root`)
  checkOrder(block)
  if (header.height === 0) checkGenesis(block, before)
  checkChanges(block, digests, before)
}

/** Each accepted command has as many events as its result says, in order, under its id; genesis has none but its own. */
function checkOrder({ header, commands, events }: OpenBlock): void {
  const owners: readonly (readonly [id: string, count: number])[] =
    header.height === 0
      ? [['genesis', events.length]]
      : commands.map(({ result }) => [result.commandId, result.accepted ? result.events : 0])
  let next = 0
  owners.forEach(([id, count], index) => {
    for (let ordinal = 0; ordinal < count; ordinal += 1, next += 1) {
      const event = events[next]
      const { cursor } = event ?? {}
      const isHere = cursor?.height === header.height && cursor.index === index && cursor.event === ordinal
      holds(isHere && event?.commandId === id, `block ${header.height}: event ${next} is not where it should be`)
    }
  })
  holds(next === events.length, `block ${header.height}: an event without a command`)
}

function checkGenesis({ commands, events }: OpenBlock, { rules, genesis }: Before): void {
  holds(commands.length === 0, 'block 0: holds commands')
  const want = rules.genesisEvents?.(genesis)
  if (!want) return
  holds(canonicalJson(saidBy(events)) === canonicalJson(want), 'block 0: its events are not those of the genesis document') // prettier-ignore
}

/** The ledger's own keys follow from the block's contents; the contracts' from the events, where their code is known. */
function checkChanges(block: OpenBlock, digests: readonly Hash[], before: Before): void {
  const { header, changes } = block
  const { read } = before
  const at = `block ${header.height}`
  const own = ownWrites(block, digests, read)
  const contracts = contractWrites(block, before)
  for (const [key, value] of changes) {
    if (!/^(sys|feed)\//.test(key)) {
      if (contracts) holds(isSame(contracts.get(key), value), `${at}: ${key} is not what the events wrote`)
    } else if (value === undefined) {
      const { expiresAt } = (read(key) ?? {}) as { expiresAt?: number }
      const isDue = key.startsWith(COMMAND_PREFIX) && (expiresAt ?? Infinity) + ID_RETENTION_MS < header.timeMs
      holds(isDue, `${at}: ${key} is gone before its time`)
    } else holds(isSame(own.get(key), value), `${at}: ${key} is not what the block's contents say`)
  }
  for (const [key, value] of own) holds(isSame(changes.get(key), value), `${at}: ${key} was not written`)
  for (const [key, value] of contracts ?? []) {
    holds(changes.has(key) || isSame(read(key), value), `${at}: ${key} was not written`)
  }
}

/** Feeds, spent ids and history: what the ledger itself writes for a block. */
function ownWrites(
  { header, commands, events }: OpenBlock,
  digests: readonly Hash[],
  read: Before['read'],
): ReadonlyMap<string, Json> {
  const own = new Map<string, Json>()
  events.forEach(({ topics }, i) => {
    for (const topic of topics) {
      const before = (own.get(feedKey(topic)) ?? read(feedKey(topic)) ?? EMPTY_FEED) as unknown as Feed
      own.set(feedKey(topic), { ...extendFeed(before, digests[i]!) })
    }
  })
  commands.forEach(({ command, result }, index) => {
    const key = commandKey(command)
    const isFree = read(key) === undefined && !own.has(key)
    holds(isFree, `block ${header.height}: id ${command.commandId} of ${command.participant} was spent already`)
    own.set(key, { digest: result.digest, height: header.height, index, expiresAt: command.expiresAt })
  })
  if (commands.length > 0) {
    const { commandRoot, eventRoot, resultRoot } = header
    const roots = { commandRoot, eventRoot, resultRoot }
    const history = (read(HISTORY_KEY) ?? EMPTY_HISTORY) as unknown as History
    own.set(blockKey(header.height), roots)
    own.set(HISTORY_KEY, { ...extendHistory(history, historyLeaf(header.height, roots)) })
  }
  return own
}

/** What the contracts write: by executing the commands again, or by their events; undefined without their code. */
function contractWrites(block: OpenBlock, before: Before): ReadonlyMap<string, Json | undefined> | undefined {
  const { apply, execute } = before.rules
  const written = new Map<string, Json | undefined>()
  const read = (key: string) => (written.has(key) ? written.get(key) : before.read(key))
  if (execute && block.header.height > 0) {
    executeAgain(block, { execute, before: before.read, read, written })
    return written
  }
  if (!apply) return undefined
  for (const event of block.events) for (const [key, value] of apply(event, read)) written.set(key, value)
  return written
}

interface Again {
  readonly execute: NonNullable<ContractRules['execute']>
  readonly before: Before['read']
  readonly read: Before['read']
  readonly written: Map<string, Json | undefined>
}

/** Results and events must come out the same; what is written is collected. */
function executeAgain({ header, commands, events }: OpenBlock, { execute, before, read, written }: Again): void {
  for (const [index, { command, result }] of commands.entries()) {
    const at = `command ${header.height}.${index}`
    const again = execute(command, { read, before }, header)
    holds(again.accepted === result.accepted, `${at}: executed again it is ${again.accepted ? 'accepted' : 'refused'}`)
    if (!again.accepted) {
      const isSameRefusal = !result.accepted && canonicalJson(again.refusal) === canonicalJson(result.refusal as never)
      holds(isSameRefusal, `${at}: executed again it is refused otherwise`)
      continue
    }
    const had = saidBy(events.filter(({ cursor }) => cursor.index === index))
    holds(canonicalJson(had) === canonicalJson(saidBy(again.events)), `${at}: executed again it has other events`)
    for (const [key, value] of again.written) written.set(key, value)
  }
}

type Saying = Pick<OpenBlock['events'][number], 'contract' | 'event' | 'data' | 'topics'>

/** What events say, without where they stand. */
const saidBy = (events: readonly Saying[]) =>
  events.map(({ contract, event, data, topics }) => ({ contract, event, data, topics: [...topics] }))

const isSame = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b)
