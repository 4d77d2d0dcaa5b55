import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { foundingGenesis, genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { registry } from '#contracts/registry'
import type { BundleStore } from '#ledger-adapter/application/bundle/store'
import { ContractVersions } from '#ledger-adapter/application/bundle/versions'
import { contractRules } from '#ledger-adapter/application/contract-rules'
import { splitLines } from '#node/history/lines'
import type { ContractRules } from '#proof/verify-export'
import { CommandFailure } from '../failure.ts'

/**
 * Every command is decided again by the version of the contracts of its time: the sources of this program, or a bundle.
 * Which one genesis names is known when its document has been read, which is first.
 */
export function exportRules(store: Pick<BundleStore, 'text'> | undefined): ContractRules {
  let versions: ContractVersions | undefined
  const founded = (): ContractVersions => {
    if (!versions) throw new Error('the genesis document comes first')
    return versions
  }
  const resolver = {
    versionFor: (...asked: Parameters<ContractVersions['versionFor']>) => founded().versionFor(...asked),
  }
  return contractRules(resolver, callerOf, (json) => {
    const document = json as unknown as GenesisDocument
    versions ??= new ContractVersions({
      store: store ?? NO_BUNDLES,
      genesisBundle: foundingGenesis(json).governance.bundle,
      sources: registry,
    })
    return genesisEvents(document)
  })
}

const NO_BUNDLES: Pick<BundleStore, 'text'> = {
  text(hash) {
    throw new CommandFailure(
      `contracts ${hash} decided some of its blocks: name the folder that holds them by --bundles`,
    )
  },
}

/** The lines of an exported ledger; gzip when its name ends in .gz. @throws what reading throws */
export async function* exportLines(file: string): AsyncIterable<string> {
  const source = createReadStream(file)
  const stream = file.endsWith('.gz') ? source.pipe(createGunzip()) : source
  if (stream !== source) source.on('error', (error) => stream.destroy(error))
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    for await (const line of splitLines(stream)) yield decoder.decode(line)
  } finally {
    source.destroy()
  }
}
