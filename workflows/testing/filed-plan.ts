import { rootRecordOf } from '#contracts/asset-registry/root'
import type { RootRecord } from '#contracts/asset-registry/state'
import { CUT_OFF, DEAL, PlanStory } from '#contracts/deal/testing/plan'
import { World } from '#contracts/kernel/testing/world'
import { isoDate } from '#domain/date'
import { poolAt, poolBalance, replayLoan, type LoanFlows } from '#domain/tape/replay'
import type { ContentStore } from '#node/exchange/content-store'
import { PoolBook } from '#node/servicing/pool-book'
import { encodePool, poolAssets } from '#node/servicing/pool-file'
import { readTape } from '#node/tape/read-tape'
import type { JsonObject } from '#proof/json'
import type { Rig } from './rig.ts'

/** Loans of the tape issued in one month, outstanding at the cut-off. */
export async function tapeLoans(fromIssue = isoDate('2010-12-01')): Promise<LoanFlows[]> {
  const keep = ({ issueDate }: { issueDate: string }): boolean => issueDate >= fromIssue && issueDate <= CUT_OFF
  return poolAt((await readTape('testdata/tape/lc-2007-2010.csv.gz', { keep })).map(replayLoan), CUT_OFF)
}

/** A plan over real loans whose pool file lies in the exchange; what its story does in its world is done on a ledger. */
export class FiledPlan extends PlanStory {
  private readonly told: { who: string; name: string; args: JsonObject }[] = []

  private constructor(
    loans: readonly LoanFlows[],
    private readonly filedRoot: RootRecord,
    private readonly contentHash: string,
  ) {
    super(poolBalance(loans, CUT_OFF), loans.length)
    this.world.does = (who, name, args) => {
      this.told.push({ who, name, args })
      return World.prototype.does.call(this.world, who, name, args)
    }
  }

  static async of(loans: readonly LoanFlows[], files: ContentStore): Promise<FiledPlan> {
    const file = encodePool(DEAL, CUT_OFF, poolAssets(loans, CUT_OFF, new Uint8Array(32).fill(7)))
    const { root } = PoolBook.fromPoolFile(file, DEAL)
    return new FiledPlan(loans, rootRecordOf(root), await files.put(file))
  }

  override get root(): RootRecord {
    return this.filedRoot
  }

  override batchArgs(asOf: string, previous: string | null, changed: number): JsonObject {
    return { ...super.batchArgs(asOf, previous, changed), contentHash: this.contentHash }
  }

  /** Does on the ledger what the story has told since the last time. */
  async on(rig: Pick<Rig, 'does'>): Promise<void> {
    for (const { who, name, args } of this.told.splice(0)) await rig.does(who, name, args)
  }
}
