import { under } from './address.ts'
import { answerWithin, DEFAULT_PATIENCE, NodeSilent, waitsForBlock, type Patience } from './patience.ts'
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

export { ApiError } from './api-error.ts'

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
  /** How long to wait for the node before it counts as silent. */
  readonly patience?: Partial<Patience>
  readonly language?: 'zh' | 'en'
  readonly now?: () => number
  readonly randomId?: () => string
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
/** How often the same bytes are sent to a node that does not answer. */
const SENDS = 2
/** A token is renewed this long before it ends. */
const RENEW_BEFORE_MS = 30_000

/** The API of one node as one operator of one participant sees it. Works in Node and in browsers. */
export class SluiceClient {
  private session: Promise<{ token: string; expiresAtMs: number }> | undefined
  private chain: Promise<string> | undefined
  private head: CommandHead | undefined
  private readonly now: () => number
  private readonly patience: Patience

  constructor(private readonly options: ClientOptions) {
    this.now = options.now ?? Date.now
    this.patience = { ...DEFAULT_PATIENCE, ...options.patience }
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
    if (this.chain) return this.chain
    const asked = this.open<{ chainId: string }>('GET', '/v1/head').then(({ chainId }) => chainId)
    this.chain = asked
    asked.catch(() => (this.chain = undefined)) // and asked again where nobody answered
    return asked
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

  /** Signs and sends a command of one step. @throws ApiError, also for a refusal by the contract; NodeSilent */
  async perform(name: string, args: JsonObject, fixed: { commandId?: string } = {}): Promise<Committed> {
    return this.performAt('/v1/commands', name, args, fixed)
  }

  /** Signs a command and sends it to a business route, e.g. `/v1/holdings/h1/splits`. */
  async performAt<T = Committed>(
    path: string,
    name: string,
    args: JsonObject,
    fixed: { commandId?: string } = {},
  ): Promise<T> {
    const { command, signature } = await this.prepare(name, args, fixed)
    return this.submit<T>({ command, signature }, path)
  }

  /**
   * Sends a signed command, and the same bytes once more to a node that does not answer: it is executed at most once.
   * @throws ApiError, NodeSilent: then it may be executed yet, and whoever asks again sends these bytes
   */
  async submit<T = Committed>(signed: SignedCommand, path = '/v1/commands'): Promise<T> {
    for (let send = 1; ; send += 1) {
      try {
        return await this.post<T>(path, signed)
      } catch (error) {
        if (!(error instanceof NodeSilent) || send === SENDS) throw error
      }
    }
  }

  async get<T = Record<string, unknown>>(path: string, query: ListQuery = {}): Promise<T> {
    return JSON.parse(await this.send('GET', withQuery(path, query), undefined, { accept: 'application/json' })) as T
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
    return this.send('GET', withQuery(path, query), undefined, { accept: 'text/csv' })
  }

  async post<T>(path: string, body?: unknown): Promise<T> {
    return JSON.parse(await this.send('POST', path, body, { accept: 'application/json' })) as T
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

  private async send(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<string> {
    return this.request(method, path, body, { ...headers, authorization: `Bearer ${await this.token()}` })
  }

  private async open<T>(method: string, path: string, body?: unknown): Promise<T> {
    return JSON.parse(await this.request(method, path, body, {})) as T
  }

  private request(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<string> {
    const { url: base, language = 'en', fetch: fetcher = globalThis.fetch } = this.options
    const { answerMs, blockMs } = this.patience
    const url = under(base, path)
    return answerWithin(waitsForBlock(method, url) ? answerMs + blockMs : answerMs, fetcher, url, {
      method,
      headers: {
        ...headers,
        'accept-language': language,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }
}

function withQuery(path: string, query: ListQuery): string {
  const entries = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  return entries.length > 0 ? `${path}?${new URLSearchParams(entries as [string, string][]).toString()}` : path
}
