/**
 * What the driver asks of CometBFT's JSON-RPC (v0.38). Some of the addresses are of other members: what they answer is
 * bounded, and read as whatever it is.
 */
import {
  lightBlockOfRpc,
  validatorsOfRpc,
  type LightBlock,
  type RpcValidators,
  type Validator,
} from '#proof/cometbft/index'
import type { RpcSignedHeader } from '#proof/cometbft/from-rpc'
import { TX_CODE } from './transactions.ts'

/** CometBFT could not be asked, or what answered is none: it is starting, ending or gone. */
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
  /**
   * `inFlight`: in the mempool, now or before. `later`: not now, for want of room or of a store. `refused`: by CheckTx,
   * with its log.
   */
  readonly state: 'inFlight' | 'later' | 'refused'
  readonly log: string
}

const TIMEOUT_MS = 10_000
/** A largest block in base64 is a fifth of it. */
const MAX_ANSWER_BYTES = 32 << 20
/** A code and a log. */
const MAX_BROADCAST_ANSWER_BYTES = 64 << 10
const MAX_ERROR_TEXT = 1_000

/** The body as text. @throws RangeError when there is more of it, of which no more is read */
async function boundedText(response: Response, most: number): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop ends the connection.
  for await (const piece of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    bytes += piece.length
    if (bytes > most) throw new RangeError(`an answer of more than ${most} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

const textOf = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'unknown')).slice(0, MAX_ERROR_TEXT)

export class CometbftRpc {
  constructor(readonly url: string) {}

  /** @throws RpcUnreachable, RpcError */
  async call<T>(
    method: string,
    params: Readonly<Record<string, string | boolean>> = {},
    maxBytes = MAX_ANSWER_BYTES,
  ): Promise<T> {
    let answer: { result?: T; error?: { message?: unknown; data?: unknown } | null } | null
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error', // nobody sends our bytes elsewhere
      })
      answer = JSON.parse(await boundedText(response, maxBytes)) as typeof answer
    } catch (error) {
      throw new RpcUnreachable(this.url, error)
    }
    if (answer?.error) throw new RpcError(method, textOf(answer.error.data ?? answer.error.message))
    if (answer?.result === undefined || answer.result === null) throw this.notAnAnswer()
    return answer.result
  }

  private notAnAnswer(): RpcUnreachable {
    return new RpcUnreachable(this.url, 'an answer without a result')
  }

  /** Into the mempool, as far as CheckTx allows; says nothing of a block. */
  async broadcast(tx: Uint8Array): Promise<Broadcast> {
    try {
      const params = { tx: Buffer.from(tx).toString('base64') }
      const answer = await this.call<{ code?: unknown; log?: unknown }>('broadcast_tx_sync', params, MAX_BROADCAST_ANSWER_BYTES) // prettier-ignore
      const { code } = answer
      if (typeof code !== 'number') throw this.notAnAnswer()
      const log = typeof answer.log === 'string' ? answer.log : ''
      if (code === TX_CODE.LATER) return { state: 'later', log }
      return { state: code === TX_CODE.OK ? 'inFlight' : 'refused', log }
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      // The words of mempool/errors.go: they have no codes.
      if (error.data.includes('already exists in cache')) return { state: 'inFlight', log: '' }
      if (error.data.includes('mempool is full')) return { state: 'later', log: error.data }
      throw error
    }
  }
}

/** Validators in one answer, at most: CometBFT gives no more. */
const PAGE = 100
/** CometBFT's own bound (types.MaxVotesCount). */
const MAX_VALIDATORS = 10_000

/**
 * Who validated the block of this height, in CometBFT's order; without a height who validates the next one, as far as
 * this node has come. @throws RpcUnreachable, RpcError; RangeError when there is no end of them
 */
export async function consensusValidators(rpc: CometbftRpc, height?: number): Promise<Validator[]> {
  const pages: RpcValidators['validators'][number][] = []
  for (let page = 1; ; page += 1) {
    const at = height === undefined ? {} : { height: String(height) }
    const params = { ...at, page: String(page), per_page: String(PAGE) }
    const { validators, total } = await rpc.call<RpcValidators & { total: string }>('validators', params)
    pages.push(...validators)
    if (pages.length >= Number(total) || validators.length === 0) return validatorsOfRpc({ validators: pages })
    if (pages.length >= MAX_VALIDATORS) throw new RangeError(`more than ${MAX_VALIDATORS} validators`)
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
