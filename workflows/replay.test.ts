import { Worker } from '@temporalio/worker'
import { describe, expect, test } from 'vitest'
import { testBundle } from './testing/bundle.ts'
import { recordedHistories, type RecordedHistory } from './testing/histories.ts'

const replay = async ({ history, workflowId }: RecordedHistory): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: await testBundle() }, history, workflowId)

/** Runs that began under earlier code must end under today's: where a workflow changes, gate the change with `patched`. */
describe('recorded histories replay', () => {
  const recorded = recordedHistories()

  test.each(recorded)('%s', async (_name, history) => {
    await replay(history)
  })

  test('and one in which other things happened does not', async () => {
    const [, split] = recorded.find(([name]) => name === 'receivable-split.json')!
    const [, performed] = recorded.find(([name]) => name === 'perform-again.json')!
    const renamed = JSON.parse(
      JSON.stringify(performed).replaceAll('performAndWait', 'receivableSplit'),
    ) as RecordedHistory
    await expect(replay(renamed)).rejects.toBeInstanceOf(Error)
    expect(JSON.stringify(split)).toContain('receivableSplit')
  })
})
