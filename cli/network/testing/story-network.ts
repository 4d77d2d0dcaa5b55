// The consortium of the contracts' tests as a network, so that their stories can be told there over HTTP.
import { ApiError, SluiceClient, type Committed } from '#client/client'
import { testGenesis } from '#contracts/testing/consortium'
import { messageOf, sleep } from '#engines/say'
import type { Keyring } from '#node/keys/keyring'
import type { SignedCommand } from '#proof/command'
import type { JsonObject } from '#proof/json'
import { clientSigner } from '../../stack/keys.ts'
import { keyringOf, nodeServing } from '../as-operator.ts'
import { apiOf, nodeNamed, readManifest, type Manifest } from '../manifest.ts'

/**
 * Members of the tests' consortium as a network's file names them.
 * @param first those that come first, of whom the first four validate; then the others
 * @param callers operators as stories name them, `core:maker`; whoever has none among them is left out
 */
export function storyOrganisations(first: readonly string[], callers: Iterable<string>): object[] {
  const wanted = new Set(callers)
  const place = ({ id }: { id: string }): number => (first.includes(id) ? first.indexOf(id) : first.length)
  return testGenesis()
    .participants.flatMap(({ id, name, uscc, roles, operators }) => {
      const own = operators.filter((operator) => wanted.has(operator.id))
      const named = own.map(({ id: who, kind, keys }) => ({ id: who.split(':')[1], kind, functions: keys[0]!.functions })) // prettier-ignore
      return named.length > 0 ? [{ id, name, uscc, roles, operators: named }] : []
    })
    .sort((one, other) => place(one) - place(other))
}

/** More than any answer needs on a busy machine, beside the time that a node may wait for a block. */
const patience = { answerMs: 60_000 }

/** Says what was asked of whom, where no answer comes. */
const named: typeof fetch = async (what, init) => {
  try {
    return await fetch(what, init)
  } catch (error) {
    const asked = `${init?.method ?? 'GET'} ${what instanceof Request ? what.url : String(what)}`
    throw new Error(`${asked}: ${messageOf(error)}`, { cause: error })
  }
}

export interface Head {
  readonly height: number
  readonly headerHash: string
}

/** People and services of a network on this machine, each through the node that serves it or another. */
export class Callers {
  private readonly keyrings = new Map<string, Promise<Keyring>>()
  private readonly clients = new Map<string, SluiceClient>()
  private constructor(
    private readonly home: string,
    readonly manifest: Manifest,
  ) {}

  static async of(home: string): Promise<Callers> {
    return new Callers(home, await readManifest(home))
  }

  /** @param who `core:maker` */
  async client(who: string, node?: string): Promise<SluiceClient> {
    const [organisation = '', operator = ''] = who.split(':')
    const through = node === undefined ? nodeServing(this.manifest, organisation) : nodeNamed(this.manifest, node)
    const name = `${who} ${through.name}`
    const known = this.clients.get(name)
    if (known) return known
    const keyring = this.keyrings.get(organisation) ?? keyringOf(this.home, organisation)
    this.keyrings.set(organisation, keyring)
    const signer = clientSigner(await keyring, operator, () => true)
    const made = new SluiceClient({ url: apiOf(through), signer, fetch: named, patience })
    this.clients.set(name, made)
    return made
  }

  async prepared(who: string, name: string, args: JsonObject, node?: string): Promise<SignedCommand> {
    const { command, signature } = await (await this.client(who, node)).prepare(name, args)
    return { command, signature }
  }

  /** Sends the same bytes until the network answers. @throws ApiError for a refusal */
  async send(signed: SignedCommand, who: string, node?: string): Promise<Committed> {
    const client = await this.client(who, node)
    for (;;) {
      try {
        return await client.post<Committed>('/v1/commands', signed)
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 503) throw error
      }
      await sleep(200)
    }
  }

  async does(who: string, name: string, args: JsonObject, node?: string): Promise<Committed> {
    return this.send(await this.prepared(who, name, args, node), who, node)
  }

  /** What it is refused with; undefined when it is not. */
  async refusal(who: string, name: string, args: JsonObject): Promise<string | undefined> {
    try {
      await this.does(who, name, args)
      return undefined
    } catch (error) {
      if (error instanceof ApiError) return error.code
      throw error
    }
  }

  /** Where a node stands; undefined when it does not answer. */
  async head(node: string): Promise<Head | undefined> {
    const signal = AbortSignal.timeout(5_000) // a process that is paused still takes connections
    const url = `${apiOf(nodeNamed(this.manifest, node))}/v1/head`
    const response = await fetch(url, { signal }).catch(() => undefined)
    return response?.ok ? ((await response.json()) as Head) : undefined
  }

  /** Waits until these nodes stand at the same block, at this height at least; answers it. */
  async together(nodes: readonly string[], height = 0): Promise<Head> {
    for (; ; await sleep(200)) {
      const [first, ...others] = await Promise.all(nodes.map((node) => this.head(node)))
      if (first && first.height >= height && others.every((head) => head?.headerHash === first.headerHash)) return first
    }
  }
}
