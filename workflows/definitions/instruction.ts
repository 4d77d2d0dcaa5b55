import { ApplicationFailure, proxyActivities } from '@temporalio/workflow'
import { calendarKey, type Calendar } from '#contracts/calendar/state'
import { instructionKey, type Instruction } from '#contracts/cash/state'
import type { Key } from '#contracts/kernel/state'
import type { BankActivities } from '../activities/period-types.ts'
import { beatenActivity, mustAccept, perform, readState } from './kit.ts'

const bank = proxyActivities<BankActivities>(beatenActivity('30 seconds'))

/** One committed value, or undefined. */
export async function readOne<T>(key: Key<T>): Promise<T | undefined> {
  const [value] = await readState([key.path])
  return (value ?? undefined) as T | undefined
}

export const businessDate = async (): Promise<string> => (await readOne<Calendar>(calendarKey))!.date

/**
 * Pays a pending instruction at this organisation's bank and posts it by the bank's statement line. An instruction that
 * is posted or voided already is left as it is: a repeated run pays nothing twice.
 * @returns what has become of it
 */
export async function payAndPost(instruction: string): Promise<'posted' | 'voided'> {
  const standing = await readOne<Instruction>(instructionKey(instruction))
  if (!standing) throw ApplicationFailure.nonRetryable(`no instruction ${instruction}`, 'INSTRUCTION_NOT_FOUND')
  if (standing.state !== 'pending') return standing.state
  const { reference, valueDate } = await bank.pay({ instruction, valueDate: await businessDate() })
  const args = { instruction, reference, valueDate }
  mustAccept(await perform({ step: `post.${instruction}`, contract: 'cash', method: 'post', args, as: 'service:bank' }))
  return 'posted'
}
