// Children of this process, and how they end: with it. Ctrl-C, a signal, an exception and a plain exit stop them; after a
// kill -9, which nobody can catch, the claim on their data folder names them to the next start (claim.ts).
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import type { Claim } from './claim.ts'
import { identify } from './identity.ts'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ChildOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Also how a child left behind is found again (identity.ts, processesIn). */
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** The user it runs as, where this process may choose. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** Takes both outputs; a file, not a pipe, so that the child does not break when this process is killed. */
  readonly logFile: string
  /** What asks it to stop in good order. */
  readonly stopSignal: NodeJS.Signals
  /** Signal its children too (builds); servers look after their own. */
  readonly wholeGroup?: boolean
  readonly claim: Claim
}

export interface Child {
  readonly name: string
  readonly pid: number
  /** Settles when it has ended, however. */
  readonly exited: Promise<Exit>
  readonly running: boolean
  /** Waits for its own end, keeping this process alive meanwhile: for builds, not for servers. */
  finished(): Promise<Exit>
  /** The end of what it wrote, for error messages. */
  tail(lines?: number): string
  /** Asks it to stop, waits `graceMs`, then makes it. Calling again waits for the same end. */
  stop(graceMs?: number): Promise<void>
  /** Sends a signal; does nothing when it has ended. */
  send(signal: NodeJS.Signals): void
}

interface Live extends Child {
  readonly stopSignal: NodeJS.Signals
}

const live = new Set<Live>()
const hooks: { name: string; run: () => Promise<void> }[] = []

const KEEP_LOG_BYTES = 8 * 1024 * 1024

function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > KEEP_LOG_BYTES) renameSync(path, `${path}.1`)
  return openSync(path, 'a', 0o644)
}

/** The last lines of a log, from a bounded part of its end. */
export function tailOf(path: string, lines = 15): string {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return ''
  return readFileSync(path, 'utf8').slice(-16_384).trimEnd().split('\n').slice(-lines).join('\n')
}

function start(options: ChildOptions): Promise<ChildProcess> {
  const log = openLog(options.logFile)
  try {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      // Its own process group: Ctrl-C reaches this process alone, which then stops its children in order.
      detached: true,
      stdio: ['ignore', log, log],
      ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
    })
    return new Promise((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`cannot run ${options.command}: ${error.message}`)))
      child.once('spawn', () => resolve(child))
      // The moment between start and `spawn` must not be one in which a kill -9 leaves an unknown child.
      const who = child.pid === undefined ? undefined : identify(child.pid)
      if (who) options.claim.addChild({ name: options.name, process: who, stopSignal: options.stopSignal })
    })
  } finally {
    closeSync(log)
  }
}

/** Starts a child that will not outlive this process. @throws when the command cannot be run */
export async function spawnChild(options: ChildOptions): Promise<Child> {
  guard()
  const child = await start(options)
  const pid = child.pid as number
  let stopping: Promise<void> | undefined
  let over = false
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      over = true
      live.delete(self)
      resolve({ code, signal })
    })
  })
  const send = (signal: NodeJS.Signals) => {
    if (over) return
    try {
      process.kill(options.wholeGroup ? -pid : pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  const stopNow = async (graceMs: number) => {
    if (over) return
    child.ref() // wait for its end even when nothing else keeps this process alive
    send(options.stopSignal)
    const kill = setTimeout(() => send('SIGKILL'), graceMs)
    await exited
    clearTimeout(kill)
  }
  const self: Live = {
    name: options.name,
    pid,
    exited,
    get running() {
      return !over
    },
    finished: () => {
      child.ref()
      return exited
    },
    tail: (lines) => tailOf(options.logFile, lines),
    stop: (graceMs = 20_000) => (stopping ??= stopNow(graceMs)),
    send,
    stopSignal: options.stopSignal,
  }
  live.add(self)
  child.unref() // a child does not keep this process alive: what ends, ends
  return self
}

/**
 * Runs before the children are stopped when a signal ends this process; the last registered runs first.
 * @returns a function that takes the hook away again
 */
export function onShutdown(name: string, run: () => Promise<void>): () => void {
  guard()
  const hook = { name, run }
  hooks.push(hook)
  return () => {
    const index = hooks.indexOf(hook)
    if (index >= 0) hooks.splice(index, 1)
  }
}

/** Runs the hooks, then stops every child, the last started first. Goes on after a failure and throws them together. */
export async function stopEverything(): Promise<void> {
  const failures: unknown[] = []
  const attempt = async (what: () => Promise<void>) => {
    try {
      await what()
    } catch (error) {
      failures.push(error)
    }
  }
  for (const hook of hooks.splice(0).reverse()) await attempt(hook.run)
  for (const child of [...live].reverse()) await attempt(() => child.stop())
  if (failures.length > 0) throw new AggregateError(failures, 'stopping did not go smoothly')
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
/** npm, the script above it and the terminal may each pass on the same Ctrl-C: copies within this time are one. */
const ONE_PRESS_MS = 1_000

let guarded = false
let firstSignal: number | undefined

/** From the first child on, watches over how this process ends. */
function guard(): void {
  if (guarded) return
  guarded = true
  // Reached by a plain end, process.exit and an uncaught exception alike; only synchronous work is possible here.
  process.on('exit', () => {
    for (const child of live) child.send(child.stopSignal)
  })
  for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) process.on(name, () => onSignal(name))
}

function onSignal(name: keyof typeof SIGNALS): void {
  const code = 128 + SIGNALS[name]
  if (firstSignal !== undefined) {
    if (Date.now() - firstSignal < ONE_PRESS_MS) return
    for (const child of live) child.send('SIGKILL')
    process.exit(code)
  }
  firstSignal = Date.now()
  stopEverything()
    .catch((error: unknown) => console.error(error))
    .finally(() => process.exit(code))
}
