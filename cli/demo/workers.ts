import type { LoanFlows } from '#domain/tape/replay'
import type { Keyring } from '#node/keys/keyring'
import type { OrganisationWorker } from '#workflows/worker'
import { organisationWorker } from '../stack/organisation-worker.ts'
import type { WorkerParts } from '../stack/stack.ts'
import { CAST } from './consortium.ts'

/** The organisations that run workflows; the servicer's system is the tape of the run. */
export const workersOf = (
  parts: WorkerParts,
  keyrings: ReadonlyMap<string, Keyring>,
  loans: readonly LoanFlows[],
): OrganisationWorker[] =>
  [
    CAST.servicer,
    CAST.supervisoryBank,
    CAST.custodian,
    CAST.planManager,
    CAST.depository,
    CAST.firstSupplier,
    CAST.secondSupplier,
  ].map((participant) => organisationWorker(parts, keyrings.get(participant)!, () => loans))
