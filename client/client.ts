import { under } from './address.ts'
import { toBase64url } from '#proof/base64url'
import {
  decodeSigned,
  encodeSigned,
  signingBytes,
  type Command,
  type CommandHead,
  type SignedCommand,
} from '#proof/command'
import type { JsonObject } from '#proof/json'
import { loginBytes } from '#proof/login'

/** Signs bytes with one operator's key; the key itself stays where it is (file, browser, hardware). */
export interface ClientSigner {
  readonly participant: string
  readonly keyId: string
  sign(message: Uint8Array): Promise<Uint8Array> | Uint8Array
  /** For a signer that must see what it signs: the signed command's canonical bytes. Without it `sign` gets the message. */
  signCommand?(command: Command): Promise<Uint8Array>
}

export interface ClientOptions {
  /** `http://127.0.0.1:8080`; of a node's further ledger `http://127.0.0.1:8080/ledgers/CHAIN_ID`. */
  readonly url: string
  readonly signer: ClientSigner
  readonly fetch?: typeof fetch
  readonly language?: 'zh' | 'en'
  readonly now?: () => number
  readonly randomId?: () => string
}

/** What the node answered that is not a success (RFC 9457). */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly status: number,
    readonly code: string,
    readonly problem: {
      readonly title?: string
      readonly detail?: string
      readonly errors?: readonly { readonly field: string; readonly problem: string }[]
      readonly [extension: string]: unknown
    },
  ) {
    super(`${status} ${code}: ${problem.detail ?? problem.title ?? ''}`)
  }
}

export interface Committed {
  readonly commandId: string
  readonly digest: string
  /** Give it to reads as `at`. */
  readonly position: string
  readonly events: readonly { readonly contract: string; readonly event: string }[]
}

export interface ListPage<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

export interface ListQuery {
  readonly at?: string
  readonly after?: string
  readonly limit?: number
  readonly sort?: string
  readonly [filter: string]: string | number | undefined
}

/** What `GET /v1/contracts` answers, as far as a signer needs it. */
export interface ServedContracts {
  readonly chainId: string
  /** The version's hash; null: the node's own sources. */
  readonly bundle: string | null
  readonly versions: readonly { readonly fromHeight: number; readonly value: string | null }[]
  readonly methods: readonly JsonObject[]
}

const LIFETIME_MS = 10 * 60_000
/** A token is renewed this long before it ends. */
const RENEW_BEFORE_MS = 30_000

/** The API of one node as one operator of one participant sees it. Works in Node and in browsers. */
export class SluiceClient {
  private session: Promise<{ token: string; expiresAtMs: number }> | undefined
  private chain: Promise<string> | undefined
  private head: CommandHead | undefined
  private readonly now: () => number

  constructor(private readonly options: ClientOptions) {
    this.now = options.now ?? Date.now
  }

  /** A bearer token, signed for when there is none or it is about to end. */
  readonly token = async (): Promise<string> => {
    const { session } = this
    const current = await session?.catch(() => undefined)
    if (current && current.expiresAtMs - RENEW_BEFORE_MS > this.now()) return current.token
    // Of many that ask at once, one signs in.
    if (this.session === session) this.session = this.signIn()
    return (await this.session!).token
  }

  /** The ledger's id, asked once. */
  chainId(): Promise<string> {
    this.chain ??= this.open<{ chainId: string }>('GET', '/v1/head').then(({ chainId }) => chainId)
    return this.chain
  }

  /** What the node says of the contracts: of the version that decides the next block, or a deal's own. */
  contracts(deal?: string): Promise<ServedContracts> {
    return deal === undefined ? this.open('GET', '/v1/contracts') : this.get('/v1/contracts', { deal })
  }

  /**
   * Commands that are drafted from now on say that they were built on this block, so that a ledger with another history
   * refuses them (WRONG_HEAD): one that was verified (`proof/head.ts`), not one that a node names. undefined: on none.
   */
  buildOn(head: CommandHead | undefined): void {
    this.head = head
  }

  /** Fixes every field of a command, for a person to look at before it is signed. */
  async draft(name: string, args: JsonObject, fixed: { commandId?: string; chainId?: string } = {}): Promise<Command> {
    const [contract = '', method = ''] = name.split('.')
    const { participant, keyId } = this.options.signer
    const chainId = fixed.chainId ?? (await this.chainId())
    const commandId = fixed.commandId ?? (this.options.randomId ?? (() => globalThis.crypto.randomUUID()))()
    const issuedAt = this.now()
    const expiresAt = issuedAt + LIFETIME_MS
    const { head } = this
    return {
      chainId,
      contract,
      method,
      args,
      commandId,
      participant,
      keyId,
      issuedAt,
      expiresAt,
      ...(head && { head }),
    }
  }

  /** Signs a command as it is; it must be of the signer's own participant and key. */
  async sign(command: Command): Promise<SignedCommand> {
    const { signer } = this.options
    if (signer.signCommand) return decodeSigned(await signer.signCommand(command))
    return { command, signature: toBase64url(await signer.sign(signingBytes(command))) }
  }

  /** Fixes every field of a command and signs it; send the same bytes again until the outcome is known. */
  async prepare(name: string, args: JsonObject, fixed: { commandId?: string; chainId?: string } = {}) {
    const signed = await this.sign(await this.draft(name, args, fixed))
    return { ...signed, bytes: encodeSigned(signed) }
  }

  /** Signs and sends a command of one step. @throws ApiError, also for a refusal by the contract */
  async perform(name: string, args: JsonObject, fixed: { commandId?: string } = {}): Promise<Committed> {
    const { command, signature } = await this.prepare(name, args, fixed)
    return this.post('/v1/commands', { command, signature })
  }

  /** Signs a command and sends it to a business route, e.g. `/v1/holdings/h1/splits`. */
  async performAt<T = Committed>(
    path: string,
    name: string,
    args: JsonObject,
    fixed: { commandId?: string } = {},
  ): Promise<T> {
    const { command, signature } = await this.prepare(name, args, fixed)
    return this.post<T>(path, { command, signature })
  }

  async get<T = Record<string, unknown>>(path: string, query: ListQuery = {}): Promise<T> {
    const response = await this.send('GET', withQuery(path, query), undefined, { accept: 'application/json' })
    return (await response.json()) as T
  }

  list<T = Record<string, unknown>>(path: string, query: ListQuery = {}): Promise<ListPage<T>> {
    return this.get<ListPage<T>>(path, query)
  }

  /** Every item, page by page. */
  async *all<T = Record<string, unknown>>(path: string, query: ListQuery = {}): AsyncGenerator<T> {
    let after: string | undefined
    do {
      const page: ListPage<T> = await this.list<T>(path, { ...query, ...(after === undefined ? {} : { after }) })
      yield* page.items
      after = page.next ?? undefined
    } while (after !== undefined)
  }

  async csv(path: string, query: ListQuery = {}): Promise<string> {
    return (await this.send('GET', withQuery(path, query), undefined, { accept: 'text/csv' })).text()
  }

  async post<T>(path: string, body?: unknown): Promise<T> {
    return (await (await this.send('POST', path, body, { accept: 'application/json' })).json()) as T
  }

  private async signIn() {
    const { signer } = this.options
    const { participant, keyId } = signer
    const issued = await this.open<{ challenge: string; audience: string; chainId: string }>('POST', '/v1/challenges', {
      participant,
      keyId,
    })
    const { challenge, audience, chainId } = issued
    const signature = toBase64url(await signer.sign(loginBytes({ chainId, audience, participant, keyId, challenge })))
    return this.open<{ token: string; expiresAtMs: number }>('POST', '/v1/tokens', { challenge, signature })
  }

  private async send(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Response> {
    return this.request(method, path, body, { ...headers, authorization: `Bearer ${await this.token()}` })
  }

  private async open<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await (await this.request(method, path, body, {})).json()) as T
  }

  private async request(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Response> {
    const { url, language = 'en', fetch: fetcher = globalThis.fetch } = this.options
    const response = await fetcher(under(url, path), {
      method,
      headers: {
        ...headers,
        'accept-language': language,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (response.ok) return response
    const text = await response.text()
    throw apiError(response.status, text)
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

function withQuery(path: string, query: ListQuery): string {
  const entries = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  return entries.length > 0 ? `${path}?${new URLSearchParams(entries as [string, string][]).toString()}` : path
}
