import { KeyNotLoaded } from '#contracts/kernel/state'
import type { BlockBase } from './state.ts'

/** Asks again after each value that was not at hand: decide is pure, so asking twice is safe. */
export async function loading<T>(state: BlockBase, ask: () => T): Promise<T> {
  for (;;) {
    try {
      return ask()
    } catch (error) {
      if (!(error instanceof KeyNotLoaded)) throw error
      await state.load([error.path])
    }
  }
}

/** `loading`, without a turn of the loop where everything is at hand: a block asks thousands of times. */
export function atOnce<T>(state: BlockBase, ask: () => T): T | Promise<T> {
  try {
    return ask()
  } catch (error) {
    if (!(error instanceof KeyNotLoaded)) throw error
    return loading(state, ask)
  }
}
