import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { foundingGenesis, type GenesisDocument } from '#contracts/genesis'
import { registry } from '#contracts/registry'
import { dataFolder } from '#engines/paths'
import { bundleHash, type BuiltBundle } from '#ledger-adapter/application/bundle/build-bundle'
import { SandboxedContracts } from '#ledger-adapter/application/bundle/sandbox'
import { BundleError, FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { ContractVersions } from '#ledger-adapter/application/bundle/versions'
import { HASH_PATTERN, type Hash } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import { CommandFailure } from '../failure.ts'
import { sayingBy } from '../language.ts'

const words = sayingBy({
  noFolder: { zh: '{folder}：没有这个合约包文件夹', en: '{folder}: no such folder of bundles' },
  noBundle: { zh: '{store} 中没有合约包 {named}', en: '{store} has no bundle {named}' },
  unreadable: { zh: '{named}：无法读取', en: '{named}: cannot be read' },
})

/** Where this machine keeps versions of the contracts, unless a command or SLUICE_BUNDLES says otherwise. */
export function bundlesFolder(): string {
  const named = process.env['SLUICE_BUNDLES']
  return named === undefined || named === '' ? dataFolder('bundles') : named
}

/**
 * The versions of the contracts that a node runs: its own sources while governance has activated no bundle, then what
 * stands in the folder. It is looked up when it is first needed, so a file added before its height needs no restart.
 */
export const nodeVersions = (genesis: GenesisDocument, folder = bundlesFolder()): ContractVersions =>
  new ContractVersions({
    store: new FolderBundleStore(folder),
    genesisBundle: foundingGenesis(genesis as unknown as JsonObject).governance.bundle,
    sources: registry,
  })

/** A store to read from. @throws CommandFailure when there is no such folder */
export function existingStore(folder: string): FolderBundleStore {
  if (!existsSync(folder)) throw new CommandFailure(words('noFolder', { folder }), 2)
  return new FolderBundleStore(folder)
}

const HASH = new RegExp(HASH_PATTERN)

export const bundleOf = (text: string): BuiltBundle => ({ hash: bundleHash(text), text })

/** A bundle that a person names: a file, or the hash of one in the store. @throws CommandFailure when it is not there */
export async function bundleNamed(named: string, store: string): Promise<BuiltBundle> {
  if (HASH.test(named)) {
    const text = existingStore(store).text(named)
    if (text === undefined) throw new CommandFailure(words('noBundle', { store, named }))
    return { hash: named, text }
  }
  const text = await readFile(named, 'utf8').catch((error: unknown) => {
    throw new CommandFailure(words('unreadable', { named }), 1, { cause: error })
  })
  return bundleOf(text)
}

/** @throws CommandFailure when it is no bundle */
export function loadedBundle(hash: Hash, text: string): SandboxedContracts {
  try {
    return SandboxedContracts.load(hash, text)
  } catch (error) {
    if (error instanceof BundleError) throw new CommandFailure(error.message)
    throw error
  }
}
