import { expect, it } from 'vitest'
import { genesisEvents } from '#contracts/genesis'
import { isoDate } from '#domain/date'
import { demoGenesis, MEMBERS } from './consortium.ts'

it('is a genesis that the contracts accept', () => {
  let n = 0
  const genesis = demoGenesis({
    name: 'demo',
    startDate: isoDate('2010-12-01'),
    ledgerOperatorPublicKey: 'A'.repeat(43),
    publicKeyOf: () => `${String((n += 1)).padStart(42, 'B')}A`,
  })
  const events = genesisEvents(genesis)
  expect(events.filter(({ event }) => event === 'ParticipantAdmitted')).toHaveLength(MEMBERS.length)
})
