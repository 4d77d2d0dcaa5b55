import { ApiError } from './api-error.ts'

/** How long a client waits for a node, in milliseconds: to connect and to have the whole answer. */
export interface Patience {
  readonly answerMs: number
  /** So much more where the node itself may wait for a block before it says what became of a command or a read. */
  readonly blockMs: number
}

/** A node waits for a block for a minute (`network up --patience`); it answers the rest within seconds, also when busy. */
export const DEFAULT_PATIENCE: Patience = { answerMs: 30_000, blockMs: 60_000 }

/** The node took too long: it is frozen, or its line leads nowhere. What became of what was sent is not known. */
export class NodeSilent extends Error {
  override readonly name = 'NodeSilent'
  constructor(
    readonly url: string,
    readonly waitedMs: number,
    asked: string,
  ) {
    super(`${url} did not answer ${asked} within ${waitedMs / 1000} seconds`)
  }
}

/** Proofs and outcomes wait for an anchor unasked, commands for their block, and reads for their `?at=`; signing in does not. */
export const waitsForBlock = (method: string, { pathname, searchParams }: URL): boolean =>
  method === 'POST'
    ? !/\/v1\/(challenges|tokens)$/.test(pathname)
    : searchParams.has('at') || /\/v1\/(proofs|commands)\//.test(pathname)

/**
 * The whole text of an answer.
 * @throws NodeSilent after so long, whether nothing came or only a part; ApiError for an answer that is not a success
 */
export async function answerWithin(
  waitMs: number,
  fetcher: typeof fetch,
  url: URL,
  init: RequestInit,
): Promise<string> {
  const end = new AbortController()
  const silent = new NodeSilent(url.origin, waitMs, `${init.method ?? 'GET'} ${url.pathname}`)
  const timer = setTimeout(() => end.abort(silent), waitMs)
  try {
    const response = await fetcher(url, { ...init, signal: end.signal })
    const text = await response.text()
    if (response.ok) return text
    throw apiError(response.status, text)
  } catch (error) {
    if (end.signal.aborted) throw silent // however the runtime words it
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function apiError(status: number, text: string): ApiError {
  try {
    const problem = JSON.parse(text) as { code?: string }
    return new ApiError(status, problem.code ?? 'UNKNOWN', problem)
  } catch {
    return new ApiError(status, 'UNKNOWN', { detail: text.slice(0, 200) })
  }
}
