import { expect, it } from 'vitest'
import { genesisEvents } from '#contracts/genesis'
import { testPublicKey } from '#contracts/testing/consortium'
import { isoDate } from '#domain/date'
import { demoGenesis, MEMBERS } from './consortium.ts'

it('is a genesis that the contracts accept', () => {
  let n = 0
  const genesis = demoGenesis({
    name: 'demo',
    startDate: isoDate('2010-12-01'),
    ledgerOperatorPublicKey: testPublicKey('ledger'),
    publicKeyOf: () => testPublicKey(`demo ${(n += 1)}`),
  })
  const events = genesisEvents(genesis)
  expect(events.filter(({ event }) => event === 'ParticipantAdmitted')).toHaveLength(MEMBERS.length)
})
