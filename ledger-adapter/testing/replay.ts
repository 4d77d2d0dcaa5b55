import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import type { VersionResolver } from '#contracts/kernel/execute'
import { callerOf } from '#contracts/membership/caller'
import { genesisHash, type BlockHeader } from '#proof/block'
import type { JsonObject } from '#proof/json'
import { decodeCandidate } from '../application/admission.ts'
import { buildBlock, buildGenesis, type ApplicationRules, type Previous } from '../application/build-block.ts'
import { CommittedState } from '../application/state.ts'
import { FlatTree } from '../application/tree/flat-tree.ts'
import { verifyNative } from '../application/verify-native.ts'
import { testRegistry } from './fixture.ts'

interface Line {
  readonly kind: string
  readonly chainId: string
  readonly genesis: JsonObject
  readonly header: BlockHeader
  readonly signed: JsonObject
}

/** Object keys in another order, all the way down: what a value means does not depend on it. */
function disordered(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => disordered(item, random))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, disordered(item, random)] as const)
  return Object.fromEntries(shuffled(entries, random))
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

/**
 * Executes an exported ledger's commands again, block by block, and answers the hash of each header. The store answers in
 * a random order, commands come with their keys in disorder, next to nothing is kept in memory: no root may show it.
 * @param registry what decided them
 */
export async function replay(
  lines: readonly string[],
  random: () => number,
  registry: VersionResolver = testRegistry,
): Promise<string[]> {
  const read = lines.map((line) => JSON.parse(line) as Line)
  const { chainId, genesis } = read[0]!
  const rules: ApplicationRules = {
    chainId,
    genesisHash: genesisHash(genesis),
    registry,
    callerOf,
    check: verifyNative,
  }
  const rows = new Map<string, string>()
  const loader = (keys: readonly string[]) => {
    const found = keys.flatMap((key) => (rows.has(key) ? [[key, rows.get(key)!] as const] : []))
    return Promise.resolve(new Map(shuffled(found, random)))
  }
  const state = new CommittedState(loader, FlatTree.empty(), 4)
  const hashes: string[] = []
  let previous: Previous | undefined
  const blocks = read.flatMap((line, at) => (line.kind === 'block' ? [{ header: line.header, at }] : []))
  for (const [n, { header, at }] of blocks.entries()) {
    const own = read.slice(at, blocks[n + 1]?.at)
    const candidates = own.flatMap(({ kind, signed }) =>
      kind === 'command' ? [decodeCandidate(new TextEncoder().encode(JSON.stringify(signed)), chainId)] : [],
    )
    for (const { command } of candidates) Object.assign(command, disordered(command, random))
    const block = previous
      ? (await buildBlock(rules, state, previous, { timeMs: header.timeMs, candidates, due: [] })).block!
      : await buildGenesis(rules, state, genesisEvents(genesis as unknown as GenesisDocument))
    for (const { key, text } of block.changes) {
      if (text === undefined) rows.delete(key)
      else rows.set(key, text)
    }
    state.adopt(block.tree, block.changes)
    hashes.push(block.headerHash)
    previous = { height: header.height, headerHash: block.headerHash, timeMs: header.timeMs }
  }
  return hashes
}
