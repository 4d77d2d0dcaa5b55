// Where there is no way to CometBFT, tests of a network say why they are skipped; under CI they fail.
import { beforeAll, describe } from 'vitest'
import { COMETBFT } from '#engines/cometbft'
import { locateBinary } from '#engines/find-binary'

const found = await locateBinary(COMETBFT, {})
const isCi = (process.env['CI'] ?? '') !== ''

/** As `describe`, for tests that start CometBFT. */
export function describeNetwork(name: string, tests: () => void): void {
  if (found.available) describe(name, tests)
  else if (!isCi) describe.skip(`${name} (skipped: no CometBFT: ${found.how})`, tests)
  else
    describe(name, () => {
      beforeAll(() => {
        throw new Error(`no CometBFT under CI: ${found.how}`)
      })
      tests()
    })
}
