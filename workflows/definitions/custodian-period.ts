import { ApplicationFailure, proxyActivities } from '@temporalio/workflow'
import { asOfKey, batchKey, bookKey, versionText } from '#contracts/asset-registry/state'
import { dealObject, objectDateKey, type DatedObject } from '#contracts/calendar/state'
import { instructionKey } from '#contracts/cash/state'
import { periodKey, type Period } from '#contracts/servicing/state'
import type { CustodianActivities, PeriodInput } from '../activities/period-types.ts'
import { payAndPost, readOne } from './instruction.ts'
import { beatenActivity, listenForHints, mustAccept, perform, readState, until } from './kit.ts'

const custodian = proxyActivities<CustodianActivities>(beatenActivity('5 minutes'))
const as = 'service:servicing' as const

/**
 * The custodian's part: recompute and attest the asset batch, confirm what arrived by its own statement, and on the pay
 * date pay what was released.
 */
export async function custodianPeriod({ deal, period, asOf }: PeriodInput): Promise<void> {
  listenForHints()
  await attestBatch(deal, asOf)
  await confirmArrival(deal, period)
  await payReleased(deal, period)
}

/**
 * Pays what is released, when its day has come. Instructions that were voided are not paid: the plan manager takes the
 * period back, and what is then released anew is waited for.
 */
async function payReleased(deal: string, period: string): Promise<void> {
  let voided: string | undefined
  for (;;) {
    const due = await until(() => dueOf(deal, period, voided))
    if (due === NOTHING || (await payAndPost(due)) === 'posted') return
    voided = due
  }
}

const NOTHING = Symbol('a period that pays nothing, or is settled')

/**
 * The instruction to be paid today; undefined while there is none but may yet be. The deal's own date decides, not the
 * calendar's: until the deal's days are closed, what follows the payment would be refused as behind.
 */
async function dueOf(deal: string, period: string, voided: string | undefined) {
  const keys = [periodKey(deal, period).path, objectDateKey(dealObject(deal)).path]
  const [found, dated] = await readState(keys)
  const standing = found as unknown as Period | null
  if (standing?.state === 'settled') return NOTHING
  if (standing?.state !== 'released' || standing.instruction === voided) return undefined
  if ((dated as unknown as DatedObject).asOf < standing.payDate) return undefined
  return standing.instruction ?? NOTHING
}

async function attestBatch(deal: string, asOf: string): Promise<void> {
  const version = await until(async () => {
    const attested = await readOne(asOfKey(deal, asOf))
    if (attested) return 'attested' as const
    return (await readOne(bookKey(deal)))?.pending ?? undefined
  })
  if (version === 'attested') return
  const batch = await readOne(batchKey(deal, versionText(version)))
  const root = await custodian.recomputeBatch({ deal, version })
  const differs = batch?.root.hash !== root.hash
  const call = differs
    ? { method: 'reject', args: { deal, version, reason: `root recomputed as ${root.hash}` } }
    : { method: 'attest', args: { deal, version, root: { ...root } } }
  mustAccept(await perform({ step: `batch.${version}`, contract: 'asset-registry', ...call, as }))
  if (differs) throw ApplicationFailure.nonRetryable(`batch ${version} of ${deal} was rejected`, 'ROOT_DIFFERS')
}

/** The statement is the custodian's own bank's, not the ledger's: an amount that differs is for people to look into. */
async function confirmArrival(deal: string, period: string): Promise<void> {
  const standing = await until(async () => {
    const found = await readOne(periodKey(deal, period))
    if (!found || found.state === 'reported') return undefined
    if (found.transfer === null || found.state !== 'transferring') return found
    const { state } = (await readOne(instructionKey(found.transfer.instruction)))!
    return state === 'posted' ? found : undefined
  })
  if (standing.state !== 'transferring') return
  const statement = await custodian.statementOf({ deal, period })
  const args = { deal, period, ...statement }
  mustAccept(await perform({ step: 'confirm', contract: 'servicing', method: 'confirmCollections', args, as }))
}
