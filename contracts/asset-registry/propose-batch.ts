import { isIsoDate } from '#domain/date'
import { businessDate } from '../calendar/business-date.ts'
import { Count } from '../deal/fields.ts'
import { currentDeal, dealKeys, requireParty, topicsOf } from '../deal/parties.ts'
import type { Deal, DealState } from '../deal/state.ts'
import { method } from '../kernel/method.ts'
import { refuseCall } from '../kernel/refusal.ts'
import { DateString, Fields, HashString, Id, OrNull } from '../kernel/schema.ts'
import type { Read } from '../kernel/state.ts'
import { refuseBatch } from './errors.ts'
import { batchProposed, Root, Version } from './events.ts'
import { requireSoundRoot, requireSuccessor } from './root.ts'
import { batchKey, bookKey, versionText, type AssetBook, type Batch } from './state.ts'

const FINISHED: readonly DealState[] = ['rejected', 'withdrawn', 'closed']
const NO_BOOK: AssetBook = { lastVersion: 0, pending: null, effective: null }

/**
 * The servicer proposes the next version of the plan's asset tree: the frozen tape first, then each update. It has no
 * effect until the custodian attests it. Seen by the plan's parties and holders: sums and hashes, never an asset.
 */
export const proposeBatch = method({
  contract: 'asset-registry',
  method: 'proposeBatch',
  sentence: {
    zh: '提交计划 {deal} 第 {version} 版资产批次，基准日 {asOf}，未偿余额 {root.currentFen:yuan} 元',
    en: 'Propose asset batch {version} of plan {deal} as of {asOf}, {root.currentFen:yuan} yuan outstanding',
  },
  args: Fields({
    deal: Id,
    version: Version,
    previous: OrNull(HashString),
    root: Root,
    changed: Count,
    contentHash: HashString,
    asOf: DateString,
  }),
  by: { roles: ['servicer'], functions: ['maker', 'service:servicing'] },
  reads: ({ deal, version }) => [...dealKeys(deal), bookKey(deal), batchKey(deal, versionText(version))],
  decide(read, { args, caller }) {
    const deal = currentDeal(read, args.deal)
    requireParty(deal, caller, 'servicer')
    if (FINISHED.includes(deal.state)) {
      refuseCall('WRONG_STATE', { what: `deal ${args.deal}`, state: deal.state, on: 'propose-batch' })
    }
    const book = read(bookKey(args.deal)) ?? NO_BOOK
    if (book.pending !== null) refuseBatch('BATCH_PENDING', { version: book.pending })
    const want = book.lastVersion + 1
    if (args.version !== want) refuseBatch('WRONG_VERSION', { want, got: args.version })
    const previous = book.effective === null ? undefined : read(batchKey(args.deal, versionText(book.effective)))
    if (args.previous !== (previous?.root.hash ?? null)) {
      refuseBatch('STALE_PREVIOUS', { effective: previous?.root.hash ?? null, got: args.previous })
    }
    requireDate(read, args.asOf, previous)
    const root = requireSoundRoot(args.root)
    requireSuccessor(root, args.changed, previous)
    if (!previous) requireInitialPool(deal, args.root.currentFen)
    const { participant } = caller
    return [batchProposed.of({ ...args, state: 'proposed', participant, effective: book.effective }, topicsOf(deal))]
  },
})

function requireDate(read: Read, asOf: string, previous: Batch | undefined): void {
  if (!isIsoDate(asOf)) refuseCall('BAD_ARGS', { field: '/asOf', problem: `no such day: ${asOf}` })
  if (previous && asOf <= previous.asOf) refuseBatch('DATE_NOT_LATER', { effective: previous.asOf, got: asOf })
  const date = businessDate(read)
  if (asOf > date) refuseBatch('DATE_NOT_REACHED', { businessDate: date, got: asOf })
}

function requireInitialPool({ initialPoolFen }: Deal, currentFen: string): void {
  if (currentFen !== initialPoolFen) refuseBatch('POOL_DIFFERS', { terms: initialPoolFen, batch: currentFen })
}
