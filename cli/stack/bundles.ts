import { existsSync } from 'node:fs'
import { foundingGenesis, type GenesisDocument } from '#contracts/genesis'
import { registry } from '#contracts/registry'
import { dataFolder } from '#engines/paths'
import { FolderBundleStore } from '#ledger-adapter/application/bundle/store'
import { ContractVersions } from '#ledger-adapter/application/bundle/versions'
import type { JsonObject } from '#proof/json'
import { CommandFailure } from '../failure.ts'

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
  if (!existsSync(folder)) throw new CommandFailure(`${folder}: no such folder of bundles`, 2)
  return new FolderBundleStore(folder)
}
