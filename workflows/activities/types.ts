import type { RefusalData } from '#contracts/kernel/refusal'
import type { KeyFunction } from '#contracts/kernel/method'
import type { Notice } from '#node/notices/notice-board'
import type { Json, JsonObject } from '#proof/json'

/** Every field of a command but chain, participant and key. */
export interface CommandDraft {
  /** In whose name: the workflow is on this organisation's task queue. A worker of another does not sign it. */
  readonly taskQueue: string
  readonly contract: string
  readonly method: string
  readonly args: JsonObject
  readonly commandId: string
  readonly issuedAt: number
  readonly expiresAt: number
  /** The scope that the signing key must have. */
  readonly as: KeyFunction
}

/** What a history keeps of an outcome: where it stands and whether it was refused, never the facts themselves. */
export interface Outcome {
  readonly commandId: string
  readonly position: string
  readonly refusal?: RefusalData
}

export type Submission =
  /** `before` when it was recorded before this submission. */
  | { readonly kind: 'executed'; readonly outcome: Outcome; readonly before?: true }
  /** Block time passed its end without a record: it never happened, and a new command may be made. */
  | { readonly kind: 'expired' }
  /** It may yet be committed: resend the same bytes. */
  | { readonly kind: 'unknown'; readonly code: string }
  /** Nothing recorded and nothing will be: the bytes themselves are wrong. */
  | { readonly kind: 'inadmissible'; readonly code: string; readonly details: JsonObject }

/** Local activities on the ledger. Faults of the ledger are answers, so that the workflow retries from its own timers. */
export interface LedgerActivities {
  /** Answers what is recorded under the command's id, or else signs and submits it. */
  perform(draft: CommandDraft): Promise<Submission>
  submitSigned(signedBase64: string): Promise<Submission>
  readState(keys: readonly string[]): Promise<readonly (Json | null)[]>
}

/** Tells a participant's people; the same notice twice is one notice. */
export interface NoticeActivities {
  tell(notice: Notice): Promise<void>
}
