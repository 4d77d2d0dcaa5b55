// Temporal for everything on one machine: its development server on a file database, or any cluster by TEMPORAL_ADDRESS.
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { claim, type Claim } from './claim.ts'
import { findBinary, type BinarySpec } from './find-binary.ts'
import { processesIn, stopProcess } from './identity.ts'
import { checkout } from './paths.ts'
import { freePorts } from './ports.ts'
import { spawnChild, tailOf, type Child } from './process.ts'
import { messageOf, sayOnStderr, sleep, type Say } from './say.ts'

export interface TemporalOptions {
  /** Where the server keeps its database, made when missing; not used with TEMPORAL_ADDRESS. */
  readonly dataDir: string
  /** Takes lines of progress; stderr by default. */
  readonly say?: Say
  /** Read for TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the finder's variables; this process's by default. */
  readonly env?: NodeJS.ProcessEnv
}

export interface TemporalEngine {
  /** host:port of the frontend, for clients and workers. */
  readonly address: string
  readonly namespace: string
  /** What was started or found, for people. */
  readonly description: string
  /** Settles when a server that we started has ended, with its last words; never for TEMPORAL_ADDRESS. */
  readonly ended: Promise<string>
  /** Stops the server that we started; leaves one of TEMPORAL_ADDRESS alone. */
  stop(): Promise<void>
}

const DOWNLOAD_WITHIN_MS = 120_000

/**
 * The SDK downloads the server only on the way to starting one, and cannot be told to give up: hence a process of its
 * own, which starts and stops one, and can be ended.
 */
const DOWNLOADER = `
  const [folder, version] = process.argv.slice(1)
  import('@temporalio/testing')
    .then(({ TestWorkflowEnvironment }) =>
      TestWorkflowEnvironment.createLocal({
        server: { executable: { type: 'cached-download', downloadDir: folder, version } },
      }),
    )
    .then((environment) => environment.teardown())
    .then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1) })
`

async function download(folder: string, held: Claim): Promise<string> {
  const files = join(folder, 'download')
  mkdirSync(files)
  const child = await spawnChild({
    name: 'Temporal download',
    command: process.execPath,
    args: ['-e', DOWNLOADER, files, `v${VERSION}`],
    cwd: checkout, // where its import is found
    logFile: join(folder, 'download.log'),
    stopSignal: 'SIGTERM',
    wholeGroup: true,
    claim: held,
  })
  let late = false
  const bound = setTimeout(() => {
    late = true
    void child.stop(2_000)
  }, DOWNLOAD_WITHIN_MS)
  const { code } = await child.finished()
  clearTimeout(bound)
  if (late) throw new Error(`the SDK's download took more than ${DOWNLOAD_WITHIN_MS / 1000} s`)
  if (code !== 0) throw new Error(`the SDK's download: ${child.tail(3) || `exit ${code}`}`)
  const [program] = readdirSync(files).filter((name) => statSync(join(files, name)).isFile())
  if (program === undefined) throw new Error("the SDK's download left no file")
  return join(files, program)
}

const VERSION = '1.5.1'

export const TEMPORAL: BinarySpec = {
  name: 'temporal',
  version: VERSION,
  variable: 'SLUICE_TEMPORAL',
  probe: ['--version'],
  download,
  goPackage: 'github.com/temporalio/cli/cmd/temporal',
  buildTakes: 'about four minutes on two cores',
}

const HEALTHY_WITHIN_MS = 60_000
const NOT_FOUND = 5 // gRPC status codes

/** Waits until the namespace answers. A new server makes its namespace a moment after it begins to listen. */
async function healthy(address: string, namespace: string, withinMs: number, say: Say, child?: Child): Promise<void> {
  const { Connection, isGrpcServiceError } = await import('@temporalio/client')
  const began = Date.now()
  let spoke = began
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 3_000 })
      try {
        await connection.withDeadline(Date.now() + 3_000, () =>
          connection.workflowService.describeNamespace({ namespace }),
        )
        return
      } finally {
        await connection.close()
      }
    } catch (error) {
      const last = child === undefined ? '' : `\n${child.tail()}`
      if (child?.running === false) throw new Error(`Temporal ended while starting:${last}`, { cause: error })
      const seconds = Math.round((Date.now() - began) / 1000)
      // A server of ours makes its namespace; in somebody's cluster it is there or it is not.
      const never = child === undefined && isGrpcServiceError(error) && error.code === NOT_FOUND
      if (never || Date.now() - began > withinMs) {
        const why = `Temporal at ${address} does not answer for the namespace ${namespace} after ${seconds} s`
        throw new Error(`${why}: ${messageOf(error)}${last}`, { cause: error })
      }
      if (Date.now() - spoke > 5_000) {
        spoke = Date.now()
        say(`waiting for Temporal at ${address} … ${seconds} s`)
      }
      await sleep(100)
    }
  }
}

const PORT_TRIES = 5

async function startServer(program: string, dataDir: string, held: Claim, say: Say) {
  for (const who of processesIn(dataDir)) {
    if (who.pid === process.pid) continue
    say(`stopping the Temporal left behind by an earlier run (process ${who.pid})`)
    await stopProcess(who, 'SIGTERM')
  }
  const logFile = join(dataDir, 'temporal.log')
  for (let attempt = 1; ; attempt++) {
    const [port, http, metrics] = await freePorts(3)
    const address = `127.0.0.1:${port}`
    const child = await spawnChild({
      name: 'temporal',
      command: program,
      args: [
        ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
        ...['--http-port', String(http), '--metrics-port', String(metrics), '--namespace', 'default'],
        ...['--db-filename', join(dataDir, 'temporal.db'), '--log-level', 'warn', '--disable-config-file'],
        // WAL with synchronous=NORMAL: a crash of the server loses nothing; a power cut may lose the last moments, after
        // which workflows read the ledger again, which is the record.
        ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=1'],
      ],
      cwd: dataDir,
      logFile,
      stopSignal: 'SIGTERM',
      claim: held,
    })
    try {
      await healthy(address, 'default', HEALTHY_WITHIN_MS, say, child)
      return { address, child }
    } catch (error) {
      await child.stop()
      if (!/address already in use/i.test(tailOf(logFile, 8)) || attempt === PORT_TRIES) throw error
    }
  }
}

async function useCluster(address: string, env: NodeJS.ProcessEnv, say: Say): Promise<TemporalEngine> {
  const namespace = env['TEMPORAL_NAMESPACE'] || 'default'
  await healthy(address, namespace, 10_000, say)
  return {
    address,
    namespace,
    description: `Temporal at ${address}, namespace ${namespace} (TEMPORAL_ADDRESS)`,
    ended: new Promise(() => undefined),
    stop: () => Promise.resolve(),
  }
}

/**
 * A Temporal server to work with: the one of TEMPORAL_ADDRESS, else a development server on a free port of 127.0.0.1
 * with its database in `dataDir`. It stops with this process; what a kill -9 left behind is stopped first.
 * @throws BinaryNotFoundError when no program can be had; ClaimHeldError when another living process runs one there
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalEngine> {
  const { dataDir, say = sayOnStderr, env = process.env } = options
  const given = env['TEMPORAL_ADDRESS']
  if (given !== undefined && given !== '') return useCluster(given, env, say)
  const program = await findBinary(TEMPORAL, { say, env })
  const held = await claim(join(dataDir, 'claim.json'), 'Temporal')
  try {
    const { address, child } = await startServer(program.path, dataDir, held, say)
    let stopping: Promise<void> | undefined
    return {
      address,
      namespace: 'default',
      description: `Temporal's development server on ${address} (${program.how}), data in ${dataDir}`,
      ended: child.exited.then(() => child.tail()),
      stop: () => (stopping ??= child.stop().then(() => held.release())),
    }
  } catch (error) {
    held.release()
    throw error
  }
}
