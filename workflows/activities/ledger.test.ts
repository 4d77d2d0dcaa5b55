import { describe, expect, it } from 'vitest'
import { LedgerError, type Executed, type Ledger, type LedgerErrorCode } from '#ledger-adapter/port'
import { createLedgerActivities, type Keyring } from './ledger.ts'
import { taskQueueOf } from '../task-queue.ts'
import type { CommandDraft } from './types.ts'

const EXECUTED: Executed = {
  participant: 'core',
  commandId: 'c',
  digest: 'd',
  position: { height: 3, index: 1 },
  outcome: { accepted: true, events: [] },
}

/** Answers submits one after another, and notes the bytes. */
function ledgerAnswering(...answers: (Executed | Error)[]) {
  const submitted: string[] = []
  const ledger: Partial<Ledger> = {
    chainId: 'chain',
    outcome: () => Promise.resolve(undefined),
    submit: (bytes) => {
      submitted.push(Buffer.from(bytes).toString())
      const answer = answers.shift()!
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  }
  const keyring: Keyring = {
    participant: 'core',
    signerFor: () => ({ keyId: 'k', sign: (command) => Promise.resolve(Buffer.from(JSON.stringify(command))) }),
  }
  return { submitted, activities: createLedgerActivities({ ledger: ledger as Ledger, keyring }) }
}

const draft: CommandDraft = {
  taskQueue: taskQueueOf('chain', 'core'),
  contract: 'notes',
  method: 'put',
  args: {},
  commandId: 'c',
  issuedAt: 1,
  expiresAt: 2,
  as: 'service:admin',
}
const refused = (code: LedgerErrorCode, outcomeKnown: boolean) =>
  new LedgerError('admission', code, outcomeKnown, { a: 1 })

describe('what a workflow is told of a command', () => {
  it.each([
    ['EXPIRED', true, { kind: 'expired' }],
    // A copy sent before may still be executed: another command in its place would do the same twice.
    ['EXPIRED', false, { kind: 'unknown', code: 'EXPIRED' }],
    ['NO_CONSENSUS', false, { kind: 'unknown', code: 'NO_CONSENSUS' }],
    ['STORE_UNAVAILABLE', true, { kind: 'unknown', code: 'STORE_UNAVAILABLE' }],
    ['NOT_YET_VALID', true, { kind: 'unknown', code: 'NOT_YET_VALID' }],
    ['BAD_SIGNATURE', false, { kind: 'unknown', code: 'BAD_SIGNATURE' }],
    ['BAD_SIGNATURE', true, { kind: 'inadmissible', code: 'BAD_SIGNATURE', details: { a: 1 } }],
  ] as const)('%s with a known outcome %s', async (code, outcomeKnown, submission) => {
    const { activities } = ledgerAnswering(refused(code, outcomeKnown), refused(code, outcomeKnown))
    expect(await activities.perform(draft)).toEqual(submission)
    expect(await activities.submitSigned('AAAA')).toEqual(submission)
  })

  it('asked again for the same step sends the same command, until it is known', async () => {
    const { submitted, activities } = ledgerAnswering(refused('EXPIRED', false), EXECUTED)
    expect(await activities.perform(draft)).toMatchObject({ kind: 'unknown' })
    expect(await activities.perform(draft)).toEqual({ kind: 'executed', outcome: { commandId: 'c', position: '3.1' } })
    expect(submitted[0]).toBe(submitted[1])
  })
})
