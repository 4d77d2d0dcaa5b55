import { resolve } from 'node:path'
import type { SluiceClient } from '#client/client'
import type { KeyFunction } from '#contracts/kernel/method'
import { exchangeKey } from '#node/exchange/key-file'
import { fileSigner, type Signer } from '#node/exchange/manifest'
import type { RecipientKey } from '#node/exchange/seal'
import { openKeyring } from '#node/keys/keyring'
import type { Ask } from '#node/keys/person'
import { keyIdOf } from '../demo/consortium.ts'
import { devKeys, devNode } from '../demo/address.ts'
import { nodeServing, operatorOf, passphraseOf } from '../network/as-operator.ts'
import { apiOf, keysFolder, nodeFolder, readManifest } from '../network/manifest.ts'
import { operatorClient } from '../stack/served-contracts.ts'
import { tapePlace, type TapePlace } from '../stack/tapes.ts'

/** An organisation at its own node, of `sluice dev` or of a network. */
export interface Whereabouts {
  readonly url: string
  readonly keys: string
  readonly passphrase: string
  readonly place: TapePlace
  /** Where the node of another participant answers. */
  readonly urlOf: (participant: string) => string
}

/** The folder of the node that serves an organisation. @param network of `sluice network`; `sluice dev` without it */
export async function hostFolder(organisation: string, network: string | undefined): Promise<string> {
  if (network === undefined) return (await devNode()).folder
  const home = resolve(network)
  return nodeFolder(home, nodeServing(await readManifest(home), organisation).name)
}

/** @param network the folder of `sluice network`; the node of `sluice dev` without it */
export async function whereabouts(organisation: string, network: string | undefined): Promise<Whereabouts> {
  if (network === undefined) {
    const dev = await devNode()
    const place = await tapePlace(dev.folder, organisation)
    return { url: dev.url, keys: devKeys(dev, organisation), passphrase: dev.passphrase, place, urlOf: () => dev.url }
  }
  const home = resolve(network)
  const manifest = await readManifest(home)
  const node = nodeServing(manifest, organisation)
  return {
    url: apiOf(node),
    keys: keysFolder(home, organisation),
    passphrase: await passphraseOf(home, organisation),
    place: await tapePlace(nodeFolder(home, node.name), organisation),
    urlOf: (participant) => apiOf(nodeServing(manifest, participant)),
  }
}

/** One operator of an organisation, at its own node and at those of others. */
export interface Party extends Whereabouts {
  readonly organisation: string
  readonly client: SluiceClient
  /** For documents of the exchange. */
  readonly signer: Signer
  readonly at: (url: string) => SluiceClient
  readonly exchangeKey: () => Promise<RecipientKey>
}

/** @throws CommandFailure when there is no such node, organisation or operator */
export async function partyOf(options: {
  readonly of: string
  readonly network?: string
  readonly wanted: { readonly operator: string } | { readonly function: KeyFunction }
  /** Shown each command of the ledger before it is signed. */
  readonly ask: Ask
}): Promise<Party> {
  const { of: organisation, network, wanted, ask } = options
  const where = await whereabouts(organisation, network)
  const keyring = await openKeyring(where.keys, organisation, where.passphrase)
  const operator = operatorOf(keyring, wanted)
  const at = (url: string): SluiceClient => operatorClient(url, keyring, operator, ask)
  return {
    ...where,
    organisation,
    client: at(where.url),
    signer: fileSigner(keyring.signer(keyIdOf(operator))),
    at,
    exchangeKey: () => exchangeKey(where.keys, organisation, where.passphrase),
  }
}
