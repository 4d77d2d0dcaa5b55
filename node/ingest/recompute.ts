import { mkdir, rm } from 'node:fs/promises'
import type { Batch, RootRecord } from '#contracts/asset-registry/state'
import type { JsonObject } from '#proof/json'
import { BatchError } from './errors.ts'
import { ingest, type Ingested, type IngestOptions } from './ingest.ts'
import { unpack, unpackedFolder } from './package.ts'
import type { TapeStore, TapeVersion } from './store.ts'

/** What the servicer signs to propose a version: arguments of `asset-registry.proposeBatch`. */
export const proposal = ({ deal, version, previous, root, changed, contentHash, asOf }: TapeVersion): JsonObject => ({
  deal,
  version,
  previous,
  root: { ...root },
  changed,
  contentHash,
  asOf,
})

/** What the custodian signs, having come to the root itself: arguments of `asset-registry.attest`. */
export const attestation = ({ deal, version, root }: TapeVersion): JsonObject => ({ deal, version, root: { ...root } })

export interface RecomputeOptions extends Pick<IngestOptions, 'memoryMb' | 'segmentRows' | 'onProgress'> {
  /** The custodian's own: nothing of the servicer's is read but the package. */
  readonly store: TapeStore
  readonly folder: string
  /** As the ledger has it. */
  readonly batch: Batch
  /** The package, from the exchange. */
  readonly content: AsyncIterable<Uint8Array>
}

const SAME = ['hash', 'top', 'levels', 'count', 'originalFen', 'currentFen', 'defaultedFen'] as const

/**
 * The custodian's side of a batch: the package, checked against the hash on the ledger, goes through the same checks
 * into the custodian's own database, onto the custodian's own tree of the version before. Root, sums and the number of
 * touched leaves must come out as proposed; else nothing is taken over, and the difference is what to reject with.
 * One at a time for a plan: a second run that took the package apart under the first would show it half a file, which is
 * no reason to reject.
 * @throws BatchError BAD_PACKAGE, TREE_DIFFERS (field); IngestError when the file itself is wrong
 */
export function recompute(options: RecomputeOptions): Promise<Ingested> {
  return options.store.alone(options.batch.deal, () => recomputeAlone(options))
}

async function recomputeAlone(options: RecomputeOptions): Promise<Ingested> {
  const { store, folder, batch, content, ...rest } = options
  const received = unpackedFolder(folder, batch.contentHash)
  await mkdir(received, { recursive: true })
  try {
    const { head, file } = await unpack(content, received, batch.contentHash)
    for (const field of ['deal', 'version', 'asOf', 'previous'] as const) {
      if (head[field] !== batch[field]) {
        throw new BatchError('BAD_PACKAGE', { field, ledger: batch[field], package: head[field] })
      }
    }
    const { deal, kind, asOf, levels, saltSeed } = head
    if (levels !== batch.root.levels) differs('levels', batch.root.levels, levels)
    const done = await ingest({
      ...rest,
      store,
      folder,
      file,
      deal,
      kind,
      asOf,
      version: batch.version,
      levels,
      restart: true,
      ...(saltSeed === null ? {} : { saltSeed }),
      confirm: (version) => requireSame(batch, version),
    })
    requireSame(batch, done) // also what an earlier run took over
    return done
  } finally {
    await rm(received, { recursive: true, force: true })
  }
}

function requireSame(batch: Batch, { version, root, changed, previous }: TapeVersion): void {
  if (version !== batch.version) differs('version', batch.version, version)
  if (previous !== batch.previous) differs('previous', batch.previous, previous)
  for (const field of SAME) if (root[field] !== batch.root[field]) differs(field, batch.root[field], root[field])
  if (changed !== batch.changed) differs('changed', batch.changed, changed)
}

function differs(
  field: keyof RootRecord | 'changed' | 'version' | 'previous',
  proposed: string | number | null,
  own: string | number | null,
): never {
  throw new BatchError('TREE_DIFFERS', { field, proposed, own })
}
