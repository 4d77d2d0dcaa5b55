// The key with which a node's validator votes, and the one that is to follow it (docs/adr/035). Both lie in the node's own
// home. Which of them votes is asked of consensus and noted nowhere, so that a process may be killed at any step.
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { cometKey, validatorKeyFile } from '#engines/cometbft/keys'
import { messageOf, type Say } from '#engines/say'
import { CometbftRpc, consensusValidators, RpcUnreachable } from '#ledger-adapter/cometbft/rpc'
import { writeSecretOnce } from '#node/keys/write-once'
import { CommandFailure } from '../failure.ts'
import { changeManifest, cometHome, consensusKey, readManifest, type Manifest } from './manifest.ts'
import type { NodeProcesses } from './supervisor.ts'
import { words } from './words/index.ts'

const inConfig = (home: string, node: string, name: string): string => join(cometHome(home, node), 'config', name)
/** The one that CometBFT reads when it starts. */
export const votingKeyFile = (home: string, node: string): string => inConfig(home, node, 'priv_validator_key.json')
export const nextKeyFile = (home: string, node: string): string => inConfig(home, node, 'priv_validator_key.next.json')

/** The public key in a file of CometBFT's, base64; undefined when there is no file. @throws CommandFailure naming it */
export async function publicKeyIn(file: string): Promise<string | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { priv_key } = JSON.parse(text) as { priv_key: { value: string } }
    return cometKey(Buffer.from(priv_key.value, 'base64').subarray(0, 32)).publicKey
  } catch (error) {
    throw new CommandFailure(words('notAKey', { file }), 1, { cause: error })
  }
}

/** The key that is to follow, made unless there is one: a rotation that was cut short goes on with the same. */
export async function nextKey(home: string, node: string): Promise<string> {
  const file = nextKeyFile(home, node)
  await writeSecretOnce(file, validatorKeyFile(cometKey()))
  return (await publicKeyIn(file))!
}

/**
 * Lets the next key of each node take the place of the one that consensus counts no longer, and writes down in the manifest
 * which key each of them has. Called again after whatever cut it short, it goes on.
 */
export async function settleKeys(
  home: string,
  nodes: readonly Pick<NodeProcesses, 'name' | 'rpc' | 'whileCometRests'>[],
  say: Say,
): Promise<void> {
  const keys = new Map<string, string>()
  for (const node of nodes) {
    try {
      if (await isDue(home, node)) {
        say(words('newKeyVotes', { name: node.name }))
        await node.whileCometRests(() => rename(nextKeyFile(home, node.name), votingKeyFile(home, node.name)))
      }
      keys.set(node.name, (await publicKeyIn(votingKeyFile(home, node.name)))!)
    } catch (error) {
      say(`${node.name}: ${messageOf(error)}`) // the others are looked after all the same
    }
  }
  const written = await readManifest(home)
  if (withKeys(written, keys) !== written) await changeManifest(home, (now) => withKeys(now, keys))
}

/** Whether a key waits that consensus counts for the next block, and the one in place is not counted. */
async function isDue(home: string, { name, rpc }: Pick<NodeProcesses, 'name' | 'rpc'>): Promise<boolean> {
  const next = await publicKeyIn(nextKeyFile(home, name))
  if (next === undefined) return false
  const own = (await publicKeyIn(votingKeyFile(home, name)))!
  const counted = await countedKeys(rpc)
  return counted !== undefined && counted.has(consensusKey(next)) && !counted.has(consensusKey(own))
}

/** Who validates the next block as this node knows it; undefined when its CometBFT does not answer. */
async function countedKeys(rpc: string): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set((await consensusValidators(new CometbftRpc(rpc))).map(({ publicKey }) => publicKey))
  } catch (error) {
    if (error instanceof RpcUnreachable) return undefined
    throw error
  }
}

function withKeys(manifest: Manifest, keys: ReadonlyMap<string, string>): Manifest {
  const nodes = manifest.nodes.map((node) => ({ ...node, publicKey: keys.get(node.name) ?? node.publicKey }))
  return nodes.every(({ publicKey }, index) => publicKey === manifest.nodes[index]!.publicKey)
    ? manifest
    : { ...manifest, nodes }
}
