import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { rootRecordOf } from '#contracts/asset-registry/root'
import { AssetProofError, encodePath, verifyAssetProof, type AssetProof } from '#proof/asset'
import type { JsonObject } from '#proof/json'
import { SumTree, SumTreeError, type LeafColumns, type SumNode } from '#proof/sum-tree'
import { BatchError } from './errors.ts'
import type { TapeStore, TapeVersion } from './store.ts'
import { loadTree, nativeHash, readProof, removeTree, saveTree } from './tree-file.ts'

const fileOf = (folder: string, { deal, version }: Pick<TapeVersion, 'deal' | 'version'>): string =>
  join(folder, `${Buffer.from(deal).toString('hex')}-${version}.tree`)

/** The last tree of each plan that this process used, so that a process that stays need not read it again. */
const kept = new Map<string, { readonly version: TapeVersion; readonly tree: SumTree }>()
const KEPT_TREES = 2

/** A plan's tape at a version: the tree over it, and proofs of its assets. */
export const Tape = {
  empty: (levels: number): SumTree => new SumTree(levels, nativeHash),

  /** The tree of the tape's latest version: kept, or from its file, or else from the rows. @throws BatchError TREE_DIFFERS */
  async open(store: TapeStore, folder: string, version: TapeVersion): Promise<{ tree: SumTree }> {
    const path = fileOf(folder, version)
    const known = kept.get(path)
    kept.delete(path) // whoever takes it may change it
    if (known && isTreeOf(known.tree, version)) return { tree: known.tree }
    const stored = await loadTree(path, version.root.levels)
    if (stored && isTreeOf(stored, version)) return { tree: stored }
    const tree = await rebuild(store, version)
    if (!isTreeOf(tree, version)) {
      throw new BatchError('TREE_DIFFERS', { want: version.root.hash, got: tree.root().hash })
    }
    return { tree }
  },

  /** @param before the version that this one builds on: it stays, being the effective one until this one is */
  async save(folder: string, tree: SumTree, version: TapeVersion, before?: number): Promise<void> {
    const path = fileOf(folder, version)
    await saveTree(path, tree, version.used)
    await Tape.removeTrees(folder, version.deal, (each) => each !== version.version && each !== before)
    while (kept.size >= KEPT_TREES) kept.delete(kept.keys().next().value!)
    kept.set(path, { version, tree })
  },

  forget(folder: string, version: TapeVersion): void {
    kept.delete(fileOf(folder, version))
    kept.delete(fileOf(folder, { deal: version.deal, version: version.version + 1 }))
  },

  /** Trees of versions that are gone or long past; whatever needs one makes it again from the rows. */
  async removeTrees(folder: string, deal: string, which: (version: number) => boolean): Promise<void> {
    const prefix = `${Buffer.from(deal).toString('hex')}-`
    for (const name of await readdir(folder).catch(noFolder)) {
      const [, version] = (name.startsWith(prefix) && /^(\d+)\.tree(\.new)?$/.exec(name.slice(prefix.length))) || []
      if (version === undefined || !which(Number(version))) continue
      kept.delete(join(folder, name))
      await removeTree(join(folder, name))
    }
  },

  /**
   * Proof of one asset of a version; of the latest, or of the one before, which is effective while the latest is
   * proposed. One row and one node a level are read. @throws BatchError NO_TAPE, UNKNOWN_ASSET
   */
  async prove(store: TapeStore, folder: string, deal: string, assetId: string, at?: number): Promise<AssetProof> {
    const version = await store.version(deal, at ?? null)
    if (!version) throw new BatchError('NO_TAPE', { deal, version: at ?? null })
    const asset = await assetAt(store, version, assetId)
    const { slot, salt, currentFen, defaultedFen, terms } = asset
    const path = fileOf(folder, version)
    const proofOf = (siblings: readonly SumNode[]): AssetProof => ({
      kind: 'sluice/asset/1',
      deal,
      version: version.version,
      slot,
      terms,
      salt,
      currentFen,
      defaultedFen,
      root: { ...version.root },
      path: encodePath(siblings),
    })
    const stored = await readProof(path, slot)
    const proof = stored && proofOf(stored.siblings)
    if (proof && holds(proof)) return proof
    await removeTree(path) // torn or missing: it is made again from the rows
    const { tree } = await Tape.open(store, folder, version)
    await saveTree(path, tree, version.used)
    return proofOf(tree.proof(slot).siblings)
  },
}

/** Whoever has made no tree yet. */
function noFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

function holds(proof: AssetProof): boolean {
  try {
    verifyAssetProof(proof)
    return true
  } catch (error) {
    if (error instanceof SumTreeError || error instanceof AssetProofError) return false
    throw error
  }
}

const isTreeOf = (tree: SumTree, { root }: TapeVersion): boolean => rootRecordOf(tree.root()).hash === root.hash

interface AssetRow {
  readonly slot: number
  readonly salt: string
  readonly currentFen: string
  readonly defaultedFen: string
  readonly terms: JsonObject
}

/** An asset as it stood at a version: its latest change up to then, else as it came. */
async function assetAt(store: TapeStore, { deal, version, used }: TapeVersion, assetId: string): Promise<AssetRow> {
  const { rows } = await store.client.query(
    `select a.slot, encode(salt, 'hex') salt, coalesce(c.current_fen, a.current_fen)::text current_fen,
      coalesce(c.defaulted_fen, a.defaulted_fen)::text defaulted_fen, asset_id, obligor, province, product, risk_tier,
      origination_date::text origination_date, maturity_date::text maturity_date, term_months, rate_monthly,
      original_fen::text original_fen
    from asset a left join lateral (select current_fen, defaulted_fen from asset_change c
      where c.deal = a.deal and c.slot = a.slot and c.version <= $3 order by c.version desc limit 1) c on true
    where a.deal = $1 and a.asset_id = $2 and a.slot < $4`,
    [deal, assetId, version, used],
  )
  const [row] = rows as Record<string, string>[]
  if (!row) throw new BatchError('UNKNOWN_ASSET', { deal, asset: assetId })
  return {
    slot: Number(row['slot']),
    salt: row['salt']!,
    currentFen: row['current_fen']!,
    defaultedFen: row['defaulted_fen']!,
    terms: {
      assetId: row['asset_id']!,
      maturityDate: row['maturity_date']!,
      obligor: row['obligor']!,
      originalFen: row['original_fen']!,
      originationDate: row['origination_date']!,
      product: row['product']!,
      province: row['province']!,
      rateMonthly: row['rate_monthly']!,
      riskTier: row['risk_tier']!,
      termMonths: Number(row['term_months']),
    },
  }
}

const PAGE = 50_000

/** From what stands in the rows at that version: slot by slot, in pages. */
async function rebuild(store: TapeStore, { deal, version, used, root }: TapeVersion): Promise<SumTree> {
  const tree = Tape.empty(root.levels)
  for (let from = 0; from < used; from += PAGE) {
    const { rows } = await store.client.query({
      text: `select a.slot, content, original_fen::text, coalesce(c.current_fen, a.current_fen)::text,
        coalesce(c.defaulted_fen, a.defaulted_fen)::text
        from asset a left join lateral (select current_fen, defaulted_fen from asset_change c
          where c.deal = a.deal and c.slot = a.slot and c.version <= $4 order by c.version desc limit 1) c on true
        where a.deal = $1 and a.slot >= $2 and a.slot < $3`,
      values: [deal, from, Math.min(from + PAGE, used), version],
      rowMode: 'array',
    })
    tree.assign(columnsOf(rows as [number, Buffer, string, string, string][]))
  }
  return tree
}

export function columnsOf(rows: readonly (readonly [number, Uint8Array, string, string, string])[]): LeafColumns {
  const contents = new Uint8Array(rows.length * 32)
  rows.forEach(([, content], i) => contents.set(content, i * 32))
  return {
    slots: Uint32Array.from(rows, ([slot]) => slot),
    contents,
    originalFen: BigUint64Array.from(rows, ([, , original]) => BigInt(original)),
    currentFen: BigUint64Array.from(rows, ([, , , current]) => BigInt(current)),
    defaultedFen: BigUint64Array.from(rows, ([, , , , defaulted]) => BigInt(defaulted)),
  }
}
