// The demonstration as a user starts it, in a process of its own that can be killed.
import { spawn } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '#engines/paths'
import { program } from '#engines/program'
import { readClaim } from '#engines/claim'
import { processesIn, signal, type ProcessIdentity } from '#engines/identity'

export interface DemoRun {
  /** Arguments after `sluice demo`. */
  readonly args: readonly string[]
  /** SLUICE_HOME. */
  readonly home: string
  /** DATABASE_URL and TEMPORAL_ADDRESS; where they are missing the demonstration starts engines of its own. */
  readonly engines?: { readonly DATABASE_URL: string; readonly TEMPORAL_ADDRESS: string; readonly TEMPORAL_NAMESPACE: string } // prettier-ignore
  readonly kill?: { readonly afterMs: number; readonly enginesToo: boolean }
}

export interface DemoEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

/** Starts it and waits for its end, by itself or by `kill -9`. */
export async function runDemoProcess({ args, home, engines, kill }: DemoRun): Promise<DemoEnd> {
  const began = Date.now()
  const child = spawn(process.execPath, [program('cli/main.ts'), 'demo', ...args], {
    cwd: checkout,
    env: { ...process.env, DATABASE_URL: '', TEMPORAL_ADDRESS: '', ...engines, SLUICE_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const killer =
    kill &&
    setTimeout(() => {
      child.kill('SIGKILL')
      if (kill.enginesToo) for (const each of enginesOf(home)) signal(each, 'SIGKILL')
    }, kill.afterMs)
  try {
    const [code, by] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on('error', reject)
      // Not `close`: a child of the killed process may hold its outputs open a little longer.
      child.on('exit', (code, signal) => setImmediate(() => resolve([code, signal])))
    })
    return { code, signal: by, stdout, stderr, ms: Date.now() - began }
  } finally {
    clearTimeout(killer)
  }
}

/** The servers that a demonstration started for itself and all their processes: what they have claimed, and beside. */
function enginesOf(home: string): ProcessIdentity[] {
  return ['postgres', 'temporal'].flatMap((engine) => {
    const claimed = readClaim(join(home, 'demo', engine, 'claim.json'))
    if (claimed === undefined || claimed === 'broken') return []
    return claimed.children.flatMap(({ process: server }) => [server, ...processesIn(workingFolder(server))])
  })
}

function workingFolder({ pid }: ProcessIdentity): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return '' // it has ended, or the system has no /proc: then the server's own pid must do
  }
}

/** What must not depend on how often a run was interrupted: everything but the counts of work and the time. */
export function lastingFigures(jsonFile: string): unknown {
  const { calls: _calls, blocks: _blocks, seconds: _seconds, ...figures } = JSON.parse(readFileSync(jsonFile, 'utf8')) as Record<string, unknown> // prettier-ignore
  return figures
}

/** The real tape of the repository. */
export const REAL_TAPE = join(checkout, 'testdata/tape/lc-2007-2010.csv.gz')
