// `network.json`: what a network on this machine is made of. It holds no secret; keys lie in the folders it names.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { claim, ClaimHeldError, type Claim } from '#engines/claim'
import { freePorts } from '#engines/ports'
import { sleep } from '#engines/say'
import { sha256Hex, utf8ToBytes } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import { CommandFailure } from '../failure.ts'
import { words } from './words/index.ts'

const Port = Type.Integer({ minimum: 1, maximum: 65_535 })

const TrustedHeader = Type.Object({
  trustHeight: Type.Integer({ minimum: 1 }),
  trustHash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  from: Type.Array(Type.String(), { minItems: 1 }),
})
export type TrustedHeader = Static<typeof TrustedHeader>

/** One organisation's node and its CometBFT process. */
const NetworkNode = Type.Object({
  /** The organisation that runs it. */
  name: Type.String(),
  isValidator: Type.Boolean(),
  /** CometBFT's name for it among its peers: 40 hex digits. */
  peerId: Type.String({ pattern: '^[0-9a-f]{40}$' }),
  /** Of its validator key, base64, also where it does not vote. */
  publicKey: Type.String(),
  ports: Type.Object({ p2p: Port, rpc: Port, http: Port }),
  /**
   * Of a node that takes the state of the others instead of executing every block: the header from which its light
   * client follows the validators, and the nodes that had it; null while none of the others could be asked.
   */
  sync: Type.Optional(Type.Union([Type.Null(), TrustedHeader])),
})
export type NetworkNode = Static<typeof NetworkNode>

const Manifest = Type.Object({
  format: Type.Literal('sluice/network/v1'),
  name: Type.String(),
  chainId: Type.String(),
  genesisHash: Type.String(),
  createdAtMs: Type.Integer(),
  /** What `create` was asked for; asked again for the same it changes nothing. */
  asked: Type.Object({ validators: Type.Integer(), clock: Type.String(), startDate: Type.String(), organisations: Type.String() }), // prettier-ignore
  nodes: Type.Array(NetworkNode, { minItems: 1 }),
  /** Every organisation and the node that serves it: its own, or that of the one that hosts it. */
  organisations: Type.Array(Type.Object({ id: Type.String(), node: Type.String() }), { minItems: 1 }),
})
export type Manifest = Static<typeof Manifest>

export const manifestFile = (home: string): string => join(home, 'network.json')
export const genesisFile = (home: string): string => join(home, 'genesis.json')
/** The export of the ledger that the network continues, where it continues one. */
export const historyFile = (home: string): string => join(home, 'history.jsonl.gz')
export const nodeFolder = (home: string, node: string): string => join(home, 'nodes', node)
export const cometHome = (home: string, node: string): string => join(nodeFolder(home, node), 'cometbft')
/** A node's versions of the contracts: its organisation's own folder. */
export const nodeBundles = (home: string, node: string): string => join(nodeFolder(home, node), 'bundles')
export const organisationFolder = (home: string, organisation: string): string =>
  join(home, 'organisations', organisation)
export const keysFolder = (home: string, organisation: string): string =>
  join(organisationFolder(home, organisation), 'keys')
export const passphraseFile = (home: string, organisation: string): string =>
  join(organisationFolder(home, organisation), 'passphrase')
/** Of a name in Postgres. */
const MAX_DATABASE_NAME = 63

/**
 * Names a node's database in the cluster of the machine: by the chain, of whose digits the first 8 tell it from others
 * here, and the node. Where that is too long to be a name, a hash of all of it stands for its end.
 */
export function databaseOf({ chainId }: Pick<Manifest, 'chainId'>, node: string): string {
  const chain = chainId.replace(/(-[0-9a-f]{8})[0-9a-f]{24}$/, '$1')
  const name = `${chain}_${node}`.replaceAll(/[^a-z0-9]+/g, '_')
  if (name.length <= MAX_DATABASE_NAME) return name
  const rest = sha256Hex(utf8ToBytes(`${chainId}_${node}`)).slice(0, 16)
  return `${name.slice(0, MAX_DATABASE_NAME - rest.length - 1)}_${rest}`
}

/** @throws CommandFailure when the file is there and is not a network's; undefined when there is none */
export async function findManifest(home: string): Promise<Manifest | undefined> {
  const file = manifestFile(home)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CommandFailure(words('notJson', { file }))
  }
  if (Value.Check(Manifest, value)) return value
  const [first] = Value.Errors(Manifest, value)
  const [where, problem] = [first?.instancePath ?? '/', first?.message ?? '']
  throw new CommandFailure(words('noManifest', { file, where, problem }))
}

/** @throws CommandFailure when there is no network in the folder */
export async function readManifest(home: string): Promise<Manifest> {
  const manifest = await findManifest(home)
  if (manifest) return manifest
  throw new CommandFailure(words('noNetwork', { home }))
}

export async function writeManifest(home: string, manifest: Manifest): Promise<void> {
  const file = manifestFile(home)
  await writeFile(`${file}.new`, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true })
  await rename(`${file}.new`, file)
}

const CHANGE_WITHIN_MS = 20_000

/**
 * Changes the manifest as it stands now; one process at a time, since `up`, `join` and `admit` each change a part of it.
 * @param change answers what it was given where nothing is to be changed
 */
export async function changeManifest(home: string, change: (now: Manifest) => Manifest): Promise<Manifest> {
  const held = await claimSoon(join(home, 'network.claim.json'))
  try {
    const now = await readManifest(home)
    const changed = change(now)
    if (changed !== now) await writeManifest(home, changed)
    return changed
  } finally {
    held.release()
  }
}

async function claimSoon(path: string): Promise<Claim> {
  for (const until = Date.now() + CHANGE_WITHIN_MS; ; await sleep(20)) {
    try {
      return await claim(path, 'changing network.json')
    } catch (error) {
      if (!(error instanceof ClaimHeldError) || Date.now() > until) throw error
    }
  }
}

export async function readGenesis(home: string): Promise<JsonObject> {
  return JSON.parse(await readFile(genesisFile(home), 'utf8')) as JsonObject
}

/** Three ports for each of so many nodes, free at this moment. */
export async function portsFor(count: number): Promise<NetworkNode['ports'][]> {
  const ports = await freePorts(count * 3)
  return Array.from({ length: count }, (_, index) => {
    const [p2p, rpc, http] = ports.slice(index * 3) as [number, number, number]
    return { p2p, rpc, http }
  })
}

/** A key of CometBFT's, base64, as governance writes it: base64url without padding. */
export const consensusKey = (publicKey: string): string => Buffer.from(publicKey, 'base64').toString('base64url')

/** The node of that name. @param field what named it @throws CommandFailure listing those that there are */
export function nodeNamed({ nodes }: Manifest, name: string, field = ''): NetworkNode {
  const found = nodes.find((node) => node.name === name)
  if (found) return found
  throw new CommandFailure(words('noNode', { field, name, there: nodes.map((node) => node.name).join(', ') }), 2)
}

/** Where its CometBFT is asked. */
export const rpcOf = ({ ports }: Pick<NetworkNode, 'ports'>): string => `http://127.0.0.1:${ports.rpc}`
/** Where the organisation's API is. */
export const apiOf = ({ ports }: Pick<NetworkNode, 'ports'>): string => `http://127.0.0.1:${ports.http}`
