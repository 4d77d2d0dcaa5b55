import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { GenesisDocument } from '#contracts/genesis'
import { genesisEvents } from '#contracts/genesis'
import type { IsoDate } from '#domain/date'
import { configFile, type StateSync } from '#engines/cometbft/config'
import { cometGenesis } from '#engines/cometbft/genesis'
import { addressOf, cometKey, NEW_VALIDATOR_STATE, nodeKeyFile, validatorKeyFile, type CometKey } from '#engines/cometbft/keys' // prettier-ignore
import { chainIdOf, genesisHash } from '#proof/block'
import { hashJson } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import { consortiumGenesis, keyIdOf, type Member } from '../demo/consortium.ts'
import { CommandFailure } from '../failure.ts'
import { ledgerOperatorKey } from '../stack/keys.ts'
import { foundingBundle, keepBundles, requireEnters, requireSameBundle, type AskedBundle } from './founding-bundle.ts'
import {
  cometHome,
  consensusKey,
  findManifest,
  genesisFile,
  nodeNamed,
  portsFor,
  rpcOf,
  readGenesis,
  writeManifest,
  type Manifest,
  type NetworkNode,
  type TrustedHeader,
} from './manifest.ts'
import { organisationKeys } from './organisation-keys.ts'
import { socketOf } from './socket.ts'
import { words } from './words/index.ts'

export interface CreateOptions {
  readonly home: string
  /** Part of the chain's id. */
  readonly name: string
  /** How many of the organisations run a validator: the first ones. */
  readonly validators: number
  readonly members: readonly Member[]
  readonly clock: GenesisDocument['clock']
  readonly startDate: IsoDate
  /** The version of the contracts that genesis names; asked again, the network keeps the one that it has. */
  readonly bundle?: AskedBundle
  /** Opens an organisation's keys; a new random one unless given. Kept beside them: this is one machine. */
  readonly passphrase?: string
  readonly nowMs?: number
}

/** Of every validator at first. */
const POWER = 10
/** More would not find room on one machine. */
const MAX_VALIDATORS = 16
/** That one may fail and none decides alone (contracts/governance). */
const MIN_ORGANISATIONS = 3

/**
 * Makes a network's keys, genesis and configuration in a folder. The folder appears whole or not at all; asked again for
 * the same network it changes nothing.
 * @throws CommandFailure when the folder holds another network, or anything else
 */
export async function createNetwork(options: CreateOptions): Promise<{ manifest: Manifest; made: boolean }> {
  const { home, validators, members } = options
  if (!Number.isInteger(validators) || validators < 1 || validators > MAX_VALIDATORS)
    throw new CommandFailure(words('validatorsWrong', { most: MAX_VALIDATORS, validators }), 2)
  if (validators > members.length)
    throw new CommandFailure(words('tooFewForValidators', { validators, members: members.length }), 2)
  if (members.length < MIN_ORGANISATIONS)
    throw new CommandFailure(words('tooFewOrganisations', { least: MIN_ORGANISATIONS }), 2)
  const asked = askedOf(options)
  const before = await findManifest(home)
  if (before) {
    requireSame(home, before, options.name, asked)
    requireSameBundle(home, await readGenesis(home), options.bundle)
    return { manifest: before, made: false }
  }
  return { manifest: await makeHome(home, (folder) => fill(folder, options, asked)), made: true }
}

/** Fills a new folder beside, which then takes its place: it appears whole or not at all. @throws CommandFailure when it is not empty */
export async function makeHome<T>(home: string, filling: (folder: string) => Promise<T>): Promise<T> {
  const there = await readdir(home).catch(() => [])
  if (there.length > 0)
    throw new CommandFailure(words('notEmpty', { home, there: there.slice(0, 3).join(', ') })) // prettier-ignore
  const beside = `${home}.creating`
  await rm(beside, { recursive: true, force: true }) // what a run that was cut short left: nobody has used its keys
  await mkdir(beside, { recursive: true, mode: 0o700 })
  const filled = await filling(beside)
  await mkdir(dirname(home), { recursive: true })
  await rename(beside, home) // replaces an empty folder, and nothing else
  return filled
}

const askedOf = ({ validators, clock, startDate, members }: CreateOptions): Manifest['asked'] => ({
  validators,
  clock,
  startDate,
  organisations: hashJson(members as unknown as Json),
})

function requireSame(home: string, before: Manifest, name: string, asked: Manifest['asked']): void {
  const [was, want] = [
    { name: before.name, ...before.asked },
    { name, ...asked },
  ] as const
  for (const field of Object.keys(want) as (keyof typeof want)[]) {
    if (was[field] === want[field]) continue
    const { chainId } = before
    const how =
      field === 'organisations'
        ? words('otherOrganisations', { chainId })
        : words('otherField', { chainId, field, was: was[field], want: want[field] })
    throw new CommandFailure(words('otherNetwork', { home, how }))
  }
}

async function fill(folder: string, options: CreateOptions, asked: Manifest['asked']): Promise<Manifest> {
  const { members, validators, name, clock, startDate } = options
  const bundle = await foundingBundle(options.bundle)
  const publicKeys = await keysOfAll(folder, members, options.passphrase)
  const operator = await ledgerOperatorKey(join(folder, 'organisations'))
  const keys = members.slice(0, validators).map(() => ({ node: cometKey(), validator: cometKey() }))
  const genesis = consortiumGenesis({
    name,
    clock,
    startDate,
    members,
    bundle: bundle && bundle.contracts.bundle,
    ledgerOperatorPublicKey: operator.publicKey,
    validators: keys.map(({ validator }, index) => ({
      participant: members[index]!.id,
      publicKey: consensusKey(validator.publicKey),
      power: POWER,
    })),
    publicKeyOf: (participant, operatorId) => publicKeys.get(`${participant}/${operatorId}`)!,
  })
  const events = genesisEvents(genesis) // checks it, naming what does not fit
  if (bundle) requireEnters(bundle, events)
  const document = genesis as unknown as JsonObject
  const chainId = chainIdOf(document)
  await writeFile(genesisFile(folder), `${JSON.stringify(document, null, 2)}\n`)
  const ports = await portsFor(validators)
  const nodes = keys.map(({ node, validator }, index): NetworkNode => {
    const { id } = members[index]!
    return { name: id, isValidator: true, peerId: node.id, publicKey: validator.publicKey, ports: ports[index]! }
  })
  const createdAtMs = options.nowMs ?? Date.now()
  const manifest: Manifest = {
    format: 'sluice/network/v1',
    name,
    chainId,
    genesisHash: genesisHash(document),
    createdAtMs,
    asked,
    nodes,
    organisations: members.map(({ id }, index) => ({ id, node: nodes[index % validators]!.name })),
  }
  const consensusGenesis = cometGenesis({
    chainId,
    timeMs: createdAtMs,
    validators: keys.map(({ validator }, index) => ({
      name: nodes[index]!.name,
      address: addressOf(validator),
      publicKey: validator.publicKey,
      power: POWER,
    })),
    appState: document,
  })
  for (const [index, node] of nodes.entries()) {
    await writeCometHome(folder, node, keys[index]!, consensusGenesis)
    keepBundles(folder, node.name, bundle ? [bundle.text] : [])
  }
  await writeConfigs(folder, manifest, options.home)
  await writeManifest(folder, manifest)
  return manifest
}

/** The keys of each organisation; answers the public ones by `organisation/operator`. */
async function keysOfAll(
  folder: string,
  members: readonly Member[],
  given: string | undefined,
): Promise<Map<string, string>> {
  const keys = await Promise.all(
    members.map(async (member) => {
      const keyring = await organisationKeys(folder, member, given)
      return member.operators.map(({ id }) => [`${member.id}/${id}`, keyring.signer(keyIdOf(id)).publicKey] as const)
    }),
  )
  return new Map(keys.flat())
}

/** A CometBFT folder but for `config.toml`: its two keys, the genesis, and that its validator has signed nothing yet. */
export async function writeCometHome(
  home: string,
  node: Pick<NetworkNode, 'name'>,
  keys: { node: CometKey; validator: CometKey },
  genesis: string,
): Promise<void> {
  const folder = cometHome(home, node.name)
  await mkdir(join(folder, 'config'), { recursive: true, mode: 0o700 })
  await mkdir(join(folder, 'data'), { recursive: true, mode: 0o700 })
  await writeFile(join(folder, 'config', 'genesis.json'), genesis)
  await writeFile(join(folder, 'config', 'node_key.json'), nodeKeyFile(keys.node), { mode: 0o600 })
  await writeFile(join(folder, 'config', 'priv_validator_key.json'), validatorKeyFile(keys.validator), { mode: 0o600 })
  await writeFile(join(folder, 'data', 'priv_validator_state.json'), NEW_VALIDATOR_STATE, { mode: 0o600 })
}

/** `id@host:port` of every other node. */
export const peersOf = ({ nodes }: Manifest, of: NetworkNode): string[] =>
  nodes.filter(({ name }) => name !== of.name).map(({ peerId, ports }) => `${peerId}@127.0.0.1:${ports.p2p}`)

/**
 * `config.toml` of every node, from the manifest's ports.
 * @param home where the network will stand, when it is being made in another folder
 */
export async function writeConfigs(folder: string, manifest: Manifest, home = folder): Promise<void> {
  for (const node of manifest.nodes) await writeConfig(folder, manifest, node, home)
}

/** That of one node. */
export async function writeConfig(folder: string, manifest: Manifest, node: NetworkNode, home = folder) {
  const { p2p, rpc } = node.ports
  const text = configFile({
    moniker: node.name,
    application: `unix://${socketOf(home, node.name)}`,
    p2pPort: p2p,
    rpcPort: rpc,
    peers: peersOf(manifest, node),
    ...(node.sync && { stateSync: stateSyncFrom(manifest, node.sync) }),
  })
  await writeFile(join(cometHome(folder, node.name), 'config', 'config.toml'), text)
}

function stateSyncFrom(manifest: Manifest, { from, ...trust }: TrustedHeader): StateSync {
  const servers = from.map((name) => rpcOf(nodeNamed(manifest, name)))
  // Two are wanted, to be compared with each other; where only one other node runs there is nothing to compare.
  return { ...trust, rpcServers: servers.length === 1 ? [...servers, ...servers] : servers }
}
