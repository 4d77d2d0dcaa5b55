import type { Keyring } from '#node/keys/keyring'
import type { NoticeBoard } from '#node/notices/notice-board'
import { createBankActivities } from '#workflows/activities/bank'
import { createLedgerActivities } from '#workflows/activities/ledger'
import { createCustodianActivities, createServicerActivities } from '#workflows/activities/pool'
import type { OrganisationWorker } from '#workflows/worker'
import { loansOnTape } from './loan-tape.ts'
import type { WorkerParts } from './stack.ts'

type LoansOf = Parameters<typeof createServicerActivities>[0]['loansOf']

/**
 * An organisation's worker with the activities of every role, over its own keys and its own systems. Who fills a role
 * the ledger says, plan by plan and while this runs: the node takes what is asked of the organisation, and an activity
 * whose system it has not says so when it is asked for.
 * @param loansOf the servicer's system; the organisation's own loan tape without it
 */
export function organisationWorker(
  { ledger, files, bankOf, notices, tapeFolderOf }: WorkerParts,
  keyring: Keyring,
  loansOf?: LoansOf,
): OrganisationWorker {
  const { participant } = keyring
  const bank = bankOf(participant)
  const onOwnTape: LoansOf = (deal) => {
    const tapeFolder = tapeFolderOf(participant)
    if (tapeFolder === undefined) throw new Error(`this node keeps no tape of ${participant}`)
    return loansOnTape({ ledger, files, participant, tapeFolder, deal })
  }
  return {
    participant,
    activities: {
      ...createLedgerActivities({ ledger, keyring }),
      ...createBankActivities({ ledger, bank }),
      ...createServicerActivities({ ledger, files, loansOf: loansOf ?? onOwnTape }),
      ...createCustodianActivities({ ledger, files, bank }),
      tell: (notice: Parameters<NoticeBoard['tell']>[0]) => notices.tell(notice),
    },
  }
}
