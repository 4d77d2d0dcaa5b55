import { World } from '../kernel/testing/world.ts'
import { CONTRACTS } from '../registry.ts'

/** The state of a world as sorted lines, and the same rebuilt in a fresh world from its events alone. */
export const stateLines = (world: World): string[] => [...world.state].map(([key, value]) => `${key} ${value}`).sort()
export const replayed = (world: World): World => new World(CONTRACTS).given(...world.events)
