import { proxyLocalActivities, workflowInfo } from '@temporalio/workflow'
import type { NoticeActivities, Outcome } from '../activities/types.ts'
import { submitSigned } from './kit.ts'

const notices = proxyLocalActivities<NoticeActivities>({ startToCloseTimeout: '5 seconds' })

export interface ReceivableSplitInput {
  /** The holder's signed command, made before this workflow and carried as it is. */
  readonly signedBase64: string
  readonly holding: string
  readonly notify: readonly string[]
}

/** request → the holder's own command → committed → both sides told. */
export async function receivableSplit({ signedBase64, holding, notify }: ReceivableSplitInput): Promise<Outcome> {
  const outcome = await submitSigned(signedBase64)
  if (outcome.refusal) return outcome
  const { position } = outcome
  const { workflowId } = workflowInfo()
  await Promise.all(
    notify.map((participant) =>
      notices.tell({
        id: `${workflowId}:${participant}`,
        participant,
        subject: `receivable.split ${holding}`,
        position,
      }),
    ),
  )
  return outcome
}
