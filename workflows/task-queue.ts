/** One task queue per organisation: only its own worker, with its own keys, takes work from it. */
export const taskQueueOf = (participant: string): string => `organisation.${participant}`
