import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { TRUST_HOURS } from '#engines/cometbft/config'
import { messageOf, type Say } from '#engines/say'
import { followTo } from '#ledger-adapter/cometbft/follow'
import { CometbftRpc, lightBlockAt, snapshotsOffered } from '#ledger-adapter/cometbft/rpc'
import { standingIn } from '#ledger-adapter/cometbft/standing'
import { cometHeaderHash, type TrustedValidators } from '#proof/cometbft/index'
import { CommandFailure } from '../failure.ts'
import { spoken } from '../language.ts'
import { trustOf } from '../verify/trust.ts'
import { writeConfig } from './create.ts'
import {
  cometHome,
  nodeNamed,
  readGenesis,
  readManifest,
  rpcOf,
  type Manifest,
  type TrustedHeader,
} from './manifest.ts'
import { words } from './words/index.ts'

/** More servers are asked than two, since one of them may be away when the node starts. */
const MOST_SERVERS = 4
/** As many as a node keeps. */
const MOST_HEIGHTS = 2
/** What is left of the time for which validators are trusted, for the node to take the state in. */
const HOURS_TO_JOIN = 24

interface Peer {
  readonly name: string
  readonly rpc: CometbftRpc
}

export type StateFound =
  | { readonly sync: TrustedHeader; readonly words: string }
  /** Why no state can be taken from the others now. */
  | { readonly sync: undefined; readonly isAnswered: boolean; readonly words: string }

/**
 * Looks among the other nodes for a state that this one can take, and follows the validators from genesis to the header
 * that its light client is to trust. CometBFT itself would search for ever where nobody has such a state.
 * @throws CommandFailure when two of them have different headers at one height
 */
export async function findState(home: string, manifest: Manifest, name: string): Promise<StateFound> {
  const others = manifest.nodes.filter((node) => node.name !== name)
  const asked = await Promise.all(others.map(offersOf))
  const running = asked.flatMap((one) => one ?? [])
  if (running.length === 0) return { sync: undefined, isAnswered: false, words: words('noneAnswers') }
  const heights = [...new Set(running.flatMap((one) => one.heights))].sort((a, b) => b - a)
  let found = none(words('noSnapshot'))
  // A height that somebody made up leads nowhere, and the next one is looked at.
  for (const height of heights) if ((found = await stateAt(home, running, height)).sync) break
  return found
}

const none = (why: string): StateFound => ({ sync: undefined, isAnswered: true, words: why })

async function stateAt(home: string, running: readonly Peer[], height: number): Promise<StateFound> {
  const validators = join(cometHome(home, running[0]!.name), 'config', 'genesis.json')
  const trust = await trustOf({ validators }, spoken())
  if (!('validators' in trust)) throw new TypeError(`${validators} names no validators`)
  const followed = await followedBy(running, trust.chainId, trust.validators, height)
  if ('words' in followed) return none(followed.words)
  const ageHours = (Date.now() - followed.timeMs) / 3_600_000
  if (ageHours > TRUST_HOURS - HOURS_TO_JOIN) {
    return none(words('tooOld', { time: new Date(followed.timeMs).toISOString() })) // prettier-ignore
  }
  const from = await havingSame(running, height, followed.headerHash!)
  const about = { height, hash: followed.headerHash!.slice(0, 16), from: from.join(', ') }
  const sync = { trustHeight: height, trustHash: followed.headerHash!, from: from.slice(0, MOST_SERVERS) }
  return { sync, words: words(from.length === 1 ? 'headerOfOne' : 'headerOfMany', about) }
}

async function offersOf(node: Manifest['nodes'][number]): Promise<(Peer & { heights: readonly number[] }) | undefined> {
  const rpc = new CometbftRpc(rpcOf(node))
  try {
    const heights = (await snapshotsOffered(rpc)).filter((height) => height > 0)
    return { name: node.name, rpc, heights: heights.slice(0, MOST_HEIGHTS) }
  } catch {
    return undefined // it is away, or still joining itself
  }
}

/** By the first that has all the headers: a node that joined itself has none of before. */
async function followedBy(
  peers: readonly Peer[],
  chainId: string,
  from: TrustedValidators,
  to: number,
): Promise<TrustedValidators | { readonly words: string }> {
  const failures: string[] = []
  for (const { name, rpc } of peers) {
    try {
      return await followTo(chainId, from, to, (height) => lightBlockAt(rpc, height))
    } catch (error) {
      failures.push(`${name}: ${messageOf(error)}`)
    }
  }
  return { words: words('cannotFollow', { height: to, failures: failures.join('; ') }) }
}

/** @throws CommandFailure naming who has another header */
async function havingSame(peers: readonly Peer[], height: number, hash: string): Promise<string[]> {
  const asked = await Promise.all(
    peers.map(async ({ name, rpc }) => ({
      name,
      hash: await lightBlockAt(rpc, height).then(
        ({ header }) => cometHeaderHash(header),
        () => undefined,
      ),
    })),
  )
  const other = asked.find((one) => one.hash !== undefined && one.hash !== hash)
  if (other) throw new CommandFailure(words('otherHeader', { name: other.name, height, other: other.hash!, hash })) // prettier-ignore
  return asked.flatMap((one) => (one.hash === hash ? [one.name] : []))
}

/**
 * Before a node that joined is started: a database that holds nothing takes the state of the others, whatever CometBFT
 * had, or executes every block where there is none to be taken; one that holds a state goes on from it.
 */
export async function prepareSync(options: {
  readonly home: string
  readonly node: string
  readonly databaseUrl: string
  readonly say: Say
}): Promise<void> {
  const { home, databaseUrl, say } = options
  const manifest = await readManifest(home)
  const node = nodeNamed(manifest, options.node)
  const { sync, ...replaying } = node
  if (sync === undefined) return
  const standing = await standingIn(databaseUrl, await readGenesis(home))
  if (standing === 'blocks') return writeConfig(home, manifest, replaying)
  // What it trusted when it was made may be too old by now, and CometBFT may have been stopped before it took the state.
  const found = await findState(home, manifest, node.name)
  // Killed between the state and its first block, CometBFT would find the one without the other and end at each start.
  const isCutOff = standing === 'state' && found.sync && !(await hasBlocks(cometHome(home, node.name)))
  if (standing === 'nothing' || isCutOff) {
    await forgetChain(cometHome(home, node.name))
    const { name } = node
    say(found.sync ? words('beginsWithState', { name, what: found.words }) : words('beginsWithBlocks', { name, why: found.words })) // prettier-ignore
  } else if (!found.sync) return
  await writeConfig(home, manifest, found.sync ? { ...node, sync: found.sync } : replaying)
}

/**
 * Whether CometBFT has stored a block: with the first it writes the key of its store's height. Where that is not seen
 * although it is there, the state is merely taken once more.
 */
async function hasBlocks(folder: string): Promise<boolean> {
  const store = join(folder, 'data', 'blockstore.db')
  for (const name of existsSync(store) ? await readdir(store) : [])
    if ((await readFile(join(store, name))).includes('blockStore')) return true
  return false
}

/** As `cometbft reset-state` does: blocks come from the others again; what its validator has signed stays remembered. */
async function forgetChain(folder: string): Promise<void> {
  const data = join(folder, 'data')
  for (const name of await readdir(data)) {
    if (name !== 'priv_validator_state.json') await rm(join(data, name), { recursive: true, force: true })
  }
}
