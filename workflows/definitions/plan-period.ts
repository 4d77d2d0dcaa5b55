import { instructionKey } from '#contracts/cash/state'
import { periodKey, type PeriodState } from '#contracts/servicing/state'
import type { PeriodInput } from '../activities/period-types.ts'
import { readOne } from './instruction.ts'
import { listenForHints, mustAccept, perform, until } from './kit.ts'

const as = 'service:servicing' as const

/**
 * The plan manager's part: once the custodian has confirmed what arrived, the distribution is calculated by the contract;
 * a payer's own signed command releases it; when the custodian has posted it, the period is settled.
 */
export async function planPeriod({ deal, period }: PeriodInput): Promise<void> {
  listenForHints()
  for (let attempt = 1; ; attempt += 1) {
    await untilState(deal, period, ['confirmed', 'calculated', 'released', 'settled'])
    const args = { deal, period }
    const step = (name: string): string => (attempt > 1 ? `${name}.${attempt}` : name)
    if ((await stateOf(deal, period)) === 'confirmed') {
      mustAccept(await perform({ step: step('calculate'), contract: 'servicing', method: 'calculate', args, as }))
    }
    const released = await untilState(deal, period, ['released', 'confirmed', 'settled'])
    // Refused by the payer: the figures are looked into and calculated again.
    if (released.state === 'confirmed') continue
    if (released.state === 'released' && (await outcomeAtBank(released.instruction)) === 'voided') {
      mustAccept(await perform({ step: step('reopen'), contract: 'servicing', method: 'reopen', args, as }))
      continue
    }
    if (released.state === 'released') {
      mustAccept(await perform({ step: step('settle'), contract: 'servicing', method: 'settle', args, as }))
    }
    return
  }
}

const stateOf = async (deal: string, period: string): Promise<PeriodState | undefined> =>
  (await readOne(periodKey(deal, period)))?.state

const untilState = (deal: string, period: string, states: readonly PeriodState[]) =>
  until(async () => {
    const standing = await readOne(periodKey(deal, period))
    return standing && states.includes(standing.state) ? standing : undefined
  })

/** A period that pays nothing has no instruction and counts as posted. */
const outcomeAtBank = (instruction: string | null) =>
  until(async () => {
    if (instruction === null) return 'posted' as const
    const { state } = (await readOne(instructionKey(instruction)))!
    return state === 'pending' ? undefined : state
  })
