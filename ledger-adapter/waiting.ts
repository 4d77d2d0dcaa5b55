import { AsyncLocalStorage } from 'node:async_hooks'

/** Told of a wait for a block, which costs nothing while it lasts; it may let the work go on a little later. */
export type Waits = <T>(wait: () => Promise<T>) => Promise<T>

const told = new AsyncLocalStorage<Waits>()

/**
 * Whoever bounds how much is worked on at once hears of every wait within this work, however deep: it is not the
 * caller of a proof that knows whether its anchor is there yet.
 */
export const tellingWaits = <T>(waits: Waits, work: () => Promise<T>): Promise<T> => told.run(waits, work)

/** Waits for a block. @throws what `tellingWaits` was given throws, e.g. because too many wait already */
export const waiting: Waits = (wait) => (told.getStore() ?? ((it) => it()))(wait)
