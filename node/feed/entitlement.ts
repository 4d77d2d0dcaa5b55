import type { Read } from '#contracts/kernel/state'
import type { Ledger } from '#ledger-adapter/port'
import { readState } from '../read-state.ts'
import type { Entitlement } from './ports.ts'

/** The rule of `contracts/entitlement.ts`. */
export type MayRead = (read: Read, participant: string, topic: string, height: number) => boolean

/** Asks the contract's rule of the committed state, each topic at one height. */
export class LedgerEntitlement implements Entitlement {
  constructor(
    private readonly ledger: Pick<Ledger, 'query'>,
    private readonly mayRead: MayRead,
  ) {}

  async readable(participant: string, topics: readonly string[]): Promise<ReadonlySet<string>> {
    const answers = await Promise.all(
      topics.map(async (topic) => {
        const is = await readState(this.ledger, (read, height) => this.mayRead(read, participant, topic, height))
        return is ? topic : undefined
      }),
    )
    return new Set(answers.filter((topic) => topic !== undefined))
  }
}
