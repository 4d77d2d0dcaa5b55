// `sluice network create --from-export`: a network that goes on from a ledger that was ended (docs/adr/031).
import { createWriteStream } from 'node:fs'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { foundingGenesis } from '#contracts/genesis'
import { validatorsAt } from '#contracts/governance/read'
import { validatorsKey, type Validator } from '#contracts/governance/state'
import { participantKey } from '#contracts/membership/state'
import { cometGenesis } from '#engines/cometbft/genesis'
import { addressOf, cometKey, validatorKeyFile, type CometKey } from '#engines/cometbft/keys'
import { HistoryRefused, readPredecessor } from '#ledger-adapter/application/continue'
import { openKeyring } from '#node/keys/keyring'
import { chainIdOf, genesisHash } from '#proof/block'
import { hashJson } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import { continuingGenesis, type Predecessor } from '#proof/predecessor'
import { CommandFailure } from '../failure.ts'
import { existingStore } from '../stack/bundles.ts'
import { exportLines, exportRules } from '../verify/export-file.ts'
import { makeHome, writeCometHome, writeConfigs } from './create.ts'
import { keepBundles, keptBundles } from './founding-bundle.ts'
import { consensusKey, findManifest, genesisFile, historyFile, keysFolder, passphraseFile, portsFor, writeManifest, type Manifest, type NetworkNode } from './manifest.ts' // prettier-ignore
import { words } from './words/index.ts'

export interface ContinueOptions {
  readonly home: string
  readonly name: string
  /** The export of the ended ledger. */
  readonly exportFile: string
  /** Keys of the validators that the ledger's governance decided on, `ORGANISATION.json` each, as `makeValidatorKey` makes them. */
  readonly validatorKeys: string
  /** A folder of encrypted keys for each organisation that this machine serves, named by it. */
  readonly keys: string
  /** Opens them. */
  readonly passphrase: string
  /** Versions of the contracts that the ledger's governance activated. */
  readonly bundles?: string
  readonly nowMs?: number
}

/** A new validator's key in a file of its own; answers its public half, base64url, for governance to decide on. */
export async function makeValidatorKey(folder: string, organisation: string): Promise<string> {
  const key = cometKey()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${organisation}.json`)
  await writeFile(file, validatorKeyFile(key), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? new CommandFailure(words('keyStays', { file })) : error
  })
  return consensusKey(key.publicKey)
}

/**
 * Makes the folder of a network that continues the ledger of the export. Who validates stands in the ledger's state.
 * @throws CommandFailure naming what does not hold of the export, or which key is missing
 */
export async function continueNetwork(options: ContinueOptions): Promise<{ manifest: Manifest; made: boolean }> {
  const { home, exportFile, name } = options
  const rules = exportRules(options.bundles === undefined ? undefined : existingStore(options.bundles))
  const predecessor = await readPredecessor(() => exportLines(exportFile), rules).catch((error: unknown) => {
    throw error instanceof HistoryRefused ? new CommandFailure(words('problemIn', { file: exportFile, problem: error.message }), 1, { cause: error }) : error // prettier-ignore
  })
  const document = continuingGenesis(name, predecessor)
  const chainId = chainIdOf(document)
  const before = await findManifest(home)
  if (before) {
    if (before.chainId !== chainId) throw new CommandFailure(words('otherChain', { home, chainId: before.chainId }))
    return { manifest: before, made: false }
  }
  return { manifest: await makeHome(home, (folder) => fill(folder, options, predecessor, document)), made: true }
}

async function fill(
  folder: string,
  options: ContinueOptions,
  predecessor: Predecessor,
  document: JsonObject,
): Promise<Manifest> {
  const { validators, participants } = await membersOf(options.exportFile, predecessor)
  const keys = await Promise.all(validators.map((one) => validatorKeyOf(options.validatorKeys, one)))
  const organisations = await copyKeys(folder, options, participants)
  const ports = await portsFor(validators.length)
  const nodeKeys = validators.map(() => cometKey())
  const nodes = validators.map(({ participant }, index): NetworkNode => {
    const [{ id }, { publicKey }] = [nodeKeys[index]!, keys[index]!]
    return { name: participant, isValidator: true, peerId: id, publicKey, ports: ports[index]! }
  })
  const chainId = chainIdOf(document)
  const createdAtMs = Math.max(options.nowMs ?? Date.now(), predecessor.timeMs)
  const { clock, startDate } = foundingGenesis(document)
  const asked = { validators: nodes.length, clock, startDate, organisations: hashJson(organisations) }
  const served = organisations.map((id, index) => ({
    id,
    node: nodes.some(({ name }) => name === id) ? id : nodes[index % nodes.length]!.name,
  }))
  const manifest: Manifest = {
    format: 'sluice/network/v1',
    name: options.name,
    chainId,
    genesisHash: genesisHash(document),
    createdAtMs,
    asked,
    nodes,
    organisations: served,
  }
  const consensus = cometGenesis({
    chainId,
    timeMs: createdAtMs,
    initialHeight: predecessor.height + 1,
    validators: keys.map((key, index) => ({
      name: nodes[index]!.name,
      address: addressOf(key),
      publicKey: key.publicKey,
      power: validators[index]!.power,
    })),
    appState: document,
  })
  await writeFile(genesisFile(folder), `${JSON.stringify(document, null, 2)}\n`)
  await pipeline(Readable.from(withFeeds(exportLines(options.exportFile))), createGzip(), createWriteStream(historyFile(folder))) // prettier-ignore
  const bundles = options.bundles === undefined ? [] : keptBundles(options.bundles)
  for (const [index, node] of nodes.entries()) {
    await writeCometHome(folder, node, { node: nodeKeys[index]!, validator: keys[index]! }, consensus)
    keepBundles(folder, node.name, bundles)
  }
  await writeConfigs(folder, manifest, options.home)
  await writeManifest(folder, manifest)
  return manifest
}

async function* withFeeds(lines: AsyncIterable<string>): AsyncIterable<string> {
  for await (const line of lines) yield `${line}\n`
}

/** Validators and members as they stand in the state at the end of a verified export. */
async function membersOf(exportFile: string, { height }: Predecessor) {
  const participants = new Set<string>()
  let schedule: Json | undefined
  const under = participantKey('').path
  for await (const line of exportLines(exportFile)) {
    const { kind, key = '', value } = JSON.parse(line) as { kind: string; key?: string; value?: Json }
    if (kind === 'put' && key === validatorsKey.path) schedule = value
    if (kind === 'put' && key.startsWith(under)) participants.add(key.slice(under.length))
    if (kind === 'delete') participants.delete(key.slice(under.length))
  }
  const validators = validatorsAt(<T>() => schedule as T | undefined, height + 1)
  if (validators.length === 0)
    throw new CommandFailure(words('noValidators', { file: exportFile })) // prettier-ignore
  return { validators, participants }
}

async function validatorKeyOf(folder: string, { participant, publicKey }: Validator): Promise<CometKey> {
  const file = join(folder, `${participant}.json`)
  const fail = (problem: string, cause?: unknown): never => {
    throw new CommandFailure(words('problemIn', { file, problem }), 1, { cause })
  }
  const text = await readFile(file, 'utf8').catch((error: unknown) => fail(words('unreadable'), error))
  let key: CometKey
  try {
    const { priv_key } = JSON.parse(text) as { priv_key: { value: string } }
    key = cometKey(Buffer.from(priv_key.value, 'base64').subarray(0, 32))
  } catch (error) {
    return fail(words('noKey'), error)
  }
  if (consensusKey(key.publicKey) !== publicKey) return fail(words('otherKey', { participant, publicKey }))
  return key
}

/** Takes over the keys of every organisation that has a folder of them; answers their ids. */
async function copyKeys(
  folder: string,
  options: ContinueOptions,
  participants: ReadonlySet<string>,
): Promise<string[]> {
  const entries = await readdir(options.keys, { withFileTypes: true }).catch((error: unknown) => {
    throw new CommandFailure(words('problemIn', { file: options.keys, problem: words('unreadable') }), 1, {
      cause: error,
    })
  })
  const ids = entries.filter((each) => each.isDirectory() && participants.has(each.name)).map(({ name }) => name).sort() // prettier-ignore
  if (ids.length === 0) throw new CommandFailure(words('noMemberFolder', { folder: options.keys }))
  for (const id of ids) {
    await openKeyring(join(options.keys, id), id, options.passphrase) // or its workers could not start
    await mkdir(keysFolder(folder, id), { recursive: true, mode: 0o700 })
    await cp(join(options.keys, id), keysFolder(folder, id), { recursive: true })
    await writeFile(passphraseFile(folder, id), `${options.passphrase}\n`, { mode: 0o600 })
  }
  return ids
}
