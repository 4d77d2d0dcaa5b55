import { Client, Connection, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client'
import { taskQueueOf } from './task-queue.ts'

/** Starting and waking workflows, as services and the relay ask for it: by name, never by import. */
export interface TemporalPort {
  /** One open run per business key: a second start of the same id joins the first. */
  start(request: { name: string; workflowId: string; participant: string; input: object }): Promise<void>
  /** A hint; a workflow that is not there any more needs none. */
  hint(workflowId: string): Promise<void>
  /** Waits for a workflow's result. */
  result<T>(workflowId: string): Promise<T>
  close(): Promise<void>
}

export async function connectTemporal(options: { address: string; namespace: string }): Promise<TemporalPort> {
  const connection = await Connection.connect({ address: options.address })
  const client = new Client({ connection, namespace: options.namespace })
  return {
    async start({ name, workflowId, participant, input }) {
      try {
        await client.workflow.start(name, {
          workflowId,
          taskQueue: taskQueueOf(participant),
          args: [input],
          // A finished run is not started anew: its commands were spent, and its result stands.
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        })
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
      }
    },
    async hint(workflowId) {
      try {
        await client.workflow.getHandle(workflowId).signal('ledgerMoved')
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error
      }
    },
    result: <T>(workflowId: string) => client.workflow.getHandle(workflowId).result() as Promise<T>,
    close: () => connection.close(),
  }
}
