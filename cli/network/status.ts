import { cometStatus, type CometStatus } from '#engines/cometbft/rpc'
import type { Manifest, NetworkNode } from './manifest.ts'
import { words } from './words/index.ts'

export interface NodeStatus {
  readonly name: string
  /** Undefined when its CometBFT does not answer. */
  readonly comet: CometStatus | undefined
  /** Whether the organisation's API answers for its ledger: one whose ledger cannot go on does not. */
  readonly api: boolean
}

/** Whether the API of a node's organisation answers for its ledger. */
export const apiAnswers = async ({ ports }: NetworkNode): Promise<boolean> => {
  try {
    return (await fetch(`http://127.0.0.1:${ports.http}/v1/head`, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}

/** Asks a node's CometBFT and its API at once. */
export async function nodeStatus(node: NetworkNode): Promise<NodeStatus> {
  const [comet, api] = await Promise.all([
    cometStatus(`http://127.0.0.1:${node.ports.rpc}`).catch(() => undefined),
    apiAnswers(node),
  ])
  return { name: node.name, comet, api }
}

/** Asks every node at once. */
export const networkStatus = ({ nodes }: Manifest): Promise<NodeStatus[]> => Promise.all(nodes.map(nodeStatus))

/** Healthy: its CometBFT and its API answer, it follows, and it has at least one peer where there are any. */
export const isHealthy = ({ comet, api }: NodeStatus, nodes: number): boolean =>
  comet !== undefined && api && !comet.catchingUp && (nodes === 1 || comet.peers > 0)

/** One line for a person: who, how far, with whom. */
export function statusLine({ name, comet, api }: NodeStatus): string {
  if (!comet) return `${name.padEnd(20)}  ${words('silent')}`
  const { height, appHash, catchingUp, peers, votingPower } = comet
  return [
    name.padEnd(20),
    words('height', { height: String(height).padStart(6) }),
    words('appHash', { hash: appHash.slice(0, 12).toLowerCase() || '-' }),
    peers === 1 ? words('onePeer') : words('peers', { count: peers }),
    words(votingPower > 0 ? 'votes' : 'follows'),
    ...(catchingUp ? [words('catchingUp')] : []),
    ...(api ? [] : [words('apiSilent')]),
  ].join('  ')
}
