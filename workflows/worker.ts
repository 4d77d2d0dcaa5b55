import type { Context } from '@temporalio/activity'
import { DefaultLogger, NativeConnection, Runtime, Worker, type ActivityInterceptors, type WorkflowBundleOption } from '@temporalio/worker' // prettier-ignore
import { taskQueueOf } from './task-queue.ts'

export interface OrganisationWorker {
  readonly participant: string
  readonly activities: object
}

export interface RunningWorkers {
  /** Finishes what is in hand, then resolves; what was not finished is taken up by the next worker. */
  stop(): Promise<void>
}

/** Well within the heartbeat timeout of `beatenActivity`. */
const BEAT_MS = 2000

/**
 * Tells Temporal while an activity runs that its worker lives, so that one whose worker was killed is given to the next
 * within seconds and not when its whole time is over.
 */
const beating = (context: Context): ActivityInterceptors => ({
  inbound: {
    async execute(input, next) {
      if (context.info.isLocal) return next(input)
      const beat = setInterval(() => context.heartbeat(), BEAT_MS)
      try {
        return await next(input)
      } finally {
        clearInterval(beat)
      }
    },
  },
})

/** The workflows' code: what `bundleWorkflows` made, or the file of `bundleWorkflowsTo`. */
export type WorkerBundle = WorkflowBundleOption

let installed = false

/** Temporal's own log goes to stderr and only from WARN, so that a command's output stays its own. */
function installRuntime(): void {
  if (installed) return
  installed = true
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] })
}

/**
 * Runs a worker for each organisation of this process, each on its own task queue with its own activities. In a
 * deployment there is one organisation to a process.
 */
export async function startWorkers(options: {
  address: string
  namespace: string
  bundle: WorkerBundle
  /** As given to connectTemporal. */
  scope: string
  organisations: readonly OrganisationWorker[]
  /** A worker that dies is a failure of the process, not a silence. */
  onFailure: (participant: string, error: unknown) => void
}): Promise<RunningWorkers> {
  installRuntime()
  const connection = await NativeConnection.connect({ address: options.address })
  const workers = await Promise.all(
    options.organisations.map(async ({ participant, activities }) => {
      const worker = await Worker.create({
        connection,
        namespace: options.namespace,
        taskQueue: taskQueueOf(options.scope, participant),
        workflowBundle: options.bundle,
        activities,
        interceptors: { activity: [beating] },
        maxCachedWorkflows: 100,
        shutdownGraceTime: '3 seconds',
        shutdownForceTime: '8 seconds',
      })
      const running = worker.run().catch((error: unknown) => options.onFailure(participant, error))
      return { worker, running }
    }),
  )
  const stop = async (): Promise<void> => {
    for (const { worker } of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
    await Promise.all(workers.map(({ running }) => running))
    await connection.close()
  }
  let stopped: Promise<void> | undefined
  return { stop: () => (stopped ??= stop()) }
}
