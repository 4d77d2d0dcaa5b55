/** What the driver asks of CometBFT's JSON-RPC (v0.38), over loopback addresses. */
import {
  lightBlockOfRpc,
  validatorsOfRpc,
  type LightBlock,
  type RpcValidators,
  type Validator,
} from '#proof/cometbft/index'
import type { RpcSignedHeader } from '#proof/cometbft/from-rpc'

/** CometBFT could not be asked: it is starting, ending or gone. */
export class RpcUnreachable extends Error {
  override readonly name = 'RpcUnreachable'
  constructor(url: string, cause: unknown) {
    super(`CometBFT at ${url} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** CometBFT answered with an error of its own. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  constructor(
    readonly method: string,
    readonly data: string,
  ) {
    super(`${method}: ${data}`)
  }
}

export interface Broadcast {
  /** `inFlight`: in the mempool, now or before. `full`: later, perhaps. `refused`: by CheckTx, with its log. */
  readonly state: 'inFlight' | 'full' | 'refused'
  readonly log: string
}

const TIMEOUT_MS = 10_000

export class CometbftRpc {
  constructor(readonly url: string) {}

  /** @throws RpcUnreachable, RpcError */
  async call<T>(method: string, params: Readonly<Record<string, string | boolean>> = {}): Promise<T> {
    let answer: { result?: T; error?: { message: string; data?: string } }
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      answer = (await response.json()) as typeof answer
    } catch (error) {
      throw new RpcUnreachable(this.url, error)
    }
    if (answer.error) throw new RpcError(method, answer.error.data ?? answer.error.message)
    if (answer.result === undefined) throw new RpcUnreachable(this.url, 'an answer without a result')
    return answer.result
  }

  /** Into the mempool, as far as CheckTx allows; says nothing of a block. */
  async broadcast(tx: Uint8Array): Promise<Broadcast> {
    try {
      const params = { tx: Buffer.from(tx).toString('base64') }
      const { code, log } = await this.call<{ code: number; log: string }>('broadcast_tx_sync', params)
      return { state: code === 0 ? 'inFlight' : 'refused', log }
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      // The words of mempool/errors.go: they have no codes.
      if (error.data.includes('already exists in cache')) return { state: 'inFlight', log: '' }
      if (error.data.includes('mempool is full')) return { state: 'full', log: error.data }
      throw error
    }
  }
}

/** Validators in one answer, at most: CometBFT gives no more. */
const PAGE = 100

/** Who validated the block of this height, in CometBFT's order. @throws RpcUnreachable, RpcError */
export async function consensusValidators(rpc: CometbftRpc, height: number): Promise<Validator[]> {
  const pages: RpcValidators['validators'][number][] = []
  for (let page = 1; ; page += 1) {
    const params = { height: String(height), page: String(page), per_page: String(PAGE) }
    const { validators, total } = await rpc.call<RpcValidators & { total: string }>('validators', params)
    pages.push(...validators)
    if (pages.length >= Number(total) || validators.length === 0) return validatorsOfRpc({ validators: pages })
  }
}

/** The header of this height with its votes and its validators; checked by nobody here. @throws RpcUnreachable, RpcError */
export async function lightBlockAt(rpc: CometbftRpc, height: number): Promise<LightBlock> {
  const [{ signed_header: signed }, validators] = await Promise.all([
    rpc.call<{ signed_header: RpcSignedHeader }>('commit', { height: String(height) }),
    consensusValidators(rpc, height),
  ])
  return lightBlockOfRpc(signed, validators)
}

/**
 * Heights of the snapshots that the application behind this CometBFT offers, the latest first. Asking has it make one
 * where it has none, or none of late.
 * @throws RpcUnreachable, RpcError
 */
export async function snapshotsOffered(rpc: CometbftRpc): Promise<readonly number[]> {
  const params = { path: '/snapshots', data: '', height: '0', prove: false }
  const { response } = await rpc.call<{ response: { code?: number; value?: string } }>('abci_query', params)
  const heights: unknown = JSON.parse(Buffer.from(response.value ?? '', 'base64').toString('utf8') || '[]')
  if (!Array.isArray(heights) || !heights.every(Number.isSafeInteger)) throw new RpcError('abci_query', 'no heights')
  return heights as number[]
}
