// Where there is no way to CometBFT, tests of a network say why they are skipped; under CI they fail.
import { describe } from 'vitest'
import { cometbftProgram } from '#ledger-adapter/testing/single-validator'

// Tried, not only looked for: a download or a build that could be had elsewhere may fail here.
const program = await cometbftProgram()

/** As `describe`, for tests that start CometBFT. */
export function describeNetwork(name: string, tests: () => void): void {
  if ('path' in program) describe(name, tests)
  else describe.skip(`${name} (skipped: ${program.missing})`, tests)
}
