import { rootRecordOf } from '#contracts/asset-registry/root'
import { batchKey, bookKey, versionText, type AssetBook, type Batch } from '#contracts/asset-registry/state'
import { accountIds } from '#contracts/deal/account-ids'
import { arrivalAccount } from '#contracts/deal/accounts'
import { termsKey } from '#contracts/deal/state'
import { periodDates } from '#contracts/servicing/period'
import { periodKey, type Period } from '#contracts/servicing/state'
import type { DealTerms } from '#domain/deal/terms'
import { isoDate, type IsoDate } from '#domain/date'
import { fenString } from '#domain/money'
import type { LoanFlows } from '#domain/tape/replay'
import type { Ledger } from '#ledger-adapter/port'
import type { BankGateway } from '#node/bank/port'
import { ContentError, type ContentStore } from '#node/exchange/content-store'
import { PoolBook, type PeriodResult } from '#node/servicing/pool-book'
import { bringsMoreAfter, encodeMovements, movementsBetween } from '#node/servicing/pool-file'
import { readOne } from '#node/read-state'
import { hashJson } from '#proof/hash'
import type { CustodianActivities, PeriodInput, ServicerActivities, ServicerReport } from './period-types.ts'

/**
 * An organisation's own book of a plan's pool, moved on by the files of the batches on the ledger. Kept in memory; when
 * it is gone, or ran ahead of the ledger, it is rebuilt from those files.
 */
class FollowedBook {
  private kept: { version: number; book: PoolBook; last: PeriodResult | undefined } | undefined

  constructor(
    private readonly deal: string,
    private readonly ledger: Ledger,
    private readonly files: ContentStore,
  ) {}

  /** What this version's file comes to, which may not be effective yet; asked again, the same answer. */
  async apply(version: number, file: () => Promise<Uint8Array>): Promise<PeriodResult> {
    if (this.kept?.version !== version || !this.kept.last) {
      const book = await this.bookAt(version - 1)
      this.kept = undefined // a file that does not apply must not leave a half-moved book behind
      this.kept = { version, book, last: book.apply(await file()) }
    }
    return this.kept.last!
  }

  /** The version that a batch as of this date has, or is to have, and the batch it follows. */
  async versionFor(asOf: IsoDate): Promise<{ version: number; previous: Batch }> {
    const book = await readOne<AssetBook>(this.ledger, bookKey(this.deal))
    if (!book || book.effective === null) throw new Error(`no effective asset batch of ${this.deal}`)
    const effective = await this.batch(book.effective)
    if (effective.asOf < asOf) return { version: book.pending ?? book.lastVersion + 1, previous: effective }
    for (let version = book.effective - 1; version >= 1; version -= 1) {
      const earlier = await this.batch(version)
      if (earlier.state === 'effective') return { version: book.effective, previous: earlier }
    }
    throw new Error(`the first asset batch of ${this.deal} is as of ${effective.asOf}, not before ${asOf}`)
  }

  async batch(version: number): Promise<Batch> {
    const batch = await readOne<Batch>(this.ledger, batchKey(this.deal, versionText(version)))
    if (!batch) throw new Error(`no asset batch ${version} of ${this.deal} on the ledger`)
    return batch
  }

  /** @throws Error naming the batch when its file is not at this node */
  async file({ version, contentHash }: Batch): Promise<Uint8Array> {
    try {
      return await this.files.get(contentHash)
    } catch (error) {
      if (!(error instanceof ContentError && error.code === 'NOT_FOUND')) throw error
      const what = `the file of asset batch ${version} of ${this.deal}`
      throw new Error(`${what}, ${contentHash}, is not at this node`, { cause: error })
    }
  }

  private async bookAt(version: number): Promise<PoolBook> {
    if (this.kept?.version === version) return this.kept.book
    const book = PoolBook.fromPoolFile(await this.file(await this.batch(1)), this.deal)
    for (let v = 2; v <= version; v += 1) {
      const batch = await this.batch(v)
      if (batch.state !== 'rejected') book.apply(await this.file(batch))
    }
    return book
  }
}

/** Books by plan, one set to an organisation. */
class Books {
  private readonly books = new Map<string, FollowedBook>()
  constructor(
    private readonly ledger: Ledger,
    private readonly files: ContentStore,
  ) {}

  of(deal: string): FollowedBook {
    const known = this.books.get(deal) ?? new FollowedBook(deal, this.ledger, this.files)
    this.books.set(deal, known)
    return known
  }
}

export function createServicerActivities(options: {
  ledger: Ledger
  files: ContentStore
  /** The servicer's own system: what happened to the loans of a plan, in the order of their slots. */
  loansOf: (deal: string) => readonly LoanFlows[] | Promise<readonly LoanFlows[]>
}): ServicerActivities {
  const { ledger, files, loansOf } = options
  const books = new Books(ledger, files)
  return {
    async prepareReport({ deal, index }: PeriodInput): Promise<ServicerReport> {
      const terms = await readOne<DealTerms>(ledger, termsKey(deal))
      const dates = terms && periodDates(terms, index)
      if (!dates) throw new Error(`plan ${deal} has no period ${index}`)
      const asOf = dates.collectedTo
      const followed = books.of(deal)
      const { version, previous } = await followed.versionFor(asOf)
      const loans = await loansOf(deal)
      const final = !bringsMoreAfter(loans, asOf)
      const movements = encodeMovements(deal, asOf, movementsBetween(loans, isoDate(previous.asOf), asOf, final))
      const contentHash = await files.put(movements)
      const { root, changed, totals } = await followed.apply(version, () => Promise.resolve(movements))
      return {
        version,
        previous: previous.root.hash,
        root: rootRecordOf(root),
        changed,
        contentHash,
        asOf,
        collections: {
          principal: fenString(totals.principal),
          interest: fenString(totals.interest),
          lateFee: fenString(totals.lateFee),
          recovery: fenString(totals.recovery),
          repurchase: fenString(totals.repurchase),
        },
        defaultedFen: fenString(totals.defaulted),
        final,
      }
    },
  }
}

export function createCustodianActivities(options: {
  ledger: Ledger
  files: ContentStore
  bank: BankGateway
}): CustodianActivities {
  const { ledger, files, bank } = options
  const books = new Books(ledger, files)
  return {
    async recomputeBatch({ deal, version }) {
      const followed = books.of(deal)
      const content = await followed.file(await followed.batch(version))
      if (version === 1) return rootRecordOf(PoolBook.fromPoolFile(content, deal).root)
      return rootRecordOf((await followed.apply(version, () => Promise.resolve(content))).root)
    },
    async statementOf({ deal, period }) {
      const terms = (await readOne<DealTerms>(ledger, termsKey(deal)))!
      const { transfer } = (await readOne<Period>(ledger, periodKey(deal, period)))!
      const account = accountIds.plan(deal, arrivalAccount(terms))
      const arrived = transfer && (await bank.arrived({ account, instruction: transfer.instruction }))
      const line = arrived ? { ...arrived, amountFen: fenString(arrived.amountFen) } : null
      return { statementFen: line?.amountFen ?? '0', statementHash: hashJson({ account, line }) }
    },
  }
}
