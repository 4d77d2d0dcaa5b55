/**
 * One task queue per organisation: only its own worker, with its own keys, takes work from it.
 * @param scope the ledger, since several may share one Temporal namespace
 */
export const taskQueueOf = (scope: string, participant: string): string => `${scope}${MARK}${participant}`

/** Whose queue it is. @throws Error when it is no organisation's */
export function participantOf(taskQueue: string): string {
  const at = taskQueue.lastIndexOf(MARK)
  if (at < 0) throw new Error(`the task queue ${taskQueue} is no organisation's`)
  return taskQueue.slice(at + MARK.length)
}

const MARK = ':organisation.'
