// The counts of a run in one plain line, “3 passed, 0 failed”, for whoever reads the log without vitest's colours.
import { appendFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export const summaryLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/**
 * Prints the line at the end of a run, or, when SLUICE_TEST_COUNTS names a file, adds the counts to it as a line of JSON
 * for the script that sums several runs. Whatever fails outside a test (a file that does not load, a hook, an unhandled
 * rejection) counts as one failure, so that a failed run never reads “0 failed”.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts: Counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      counts.failed += module.errors().length
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        // A test that never came to an end (the run was cut short) has not passed.
        counts[state === 'pending' ? 'failed' : state] += 1
      }
    }
    const file = process.env['SLUICE_TEST_COUNTS']
    if (file) appendFileSync(file, `${JSON.stringify(counts)}\n`)
    else process.stdout.write(`\n${summaryLine(counts)}\n`)
  }
}
