// The few questions put to a CometBFT process over its JSON-RPC by those who watch over it.

export interface CometStatus {
  readonly height: number
  /** Hash of the application's state after the block before the latest, hex. */
  readonly appHash: string
  /** Of the latest block. */
  readonly timeMs: number
  readonly catchingUp: boolean
  readonly votingPower: number
  readonly peers: number
}

interface RpcStatus {
  readonly sync_info: {
    readonly latest_block_height: string
    readonly latest_app_hash: string
    readonly latest_block_time: string
    readonly catching_up: boolean
  }
  readonly validator_info: { readonly voting_power: string }
}

async function ask<T>(url: string, path: string, withinMs: number): Promise<T> {
  const response = await fetch(`${url}/${path}`, { signal: AbortSignal.timeout(withinMs) })
  const { result, error } = (await response.json()) as { result?: T; error?: { message: string; data?: string } }
  if (result === undefined)
    throw new Error(`${url}/${path}: ${error?.message ?? response.statusText} ${error?.data ?? ''}`)
  return result
}

/** @param url `http://127.0.0.1:PORT` @throws when it does not answer within the bound */
export async function cometStatus(url: string, withinMs = 2_000): Promise<CometStatus> {
  const [{ sync_info: sync, validator_info: validator }, net] = await Promise.all([
    ask<RpcStatus>(url, 'status', withinMs),
    ask<{ n_peers: string }>(url, 'net_info', withinMs),
  ])
  return {
    height: Number(sync.latest_block_height),
    appHash: sync.latest_app_hash,
    timeMs: Date.parse(sync.latest_block_time),
    catchingUp: sync.catching_up,
    votingPower: Number(validator.voting_power),
    peers: Number(net.n_peers),
  }
}

export interface CometHeader {
  readonly height: number
  /** Of the header itself, hex. */
  readonly hash: string
  readonly appHash: string
}

/** The header at a height; of the latest block when none is given. @throws when there is none */
export async function cometHeader(url: string, height?: number, withinMs = 2_000): Promise<CometHeader> {
  const { block_id: id, block } = await ask<{
    block_id: { hash: string }
    block: { header: { height: string; app_hash: string } }
  }>(url, height === undefined ? 'block' : `block?height=${height}`, withinMs)
  return { height: Number(block.header.height), hash: id.hash, appHash: block.header.app_hash }
}
