import { parseFen, type Fen } from '#domain/money'
import type { IsoDate } from '#domain/date'
import { SumTree, type SumLeaf, type SumRoot } from '#proof/sum-tree'
import {
  addMovement,
  assetCommitment,
  decodeMovements,
  decodePool,
  movementFen,
  NOTHING_MOVED,
  type MovementFen,
} from './pool-file.ts'

export class PoolBookError extends Error {
  override readonly name = 'PoolBookError'
  constructor(
    readonly code: 'UNKNOWN_SLOT' | 'OVERPAID' | 'NOT_LATER' | 'SLOTS_NOT_IN_ORDER',
    readonly details: Readonly<Record<string, string | number>>,
  ) {
    super(`${code} ${JSON.stringify(details)}`)
  }
}

export interface PeriodResult {
  readonly root: SumRoot
  readonly changed: number
  readonly totals: MovementFen
}

/**
 * A pool as one organisation keeps it for itself: built from the pool file, moved on by period files. Servicer and
 * custodian each have their own and compare roots; neither takes the other's word.
 */
export class PoolBook {
  private constructor(
    readonly deal: string,
    private readonly leaves: SumLeaf[],
    private readonly tree: SumTree,
    private date: IsoDate,
  ) {}

  /** @throws PoolFileError, PoolBookError SLOTS_NOT_IN_ORDER */
  static fromPoolFile(content: Uint8Array, deal: string): PoolBook {
    const { asOf, rows } = decodePool(content, deal)
    const leaves = rows.map((asset, i) => {
      if (asset.slot !== i) throw new PoolBookError('SLOTS_NOT_IN_ORDER', { slot: asset.slot, expected: i })
      return {
        content: assetCommitment(asset),
        originalFen: parseFen(asset.originalFen),
        currentFen: parseFen(asset.currentFen),
        defaultedFen: 0n,
      }
    })
    return new PoolBook(deal, leaves, SumTree.of(leaves), asOf)
  }

  get asOf(): IsoDate {
    return this.date
  }

  get root(): SumRoot {
    return this.tree.root()
  }

  get currentFen(): Fen {
    return this.tree.root().currentFen
  }

  proof(slot: number) {
    return { leaf: this.leaves[slot], proof: this.tree.proof(slot), root: this.root }
  }

  /**
   * Applies a period file: principal and defaults leave the balance, which can never become negative.
   * @throws PoolFileError, PoolBookError (nothing is applied then)
   */
  apply(content: Uint8Array): PeriodResult {
    const { asOf, rows } = decodeMovements(content, this.deal)
    if (asOf <= this.date) throw new PoolBookError('NOT_LATER', { asOf, book: this.date })
    let totals = NOTHING_MOVED
    const changes = new Map<number, SumLeaf>()
    for (const row of rows) {
      const { slot, ...moved } = movementFen(row)
      const leaf = changes.get(slot) ?? this.leaves[slot]
      if (!leaf) throw new PoolBookError('UNKNOWN_SLOT', { slot })
      const currentFen = leaf.currentFen - moved.principal - moved.defaulted - moved.repurchase
      if (currentFen < 0n) throw new PoolBookError('OVERPAID', { slot, balance: leaf.currentFen.toString() })
      changes.set(slot, { ...leaf, currentFen, defaultedFen: leaf.defaultedFen + moved.defaulted })
      totals = addMovement(totals, moved)
    }
    const moved = [...changes].filter(([slot, leaf]) => !sameAmounts(leaf, this.leaves[slot]!))
    this.tree.update(moved.map(([slot, leaf]) => ({ slot, leaf })))
    for (const [slot, leaf] of moved) this.leaves[slot] = leaf
    this.date = asOf
    return { root: this.tree.root(), changed: moved.length, totals }
  }
}

const sameAmounts = (a: SumLeaf, b: SumLeaf): boolean =>
  a.currentFen === b.currentFen && a.defaultedFen === b.defaultedFen
