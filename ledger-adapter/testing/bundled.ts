import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GenesisDocument } from '#contracts/genesis'
import type { Hash } from '#proof/hash'
import { FolderBundleStore } from '../application/bundle/store.ts'
import { ContractVersions } from '../application/bundle/versions.ts'
import type { EmbeddedLedgerOptions } from '../embedded/embedded-ledger.ts'
import { testLedgerOptions } from './fixture.ts'
import { buildWithNotes } from './successor.ts'

/** The contracts of the tests as one bundle, and ledgers whose genesis names it: nothing is decided by sources. */
export interface BundledContracts {
  readonly hash: Hash
  /** Where its file lies. */
  readonly folder: string
  readonly versions: ContractVersions
  options(databaseUrl: string, over?: Partial<GenesisDocument>): EmbeddedLedgerOptions
  dispose(): Promise<void>
}

export async function bundledContracts(): Promise<BundledContracts> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-bundled-'))
  const { hash, text } = await buildWithNotes(join(root, 'sources'))
  const folder = join(root, 'bundles')
  const store = new FolderBundleStore(folder)
  store.put(text)
  const versions = new ContractVersions({ store, genesisBundle: hash })
  return {
    hash,
    folder,
    versions,
    options(databaseUrl, over = {}) {
      const { genesis } = testLedgerOptions(databaseUrl)
      const { governance } = genesis.document as unknown as GenesisDocument
      const named = { governance: { ...governance, bundle: hash }, ...over }
      return { ...testLedgerOptions(databaseUrl, named), registry: versions }
    },
    dispose: () => rm(root, { recursive: true, force: true }),
  }
}
