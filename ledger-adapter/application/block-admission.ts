import type { VersionResolver } from '#contracts/kernel/execute'
import type { Caller } from '#contracts/kernel/method'
import { LedgerError } from '../port.ts'
import { admit, declaredReads, remembered, type AdmissionRules, type CallerOf, type Candidate } from './admission.ts'
import { atOnce } from './loading.ts'
import type { BlockBase } from './state.ts'

/** A command that may enter the block, and who sent it. */
export interface Admitted {
  readonly candidate: Candidate
  readonly caller: Caller
}

export interface Refused {
  readonly candidate: Candidate
  readonly error: LedgerError
}

/** What an admitted command says that it will read, by the version that decides it at this height. */
export const readsOf = (
  registry: VersionResolver,
  state: BlockBase,
  height: number,
  { candidate, caller }: Admitted,
): readonly string[] | Promise<readonly string[]> =>
  atOnce(state, () => declaredReads(candidate, registry.versionFor(state.read, candidate.command, height), caller))

/**
 * Admission to the block of one height. Keys are judged by the state before the block, so that a verifier needs no order
 * within it, and who signs with one is asked once.
 */
export class BlockAdmission {
  private readonly rules: AdmissionRules

  constructor(
    rules: Omit<AdmissionRules, 'read'>,
    private readonly state: BlockBase,
    readonly height: number,
  ) {
    this.rules = { ...rules, callerOf: remembered(rules.callerOf), read: state.read }
  }

  /** Who signs with the command's key; undefined when nobody may. @throws what the store throws */
  keyOf({ command }: Candidate): ReturnType<CallerOf> | Promise<ReturnType<CallerOf>> {
    const { callerOf, read } = this.rules
    return atOnce(this.state, () => callerOf(read, command.participant, command.keyId, this.height))
  }

  /** What an admitted command says that it will read. @throws what the store throws */
  declaredReads(candidate: Candidate, caller: Caller): readonly string[] | Promise<readonly string[]> {
    return readsOf(this.rules.registry, this.state, this.height, { candidate, caller })
  }

  /**
   * At once where all that it asks is at hand.
   * @throws LedgerError as `admit` does, and what the store throws
   */
  admit(candidate: Candidate, timeMs: number): Caller | Promise<Caller> {
    return atOnce(this.state, () => admit(candidate, { height: this.height, timeMs }, this.rules))
  }

  /** @throws what the store throws */
  async admitAll(
    candidates: readonly Candidate[],
    timeMs: number,
  ): Promise<{ readonly admitted: readonly Admitted[]; readonly refused: readonly Refused[] }> {
    const [admitted, refused]: [Admitted[], Refused[]] = [[], []]
    for (const candidate of candidates) {
      try {
        const found = this.admit(candidate, timeMs)
        admitted.push({ candidate, caller: found instanceof Promise ? await found : found })
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error
        refused.push({ candidate, error })
      }
    }
    return { admitted, refused }
  }
}
