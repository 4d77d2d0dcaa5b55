import { verifyAhead, type Candidate } from '../application/admission.ts'
import { BlockAdmission } from '../application/block-admission.ts'
import type { ApplicationRules } from '../application/build-block.ts'
import type { CommittedState } from '../application/state.ts'
import { VerifyPool } from '../application/verify-pool.ts'

/**
 * What is done with a command before it waits for a block: its signature is checked on threads, it is admitted by the
 * rules of the next block, which asks again, and the values that it will read are fetched.
 */
export class PreAdmission {
  private readonly signatures = new VerifyPool()
  private admitting: BlockAdmission | undefined
  /** Keys that the next turn of the loop asks the store for. */
  private readonly wanted: string[] = []

  /** @param next height of the next block, and its time if it were built now */
  constructor(
    private readonly rules: ApplicationRules,
    private readonly state: CommittedState,
    private readonly next: { readonly height: () => number; readonly timeMs: () => number },
  ) {}

  /** @throws LedgerError as `admit` does */
  async preAdmit(candidate: Candidate): Promise<void> {
    const asked = this.admission().keyOf(candidate)
    await verifyAhead(candidate, asked instanceof Promise ? await asked : asked, this.check)
    const admission = this.admission()
    const found = admission.admit(candidate, this.next.timeMs())
    const reads = admission.declaredReads(candidate, found instanceof Promise ? await found : found)
    candidate.isAtHand = this.prefetch(reads instanceof Promise ? await reads : reads)
  }

  close(): Promise<void> {
    return this.signatures.close()
  }

  private readonly check: VerifyPool['check'] = (...signed) => this.signatures.check(...signed)

  /** Admission to the block after the head. */
  private admission(): BlockAdmission {
    const height = this.next.height()
    if (this.admitting?.height !== height) this.admitting = new BlockAdmission(this.rules, this.state, height)
    return this.admitting
  }

  /**
   * Asks the store for what a waiting command will read, while the block before it is stored.
   * @returns whether all of it is there
   */
  private prefetch(keys: readonly string[]): boolean {
    const missing = keys.filter((key) => !this.state.isAtHand(key))
    if (missing.length === 0) return true
    if (this.wanted.length === 0) {
      setImmediate(() => {
        // Whoever executes the command asks again, and is told what is wrong.
        this.state.load(this.wanted.splice(0))?.catch(() => undefined)
      })
    }
    this.wanted.push(...missing)
    return false
  }
}
