import { Client, Connection, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client'
import { taskQueueOf } from './task-queue.ts'

/** Starting and waking workflows, as services and the relay ask for it: by name, never by import. */
export interface TemporalPort {
  /** One open run per business key: a second start of the same id joins the first. */
  start(request: { name: string; workflowId: string; participant: string; input: object }): Promise<void>
  /** A hint; `gone`: the workflow is closed and needs no more. */
  hint(workflowId: string): Promise<void | 'gone'>
  /** Waits for a workflow's result. */
  result<T>(workflowId: string): Promise<T>
  close(): Promise<void>
}

/**
 * @param options.scope goes before every workflow id: several ledgers may share one Temporal namespace
 */
export async function connectTemporal(options: {
  address: string
  namespace: string
  scope: string
}): Promise<TemporalPort> {
  const scoped = (workflowId: string): string => `${options.scope}:${workflowId}`
  const connection = await Connection.connect({ address: options.address })
  const client = new Client({ connection, namespace: options.namespace })
  return {
    async start({ name, workflowId, participant, input }) {
      try {
        await client.workflow.start(name, {
          workflowId: scoped(workflowId),
          taskQueue: taskQueueOf(options.scope, participant),
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
        await client.workflow.getHandle(scoped(workflowId)).signal('ledgerMoved')
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error
        return 'gone'
      }
    },
    result: <T>(workflowId: string) => client.workflow.getHandle(scoped(workflowId)).result() as Promise<T>,
    close: () => connection.close(),
  }
}
