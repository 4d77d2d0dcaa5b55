import type { Executed } from '../port.ts'
import type { Candidate } from './admission.ts'

/**
 * Commands that wait for their answers. One that is sent again meanwhile is answered by the same execution; another under
 * its id waits until it is known whether the id is spent.
 */
export class InFlight {
  /** By the keys of the ids. */
  private readonly flying = new Map<string, { readonly digest: string; readonly answer: Promise<Executed> }>()

  /**
   * @param checkOpen asked before anything is begun; throws where nothing is taken
   * @param begin called once for all that send the command while it is under way
   */
  async answer({ idKey, digest }: Candidate, checkOpen: () => void, begin: () => Promise<Executed>): Promise<Executed> {
    for (;;) {
      checkOpen()
      const before = this.flying.get(idKey)
      if (!before) break
      if (before.digest === digest) return before.answer
      // Its failure is told to who sent it; whether the id is spent is known when it has been answered, either way.
      await before.answer.catch(() => undefined)
    }
    const answer = begin()
    this.flying.set(idKey, { digest, answer })
    try {
      return await answer
    } finally {
      this.flying.delete(idKey)
    }
  }
}
