import { headerHash, type BlockHeader, type CommandResult } from '#proof/block'
import { canonicalJson } from '#proof/canonical'
import type { SignedCommand } from '#proof/command'
import { EMPTY_FEED, eventDigest, extendFeed, type EventCore, type Feed } from '#proof/feed'
import type { Json, JsonObject } from '#proof/json'
import type { StorableBlock } from '../embedded/store.ts'

/** A block as an export holds it, ready to be stored. */
export interface HistoryBlock extends StorableBlock {
  /** The operator's; empty where consensus stands for the block. */
  readonly signature: string
}

interface Draft {
  readonly header: BlockHeader
  readonly signature: string
  readonly commands: { readonly command: SignedCommand['command']; readonly digest: string; readonly text: string }[]
  readonly results: string[]
  readonly events: HistoryBlock['events'][number][]
  readonly changes: HistoryBlock['changes'][number][]
}

/**
 * The blocks of an export in order, each with its events' places in their topics. The lines must have been verified
 * (`proof/verify-export.ts`): nothing is checked here but that a block is whole.
 */
export async function* historyBlocks(lines: AsyncIterable<string>): AsyncIterable<HistoryBlock> {
  const feeds = new Map<string, Feed>()
  let open: Draft | undefined
  for await (const text of lines) {
    const line = JSON.parse(text) as JsonObject & { readonly kind: string }
    if (line.kind === 'block' || END_OF_BLOCKS.has(line.kind)) {
      if (open) yield finished(open)
      open = line.kind === 'block' ? begun(line) : undefined
    } else if (open) take(open, line, feeds)
  }
  if (open) yield finished(open)
}

const END_OF_BLOCKS: ReadonlySet<string> = new Set(['receipt', 'ended', 'end'])

const begun = ({ header, signature }: JsonObject): Draft => ({
  header: header as unknown as BlockHeader,
  signature: signature as string,
  commands: [],
  results: [],
  events: [],
  changes: [],
})

function take(block: Draft, line: JsonObject & { readonly kind: string }, feeds: Map<string, Feed>): void {
  switch (line.kind) {
    case 'command': {
      const { command } = line['signed'] as unknown as SignedCommand
      const { digest } = line['result'] as unknown as CommandResult
      block.commands.push({ command, digest, text: canonicalJson(line['signed']!) })
      block.results.push(canonicalJson(line['result']!))
      return
    }
    case 'event': {
      const { cursor, commandId, contract, event, data } = line as unknown as EventCore
      const core = { cursor, commandId, contract, event, data }
      const digest = eventDigest(core)
      const topics = (line['topics'] as readonly string[]).map((topic) => {
        const { count, hash } = extendFeed(feeds.get(topic) ?? EMPTY_FEED, digest)
        feeds.set(topic, { count, hash })
        return { topic, sequence: count, hash }
      })
      block.events.push({ ...core, topics })
      return
    }
    case 'put':
    case 'delete': {
      const value = line['value']
      block.changes.push({ key: line['key'] as string, value, text: value === undefined ? undefined : canonicalJson(value) }) // prettier-ignore
      return
    }
    default:
      throw new Error(`a line of kind ${line.kind} inside a block`)
  }
}

function finished({ header, results, events, ...block }: Draft): HistoryBlock {
  const texts = { results, events: events.map((event) => canonicalJson(event as unknown as Json)) }
  return { ...block, header, headerHash: headerHash(header), events, texts }
}
