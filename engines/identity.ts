// A pid alone says nothing after a crash: the system may have given the number to somebody else. A process is known by
// its pid and its start together.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { sleep } from './say.ts'

export interface ProcessIdentity {
  readonly pid: number
  /** Boot and start time of the process; opaque, compared for equality only. */
  readonly started: string
}

const linux = process.platform === 'linux'

/** Reads a file of /proc; undefined when the process went away meanwhile or may not be looked at. */
function readProc<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function startOnLinux(pid: number): string | undefined {
  const stat = readProc(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  if (stat === undefined) return undefined
  // proc(5): the second field is the program's name in brackets and may hold anything; fields count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startTicks] = [fields[0], fields[19]]
  // A zombie has ended; only its parent has not asked yet.
  if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined
  const boot = readProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  return `${boot ?? 'boot'}:${startTicks}`
}

function startElsewhere(pid: number): string | undefined {
  const line = readProc(() =>
    execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  )
  return line === undefined || line.trim() === '' ? undefined : line.trim()
}

/** Who runs under this pid now; undefined when nobody does. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  const started = linux ? startOnLinux(pid) : startElsewhere(pid)
  return started === undefined ? undefined : { pid, started }
}

/** Is this very process, not another one under the same pid, still running? */
export const isRunning = (who: ProcessIdentity): boolean => identify(who.pid)?.started === who.started

let self: ProcessIdentity | undefined
/** This process. */
export const ourselves = (): ProcessIdentity => (self ??= identify(process.pid) ?? { pid: process.pid, started: '?' })

/**
 * Processes whose working folder is `folder`: how servers left behind by a crash are found even when nobody wrote their
 * pid down. Postgres and its backends work in their data folder, and so do the servers started here. Empty where the
 * system has no /proc.
 */
export function processesIn(folder: string): ProcessIdentity[] {
  if (!linux || !existsSync(folder)) return []
  const real = realpathSync(folder)
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && readProc(() => readlinkSync(`/proc/${name}/cwd`)) === real)
    .map((name) => identify(Number(name)))
    .filter((who) => who !== undefined)
}

/** Sends a signal to this very process; false when it has ended already. */
export function signal(who: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isRunning(who)) return false
  try {
    return process.kill(who.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Waits until a process has ended; false when it still runs after the time given. */
export async function ended(who: ProcessIdentity, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until; await sleep(50)) if (!isRunning(who)) return true
  return !isRunning(who)
}

/** Asks a process to stop, waits, and then makes it. */
export async function stopProcess(who: ProcessIdentity, polite: NodeJS.Signals, graceMs = 20_000): Promise<void> {
  if (!signal(who, polite) || (await ended(who, graceMs))) return
  if (signal(who, 'SIGKILL') && !(await ended(who, 10_000))) {
    throw new Error(`process ${who.pid} does not end, not even by SIGKILL`)
  }
}
