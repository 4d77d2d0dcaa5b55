import type { DefectListener } from '#ledger-adapter/application/build-block'

/** A line of the node's log for each command that met a defect in the contracts: the ledger records only that it did. */
export const logDefect =
  (log: (where: string, error: unknown) => void): DefectListener =>
  ({ command: { contract, method, participant, commandId }, height, problem }) =>
    log(`defect in ${contract}.${method}, command ${commandId} of ${participant} in block ${height}`, problem)
