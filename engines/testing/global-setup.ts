// Servers for the tests that need them (`*.int.test.ts`): one Postgres and one Temporal for the whole run, on free ports,
// in a folder of their own, stopped at the end whatever happens.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { dataFolder } from '../paths.ts'
import { startPostgres } from '../postgres.ts'
import { onShutdown } from '../process.ts'
import { messageOf, sayOnStderr } from '../say.ts'
import { startTemporal } from '../temporal.ts'
import { removeFolder, sweep } from '../sweep.ts'

export interface TemporalForTests {
  readonly address: string
  readonly namespace: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
    /** Or why there is none: only the tests that ask for Temporal fail then. */
    temporal: TemporalForTests | { readonly missing: string }
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = dataFolder('test')
  await sweep(root, sayOnStderr) // what a run ended by kill -9 left
  const folder = join(root, String(process.pid))
  mkdirSync(folder, { recursive: true })
  const temporalStarts = startTemporal({ dataDir: join(folder, 'temporal') })
  const temporalStarted = temporalStarts.catch((error: unknown) => ({ missing: messageOf(error) }))
  const teardown = async () => {
    const temporal = await temporalStarted
    const engines = [...('stop' in temporal ? [temporal] : []), ...(postgres ? [postgres] : [])]
    const outcomes = await Promise.allSettled(engines.map((engine) => engine.stop()))
    await removeFolder(folder)
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown)
    if (failures.length > 0) throw new AggregateError(failures, 'the servers for the tests did not stop well')
  }
  const ended = onShutdown('the servers for the tests', teardown) // a signal ends the run before vitest tears down
  let postgres: Awaited<ReturnType<typeof startPostgres>> | undefined
  try {
    postgres = await startPostgres({ dataDir: join(folder, 'postgres') })
    project.provide('postgresUrl', postgres.url)
    const temporal = await temporalStarted
    if ('missing' in temporal) {
      sayOnStderr(`no Temporal for the tests: ${temporal.missing}`)
      project.provide('temporal', temporal)
    } else {
      project.provide('temporal', { address: temporal.address, namespace: temporal.namespace })
    }
    return () => {
      ended()
      return teardown()
    }
  } catch (error) {
    await teardown()
    throw error
  }
}
