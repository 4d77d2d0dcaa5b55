import { WorkflowFailedError } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdingKey } from '#contracts/receivable/state'
import { BATCH, ISSUE } from '#contracts/receivable/testing/story'
import { batchObject } from '#contracts/calendar/state'
import { LedgerError, type Executed, type Ledger } from '#ledger-adapter/port'
import { createLedgerActivities } from './activities/ledger.ts'
import type { Outcome } from './activities/types.ts'
import type { Call } from './definitions/kit.ts'
import { taskQueueOf } from './task-queue.ts'
import { expectReplayable } from './testing/histories.ts'
import { keyringOf, startRig, until, type Rig } from './testing/rig.ts'

/** A ledger whose submissions fail as a test scripts them; it keeps the bytes of each. */
class FaultyLedger {
  readonly sent: Buffer[] = []
  /** Taken one by one; when there is none, the ledger answers. */
  readonly faults: ('unavailable' | 'unknown' | 'unknown, yet committed')[] = []
  readonly port: Ledger

  constructor(ledger: Ledger) {
    const submit = async (bytes: Uint8Array): Promise<Executed> => {
      this.sent.push(Buffer.from(bytes))
      const fault = this.faults.shift()
      if (fault === 'unknown, yet committed') await ledger.submit(bytes)
      if (fault) throw new LedgerError('commit', 'STORE_UNAVAILABLE', fault === 'unavailable')
      return ledger.submit(bytes)
    }
    this.port = new Proxy(ledger, {
      get(target, property) {
        if (property === 'submit') return submit
        const value: unknown = Reflect.get(target, property)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }
}

let rig: Rig
let faulty: FaultyLedger
beforeAll(async () => {
  rig = await startRig()
  faulty = new FaultyLedger(rig.ledger)
  await rig.does('core:maker', 'receivable.openBatch', BATCH)
  await rig.does('core:maker', 'receivable.issue', ISSUE)
  await rig.does('core:checker', 'receivable.approve', { receivable: 'r' })
  await rig.does('supplier-1:maker', 'receivable.accept', { receivable: 'r', holding: 'h' })
  const activities = createLedgerActivities({ ledger: faulty.port, keyring: keyringOf('supplier-1') })
  await rig.work({ participant: 'supplier-1', activities })
})
afterAll(() => rig.stop())

/** Two parts of a holding of the whole face, or of what is left of it. */
const split = (holding: string, restFen: string): Call => ({
  step: 'split',
  contract: 'receivable',
  method: 'split',
  args: { holding, parts: [{ id: `${holding}a`, fen: '1' }, { id: `${holding}b`, fen: restFen }] },
  as: 'maker',
}) // prettier-ignore

const start = (name: string, workflowId: string, input: object, participant = 'supplier-1') =>
  rig.temporal.start({ name, workflowId, participant, input })
const idOf = (workflowId: string, step = 'split') => `${rig.scope}:${workflowId}:${step}`

async function failureOf(workflowId: string): Promise<unknown> {
  const failed: unknown = await rig.temporal.result(workflowId).then(
    () => expect.unreachable('it came to an end'),
    (error: unknown) => error,
  )
  expect(failed).toBeInstanceOf(WorkflowFailedError)
  return (failed as WorkflowFailedError).cause
}

describe('a command is performed once', () => {
  test('by a workflow that is ended after its commit and started again: the outcome is the earlier one', async () => {
    await start('performAndWait', 'again', split('h', '99999999'))
    const before = await until(() => rig.ledger.outcome({ participant: 'supplier-1', commandId: idOf('again') }))
    await rig.client.workflow.getHandle(`${rig.scope}:again`).terminate('ended by the test')
    const sent = faulty.sent.length

    await start('performAndWait', 'again', split('h', '99999999'))
    await until(async () => {
      await rig.temporal.hint('again')
      const { status } = await rig.client.workflow.getHandle(`${rig.scope}:again`).describe()
      return status.name === 'RUNNING' ? undefined : true
    })
    const { height, index } = before.position
    expect(await rig.temporal.result('again')).toEqual({ commandId: idOf('again'), position: `${height}.${index}` })
    expect(faulty.sent).toHaveLength(sent)
    const splits = (await rig.ledger.events(undefined, { limit: 1000 })).filter(
      ({ event }) => event === 'ReceivableSplit',
    )
    expect(splits.map(({ commandId }) => commandId)).toEqual([idOf('again')])
    await expectReplayable(rig, 'perform-again', 'again')
  })

  test('through a ledger that is unavailable and whose outcome is unknown: the same bytes, again and again', async () => {
    faulty.sent.length = 0
    faulty.faults.push('unavailable', 'unknown', 'unknown, yet committed')
    await start('performOne', 'patient', split('hb', '99999998'))
    const outcome = await rig.temporal.result<Outcome>('patient')
    expect(outcome).toMatchObject({ commandId: idOf('patient') })
    expect(faulty.faults).toEqual([])
    // Sent three times; then it is found on the ledger, and need not be sent again.
    expect(faulty.sent).toHaveLength(3)
    for (const bytes of faulty.sent) expect(bytes.equals(faulty.sent[0]!)).toBe(true)
    expect(await rig.fact(holdingKey('hb'))).toMatchObject({ state: 'split' })
    await expectReplayable(rig, 'perform-resent', 'patient')
  })

  test('behind its object’s days: it waits for them to be closed and is accepted under a new id', async () => {
    await rig.does('operator:service', 'calendar.roll', { date: '2011-01-01' })
    await start('performOne', 'behind', split('hbb', '99999997'))
    const first = await until(() => rig.ledger.outcome({ participant: 'supplier-1', commandId: idOf('behind') }))
    expect(first.outcome).toMatchObject({ accepted: false, refusal: { code: 'BEHIND' } })
    await rig.does('core:service', 'calendar.closeDay', { object: batchObject('b'), date: '2011-01-01' })
    const outcome = await rig.temporal.result<Outcome>('behind')
    expect(outcome.refusal).toBeUndefined()
    expect(outcome.commandId).toMatch(/:behind:split:[2-9]$/)
    expect(await rig.fact(holdingKey('hbb'))).toMatchObject({ state: 'split' })
    await expectReplayable(rig, 'perform-behind', 'behind')
  })

  test('and refused for good it fails with the code, kind and details of the refusal', async () => {
    await start('performOne', 'refused', split('nothing', '1'))
    expect(await failureOf('refused')).toMatchObject({
      type: 'HOLDING_NOT_FOUND',
      nonRetryable: true,
      details: ['notFound', { holding: 'nothing' }],
    })
    await expectReplayable(rig, 'perform-refused', 'refused')
  })
})

describe('the worker of one organisation does not sign for another', () => {
  const offer = { ...split('hbbb', '99999996'), step: 'theirs' }

  test('put on the other’s queue with its own keys, it signs nothing, and the workflow says why', async () => {
    faulty.sent.length = 0
    const own = createLedgerActivities({ ledger: faulty.port, keyring: keyringOf('supplier-2') })
    const misplaced = await rig.work({ participant: 'factor', activities: own })
    await start('performOne', 'not-mine', offer, 'factor')
    expect(await failureOf('not-mine')).toMatchObject({
      type: 'NOT_MY_COMMAND',
      nonRetryable: true,
      details: [{ asked: 'factor', own: 'supplier-2' }],
    })
    expect(faulty.sent).toEqual([])
    for (const participant of ['factor', 'supplier-2']) {
      expect(await rig.ledger.outcome({ participant, commandId: idOf('not-mine', 'theirs') })).toBeUndefined()
    }
    await misplaced.stop()
    await expectReplayable(rig, 'perform-not-mine', 'not-mine')
  })

  test('given the other’s work on its own queue, it signs in its own name, and the contract forbids it', async () => {
    const activities = createLedgerActivities({ ledger: rig.ledger, keyring: keyringOf('supplier-2') })
    await rig.work({ participant: 'supplier-2', activities })
    await start('performOne', 'not-the-holder', offer, 'supplier-2')
    expect(await failureOf('not-the-holder')).toMatchObject({ type: 'NOT_THE_HOLDER', details: ['forbidden', {}] })
    expect(await rig.fact(holdingKey('hbbb'))).toMatchObject({ owner: 'supplier-1', state: 'held' })
  })

  test('and never sees the other’s queue: work stays there until its own organisation’s worker comes', async () => {
    const taskQueue = taskQueueOf(rig.scope, 'core')
    const call: Call = {
      step: 'batch',
      contract: 'receivable',
      method: 'openBatch',
      args: { ...BATCH, batch: 'b2' },
      as: 'maker',
    }
    await start('performOne', 'of-core', call, 'core')
    // Others' workers do work meanwhile: this one of supplier-1 begins and ends while core's waits.
    await start('performOne', 'of-supplier', split('hbbb', '99999996'))
    await rig.temporal.result('of-supplier')
    const { workflowService, namespace } = {
      workflowService: rig.client.workflowService,
      namespace: rig.client.options.namespace,
    }
    const { pollers } = await workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: 1,
    })
    expect(pollers ?? []).toEqual([])
    const { historyLength, status } = await rig.client.workflow.getHandle(`${rig.scope}:of-core`).describe()
    expect([status.name, historyLength]).toEqual(['RUNNING', 2]) // started, and a task scheduled that nobody took

    const activities = createLedgerActivities({ ledger: rig.ledger, keyring: keyringOf('core') })
    await rig.work({ participant: 'core', activities })
    expect(await rig.temporal.result<Outcome>('of-core')).toMatchObject({ commandId: idOf('of-core', 'batch') })
  })
})
