import { WorkflowFailedError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BATCH, ISSUE, SPLIT } from '#contracts/receivable/testing/story'
import { holdingKey } from '#contracts/receivable/state'
import { createLedgerActivities } from './activities/ledger.ts'
import type { Outcome } from './activities/types.ts'
import { expectReplayable } from './testing/histories.ts'
import { keyringOf, signedBytes, startRig, type Rig } from './testing/rig.ts'

let rig: Rig
let told: string[] = []
beforeAll(async () => {
  rig = await startRig()
  await rig.does('core:maker', 'receivable.openBatch', BATCH)
  await rig.does('core:maker', 'receivable.issue', ISSUE)
  await rig.does('core:checker', 'receivable.approve', { receivable: 'r' })
  await rig.does('supplier-1:maker', 'receivable.accept', { receivable: 'r', holding: 'h' })
  const { ledger, notices } = rig
  await rig.work({
    participant: 'supplier-1',
    activities: {
      ...createLedgerActivities({ ledger, keyring: keyringOf('supplier-1') }),
      async tell(notice: Parameters<typeof notices.tell>[0]) {
        told.push(notice.participant)
        await notices.tell(notice)
      },
    },
  })
})
afterAll(() => rig.stop())

/** The request as the holder's client makes it, and what its workflow came to. */
async function request(body: object, holding: string): Promise<Outcome> {
  const { workflowId } = await rig
    .as('supplier-1:maker')
    .post<{ workflowId: string }>(`/v1/holdings/${holding}/splits`, body)
  return rig.temporal.result<Outcome>(workflowId)
}

const outcomeOf = (commandId: string) => rig.ledger.outcome({ participant: 'supplier-1', commandId })

const prepared = async (commandId: string, args: typeof SPLIT) => {
  const { command, signature } = await rig.as('supplier-1:maker').prepare('receivable.split', args, { commandId })
  return { command, signature }
}

describe('a split that the holder signed', () => {
  test('is committed by the workflow, and both sides are told once, also when it is asked for twice', async () => {
    const body = await prepared('split-1', SPLIT)
    const outcome = await request(body, 'h')
    expect(outcome).toEqual({ commandId: 'split-1', position: expect.stringMatching(/^\d+\.\d+$/) as string })
    expect(await request(body, 'h')).toEqual(outcome)

    const { position } = (await outcomeOf('split-1'))!
    expect(`${position.height}.${position.index}`).toBe(outcome.position)
    expect(await rig.fact(holdingKey('h2'))).toMatchObject({ owner: 'supplier-1', state: 'held' })
    expect(told.sort()).toEqual(['core', 'supplier-1'])
    for (const participant of ['supplier-1', 'core']) {
      expect(await rig.notices.of(participant)).toMatchObject([
        {
          id: `${rig.scope}:receivable-split:supplier-1/h/split-1:${participant}`,
          participant,
          subject: 'receivable.split h',
          position: outcome.position,
        },
      ])
    }
    expect(await rig.notices.of('supplier-2')).toEqual([])
    await expectReplayable(rig, 'receivable-split', 'receivable-split:supplier-1/h/split-1')
  })

  test('and refused by the contract ends with the refusal, and nobody is told', async () => {
    told = []
    const body = await prepared('split-2', {
      ...SPLIT,
      parts: SPLIT.parts.map((part) => ({ ...part, id: `x${part.id}` })),
    })
    const outcome = await request(body, 'h') // it is split already
    expect(outcome.refusal).toMatchObject({ code: 'WRONG_STATE', kind: 'conflict' })
    expect((await outcomeOf('split-2'))?.outcome).toMatchObject({ accepted: false })
    expect(told).toEqual([])
    expect(await rig.notices.of('core')).toHaveLength(1)
    await expectReplayable(rig, 'receivable-split-refused', 'receivable-split:supplier-1/h/split-2')
  })
})

describe('bytes that the ledger does not admit', () => {
  /** Given to the workflow as it stands, past the service's own look at it. */
  async function failureOf(workflowId: string, bytes: Uint8Array): Promise<ApplicationFailure> {
    const input = { signedBase64: Buffer.from(bytes).toString('base64'), holding: 'h1', notify: ['core'] }
    await rig.temporal.start({ name: 'receivableSplit', workflowId, participant: 'supplier-1', input })
    const failed = await rig.temporal.result(workflowId).then(
      () => expect.unreachable('it came to an end'),
      (error: unknown) => error,
    )
    expect(failed).toBeInstanceOf(WorkflowFailedError)
    const { cause } = failed as WorkflowFailedError
    expect(cause).toBeInstanceOf(ApplicationFailure)
    return cause as ApplicationFailure
  }
  const args = { holding: 'h1', parts: [{ id: 'y1', fen: '1' }, { id: 'y2', fen: '59999999' }] } // prettier-ignore

  test('expired: the failure says so, and nothing is recorded', async () => {
    const { chainId } = rig.ledger
    const dayAgo = Date.now() - 24 * 60 * 60 * 1000
    const bytes = await signedBytes(chainId, 'supplier-1:maker', 'receivable.split', args, 'late', dayAgo)
    expect(await failureOf('late', bytes)).toMatchObject({ type: 'EXPIRED', nonRetryable: true })
    expect(await outcomeOf('late')).toBeUndefined()
  })

  test('signed for another chain, and no command at all', async () => {
    const foreign = await signedBytes('elsewhere', 'supplier-1:maker', 'receivable.split', args, 'foreign')
    expect(await failureOf('foreign', foreign)).toMatchObject({ type: 'WRONG_CHAIN', nonRetryable: true })
    expect(await failureOf('noise', Buffer.from('{"command":'))).toMatchObject({
      type: 'MALFORMED',
      nonRetryable: true,
    })
  })

  test('changed after signing: the signature does not fit, and the holding stands as it was', async () => {
    const { chainId } = rig.ledger
    const bytes = await signedBytes(chainId, 'supplier-1:maker', 'receivable.split', args, 'changed')
    const changed = Buffer.from(Buffer.from(bytes).toString().replace('59999999', '59999998'))
    expect(changed.equals(bytes)).toBe(false)
    expect(await failureOf('changed', changed)).toMatchObject({ type: 'BAD_SIGNATURE', nonRetryable: true })
    expect(await rig.fact(holdingKey('h1'))).toMatchObject({ state: 'held' })
    expect(told).toEqual([])
  })
})
