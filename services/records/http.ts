import { READ_SCHEMA } from '#node/projector/tables'
import { calendarTables } from '#node/projector/projections/calendar'
import { cashTables } from '#node/projector/projections/cash'
import { governanceTables } from '#node/projector/projections/governance'
import { memberTables } from '#node/projector/projections/members'
import type { Route } from '../kit/route.ts'
import { readRoutes, type ReadingDeps } from '../reading/routes.ts'

const { participants, operators, keys } = memberTables(READ_SCHEMA)
const { accounts, instructions, transfers } = cashTables(READ_SCHEMA)
const { businessDates } = calendarTables(READ_SCHEMA)
const { proposals } = governanceTables(READ_SCHEMA)

/** What every organisation looks up, whatever its business: members, what is proposed, money, dates. */
export const recordRoutes: readonly Route<ReadingDeps>[] = [
  ...readRoutes({
    url: '/v1/participants',
    tag: 'members',
    what: 'participants',
    projections: ['members'],
    listing: {
      table: participants,
      id: participants.id,
      topics: participants.topics,
      sort: { uscc: participants.uscc, nameEn: participants.nameEn },
      filter: { uscc: participants.uscc },
    },
  }),
  ...readRoutes({
    url: '/v1/participants/{participant}/operators',
    tag: 'members',
    what: 'operators of a participant',
    projections: ['members'],
    path: { participant: 'participant' },
    listing: {
      table: operators,
      id: operators.id,
      topics: operators.topics,
      sort: {},
      filter: { participant: operators.participant, kind: operators.kind },
    },
  }),
  ...readRoutes({
    url: '/v1/participants/{participant}/keys',
    tag: 'members',
    what: 'keys of a participant',
    projections: ['members'],
    path: { participant: 'participant' },
    listing: {
      table: keys,
      id: keys.id,
      topics: keys.topics,
      sort: { fromHeight: keys.fromHeight },
      filter: { participant: keys.participant, operator: keys.operator },
    },
  }),
  ...readRoutes({
    url: '/v1/governance/proposals',
    tag: 'members',
    what: 'what the institutions were asked to decide',
    projections: ['governance'],
    listing: {
      table: proposals,
      id: proposals.id,
      topics: proposals.topics,
      sort: { expiresOn: proposals.expiresOn },
      filter: { state: proposals.state, institution: proposals.institution },
    },
  }),
  ...readRoutes({
    url: '/v1/accounts',
    tag: 'cash',
    what: 'cash accounts',
    projections: ['cash'],
    listing: {
      table: accounts,
      id: accounts.id,
      topics: accounts.topics,
      sort: { postedFen: accounts.postedFen, owner: accounts.owner },
      filter: { deal: accounts.deal, owner: accounts.owner, kind: accounts.kind, bank: accounts.bank },
    },
  }),
  ...readRoutes({
    url: '/v1/instructions',
    tag: 'cash',
    what: 'payment instructions',
    projections: ['cash'],
    listing: {
      table: instructions,
      id: instructions.id,
      topics: instructions.topics,
      sort: { date: instructions.date },
      filter: { deal: instructions.deal, state: instructions.state, bank: instructions.bank },
    },
  }),
  ...readRoutes({
    url: '/v1/transfers',
    tag: 'cash',
    what: 'transfers',
    projections: ['cash'],
    listing: {
      table: transfers,
      id: transfers.id,
      topics: transfers.topics,
      sort: { date: transfers.date, amountFen: transfers.amountFen },
      filter: {
        deal: transfers.deal,
        instruction: transfers.instruction,
        from: transfers.from,
        to: transfers.to,
        state: transfers.state,
        step: transfers.step,
      },
    },
  }),
  ...readRoutes({
    url: '/v1/business-dates',
    tag: 'calendar',
    what: 'business dates',
    projections: ['calendar'],
    listing: {
      table: businessDates,
      id: businessDates.id,
      topics: businessDates.topics,
      sort: { asOf: businessDates.asOf },
      filter: {},
    },
  }),
]
