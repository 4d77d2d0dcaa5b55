import { proxyActivities } from '@temporalio/workflow'
import { calendarKey, type Calendar } from '#contracts/calendar/state'
import { instructionKey, type Instruction } from '#contracts/cash/state'
import type { Key } from '#contracts/kernel/state'
import type { BankActivities } from '../activities/period-types.ts'
import { mustAccept, perform, readState, until } from './kit.ts'

const bank = proxyActivities<BankActivities>({ startToCloseTimeout: '30 seconds' })

/** One committed value, or undefined. */
export async function readOne<T>(key: Key<T>): Promise<T | undefined> {
  const [value] = await readState([key.path])
  return (value ?? undefined) as T | undefined
}

export const businessDate = async (): Promise<string> => (await readOne<Calendar>(calendarKey))!.date

/** Waits until the ledger's business date has come to a day. */
export const untilDate = (date: string): Promise<true> =>
  until(async () => ((await businessDate()) >= date ? true : undefined))

/**
 * Pays a pending instruction at this organisation's bank and posts it by the bank's statement line. An instruction that
 * is posted or voided already is left as it is: a repeated run pays nothing twice.
 */
export async function payAndPost(instruction: string): Promise<void> {
  const standing = await readOne<Instruction>(instructionKey(instruction))
  if (standing?.state !== 'pending') return
  const { reference, valueDate } = await bank.pay({ instruction, valueDate: await businessDate() })
  const args = { instruction, reference, valueDate }
  mustAccept(await perform({ step: `post.${instruction}`, contract: 'cash', method: 'post', args, as: 'service:bank' }))
}
