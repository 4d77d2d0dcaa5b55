import { expect, test } from 'vitest'
import { CONTRACTS } from '#contracts/registry'
import { PROJECTIONS } from './index.ts'

/** Events that no read model shows, and why. */
const NOT_SHOWN: Readonly<Record<string, string>> = {
  'deal.VersionPinned': 'the version that a plan stays on is asked of the ledger, with its proof',
  'deal.VersionMoveProposed': 'a move that is not agreed to is asked of the ledger, with its proof',
  'deal.VersionAgreed': 'as above',
  'membership.ConsortiumFounded': 'the trust root is known beforehand, never read from a node',
  'securities.Invited': 'an invitation is in the stream of the invited; it changes no row',
  'servicing.ServicingOpened': 'the first period says so',
}

test('every event of every contract is shown by a read model, or named here with the reason', () => {
  const all = CONTRACTS.flatMap(({ name, events }) => events.map(({ event }) => `${name}.${event}`))
  const shown = new Set(PROJECTIONS.flatMap(({ on }) => on.map(([name]) => name)))
  expect(all.filter((name) => !shown.has(name)).sort()).toEqual(Object.keys(NOT_SHOWN).sort())
  expect([...shown].filter((name) => !all.includes(name))).toEqual([])
})

test('a projection handles an event once', () => {
  for (const { on } of PROJECTIONS) expect(new Set(on.map(([name]) => name)).size).toBe(on.length)
})
