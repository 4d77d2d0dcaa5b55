import type { LoanFlows } from '#domain/tape/replay'
import type { NoticeBoard } from '#node/notices/notice-board'
import type { Keyring } from '#node/keys/keyring'
import { createBankActivities } from '#workflows/activities/bank'
import { createLedgerActivities } from '#workflows/activities/ledger'
import { createCustodianActivities, createServicerActivities } from '#workflows/activities/pool'
import type { OrganisationWorker } from '#workflows/worker'
import type { WorkerParts } from '../stack/stack.ts'
import { CAST } from './consortium.ts'

/** The organisations that run workflows, each with activities over its own keys and its own systems. */
export function workersOf(
  { ledger, files, bankOf, notices }: WorkerParts & { notices: NoticeBoard },
  keyrings: ReadonlyMap<string, Keyring>,
  loans: readonly LoanFlows[],
): OrganisationWorker[] {
  const organisation = (participant: string, own: object = {}): OrganisationWorker => {
    const keyring = keyrings.get(participant)!
    return { participant, activities: { ...createLedgerActivities({ ledger, keyring }), ...own } }
  }
  const bankAt = (bank: string) => createBankActivities({ ledger, bank: bankOf(bank) })
  const tell = { tell: (notice: Parameters<NoticeBoard['tell']>[0]) => notices.tell(notice) }
  return [
    organisation(CAST.servicer, createServicerActivities({ ledger, files, loansOf: () => loans })),
    organisation(CAST.supervisoryBank, bankAt(CAST.supervisoryBank)),
    organisation(CAST.custodian, {
      ...bankAt(CAST.custodian),
      ...createCustodianActivities({ ledger, files, bank: bankOf(CAST.custodian) }),
    }),
    organisation(CAST.planManager),
    organisation(CAST.depository, bankAt(CAST.depository)),
    organisation(CAST.firstSupplier, tell),
    organisation(CAST.secondSupplier, tell),
  ]
}
