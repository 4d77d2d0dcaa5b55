import { readFile } from 'node:fs/promises'
import { ApiError, type SluiceClient } from '#client/client'
import { NodeSilent } from '#client/patience'
import type { KeyFunction } from '#contracts/kernel/method'
import { messageOf, sleep } from '#engines/say'
import type { Ask } from '#node/keys/person'
import { openKeyring, type Keyring } from '#node/keys/keyring'
import { CommandFailure } from '../failure.ts'
import { operatorClient } from '../stack/served-contracts.ts'
import { apiAnswers, nodeStatus } from './status.ts'
import { apiOf, keysFolder, nodeNamed, passphraseFile, type Manifest, type NetworkNode } from './manifest.ts'
import { words } from './words/index.ts'

/** What lies beside an organisation's keys: this is one machine. */
export const passphraseOf = async (home: string, organisation: string): Promise<string> =>
  (await readFile(passphraseFile(home, organisation), 'utf8')).trim()

/** The keys of an organisation, opened with the passphrase that lies beside them. */
export const keyringOf = async (home: string, organisation: string): Promise<Keyring> =>
  openKeyring(keysFolder(home, organisation), organisation, await passphraseOf(home, organisation))

/** Of a caller who only looks. */
export const signsNothing: Ask = () => false

/** The node that serves an organisation: its own, or its host's. @throws CommandFailure listing the organisations */
export function nodeServing(manifest: Manifest, organisation: string): NetworkNode {
  const found = manifest.organisations.find(({ id }) => id === organisation)
  if (found) return nodeNamed(manifest, found.node)
  const there = manifest.organisations.map(({ id }) => id).join(', ')
  throw new CommandFailure(words('noOrganisation', { organisation, there }), 2)
}

/** The node that serves an organisation, or where that does not answer the first that does: each takes any member's call. */
export async function answeringNode(manifest: Manifest, organisation: string): Promise<NetworkNode> {
  const own = nodeServing(manifest, organisation)
  for (const node of [own, ...manifest.nodes]) if (await apiAnswers(node)) return node
  return own // whose silence the call will then tell
}

interface Calling {
  /** Who is shown each command before it is signed; without it none is. */
  readonly ask?: Ask
  /** Another node than the one that serves the organisation. */
  readonly at?: NetworkNode
}

/**
 * An organisation's operator, as a caller of the node that serves it.
 * @param wanted the operator's id, or what its key must be good for
 * @throws CommandFailure when the organisation has no such operator
 */
export async function asOperator(
  home: string,
  manifest: Manifest,
  organisation: string,
  wanted: { readonly operator: string } | { readonly function: KeyFunction },
  { ask = signsNothing, at }: Calling = {},
): Promise<{ client: SluiceClient; operator: string; node: NetworkNode; url: string }> {
  const node = at ?? nodeServing(manifest, organisation)
  const keyring = await keyringOf(home, organisation)
  const operator = operatorOf(keyring, wanted)
  const url = apiOf(node)
  return { client: operatorClient(url, keyring, operator, ask), operator, node, url }
}

/** An operator of an organisation, or the first whose key is good for something. @throws CommandFailure listing them */
export function operatorOf(
  { participant, signers }: Keyring,
  wanted: { readonly operator: string } | { readonly function: KeyFunction },
): string {
  const found = signers.find((each) =>
    'operator' in wanted ? each.operator === wanted.operator : each.functions.includes(wanted.function),
  )
  if (found) return found.operator
  const there = signers.map(({ operator, functions }) => `${operator} (${functions.join(', ')})`).join(', ')
  const problem =
    'operator' in wanted
      ? words('noOperator', { participant, operator: wanted.operator, there })
      : words('noFunction', { participant, wanted: wanted.function, there })
  throw new CommandFailure(problem, 2)
}

const START_MS = 60_000
const ASK_AGAIN_MS = 500

/**
 * Says who does not answer and what to do, where that is why a call failed. A node that is just being started, or started
 * again, is waited for: nobody took the call, so it is made once more.
 */
export async function calling<T>(node: NetworkNode, url: string, call: () => Promise<T>): Promise<T> {
  const { name } = node
  for (const until = Date.now() + START_MS; ; await sleep(ASK_AGAIN_MS)) {
    try {
      return await call()
    } catch (error) {
      if (error instanceof NodeSilent) {
        throw new CommandFailure(words('nodeSilent', { name, problem: error.message }), 1, { cause: error })
      }
      if (error instanceof ApiError || !(error instanceof TypeError)) throw error
      if (isRefused(error) && Date.now() < until && (await isStarting(node))) continue
      const problem = messageOf(error.cause ?? error)
      throw new CommandFailure(words('nodeAway', { name, url, problem }), 1, { cause: error })
    }
  }
}

/** Nobody listened, so nothing of the call was sent. */
const isRefused = ({ cause }: TypeError): boolean =>
  (cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED'

/** `up` runs: the node's CometBFT is there, or just its API was. */
async function isStarting(node: NetworkNode): Promise<boolean> {
  const { comet, api } = await nodeStatus(node)
  return comet !== undefined || api
}

/** A position that a read waits for: what was committed up to now. */
export const headOf = async (client: Pick<SluiceClient, 'get'>): Promise<string> =>
  `${(await client.get<{ height: number }>('/v1/head')).height}.0`
