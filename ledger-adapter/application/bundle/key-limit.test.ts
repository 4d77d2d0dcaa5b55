import { expect, it } from 'vitest'
import { registry } from '#contracts/registry'
import { callerOf } from '#contracts/membership/caller'
import { ISSUE, opened } from '#contracts/receivable/testing/story'
import { buildBundle } from './build-bundle.ts'
import { SandboxedContracts } from './sandbox.ts'

it('a bundle holds a key to its limit as its sources do', async () => {
  const { hash, text } = await buildBundle()
  const version = SandboxedContracts.load(hash, text)
  const world = opened()
  const { caller } = callerOf(world.read, 'core', 'maker-key', world.height)!
  const command = { contract: 'receivable', method: 'issue', args: ISSUE, commandId: 'c' }
  const block = { chainId: 'c', height: world.height, blockTimeMs: 0 }
  for (const [limitFen, accepted] of [
    [ISSUE.faceFen, true],
    [String(BigInt(ISSUE.faceFen) - 1n), false],
  ] as const) {
    const by = { ...caller, limitFen }
    const got = version.execute(world.read, command, by, block)
    expect(got.accepted).toBe(accepted)
    expect(got).toEqual(registry.execute(world.read, command, by, block))
  }
}, 60_000)
