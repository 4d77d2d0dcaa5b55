import { Worker } from '@temporalio/worker'
import { describe, expect, test } from 'vitest'
import { testBundle } from './testing/bundle.ts'
import { historyOf, recordedHistories, type RecordedHistory } from './testing/histories.ts'

const replay = async (recorded: RecordedHistory, history = historyOf(recorded)): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: await testBundle() }, history, recorded.workflowId)

/** Runs that began under earlier code must end under today's: where a workflow changes, gate the change with `patched`. */
describe('recorded histories replay', () => {
  const recorded = recordedHistories()

  test.each(recorded)('%s', async (_name, history) => {
    await replay(history)
  })

  test('there are some', () => {
    expect(recorded.map(([name]) => name)).toEqual(
      expect.arrayContaining(['perform-again.json', 'receivable-split.json', 'receivable-split-refused.json']),
    )
  })

  test('and one of another workflow does not', async () => {
    const [, split] = recorded.find(([name]) => name === 'receivable-split.json')!
    const history = historyOf(split)
    history.events![0]!.workflowExecutionStartedEventAttributes!.workflowType = { name: 'performOne' }
    await expect(replay(split, history)).rejects.toThrow()
  })
})
