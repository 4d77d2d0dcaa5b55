/**
 * One task queue per organisation: only its own worker, with its own keys, takes work from it.
 * @param scope the ledger, since several may share one Temporal namespace
 */
export const taskQueueOf = (scope: string, participant: string): string => `${scope}:organisation.${participant}`
