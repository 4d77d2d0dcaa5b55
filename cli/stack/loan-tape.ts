import { join } from 'node:path'
import { batchKey, versionText } from '#contracts/asset-registry/state'
import { termsKey } from '#contracts/deal/state'
import { isoDate } from '#domain/date'
import { poolAt, replayLoan, type LoanFlows } from '#domain/tape/replay'
import type { Ledger } from '#ledger-adapter/port'
import type { ContentStore } from '#node/exchange/content-store'
import { isThere } from '#node/is-there'
import { readOne } from '#node/read-state'
import { decodePool } from '#node/servicing/pool-file'
import { readTape } from '#node/tape/read-tape'

/** Below the folder of an organisation's tape: what its servicing system says of the loans of a plan. */
export const loanTapeFile = (tapeFolder: string, deal: string): string => join(tapeFolder, 'loans', `${deal}.csv.gz`)

/**
 * What happened to the loans of a plan, from the loan tape of the servicer itself (its format: testdata/tape/README.md).
 * Read anew each time, since a servicer's system writes it anew.
 * @throws Error naming the organisation and the file when there is none, or the slot where it is not the pool on the
 * ledger: movements go by slots, so that another order would be paid to other loans. TapeError
 */
export async function loansOnTape(options: {
  readonly ledger: Ledger
  readonly files: Pick<ContentStore, 'get'>
  readonly participant: string
  readonly tapeFolder: string
  readonly deal: string
}): Promise<readonly LoanFlows[]> {
  const { ledger, files, participant, tapeFolder, deal } = options
  const file = loanTapeFile(tapeFolder, deal)
  if (!(await isThere(file)))
    throw new Error(`${participant} has no loan tape of ${deal}: its servicing reports are made from ${file}`)
  const terms = await readOne(ledger, termsKey(deal))
  const first = await readOne(ledger, batchKey(deal, versionText(1)))
  if (!terms || !first) throw new Error(`plan ${deal} has no pool on the ledger yet`)
  const loans = poolAt((await readTape(file)).map(replayLoan), isoDate(terms.dates.cutOff))
  const { rows } = decodePool(await files.get(first.contentHash), deal)
  const differs = Array.from({ length: Math.max(loans.length, rows.length) }, (_, slot) => slot).find(
    (slot) => rows[slot]?.id !== loans[slot]?.loan.id,
  )
  if (differs === undefined) return loans
  const [onTape = 'no loan', onLedger = 'no loan'] = [loans[differs]?.loan.id, rows[differs]?.id]
  throw new Error(`the loan tape of ${participant} is not the pool of ${deal}: slot ${differs} is ${onLedger} in the pool, ${onTape} in ${file}`) // prettier-ignore
}
