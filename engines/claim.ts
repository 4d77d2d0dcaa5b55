// One process at a time owns a data folder, or builds into the cache. A claim is a file that names its owner; one whose
// owner is gone (kill -9, power cut) is stale and is taken over, together with the children it left running.
import { linkSync, mkdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isRunning, ourselves, stopProcess, type ProcessIdentity } from './identity.ts'
import { sleep } from './say.ts'

interface Leftover {
  readonly name: string
  readonly process: ProcessIdentity
  readonly stopSignal: NodeJS.Signals
}

interface ClaimRecord {
  readonly owner: ProcessIdentity
  /** What the owner is doing, for whoever finds the claim held. */
  readonly purpose: string
  readonly children: readonly Leftover[]
}

export class ClaimHeldError extends Error {
  constructor(
    readonly path: string,
    readonly owner: ProcessIdentity,
    purpose: string,
  ) {
    const who = owner.pid === process.pid ? 'this process already' : `process ${owner.pid}`
    super(`${dirname(path)} is in use by ${who} (${purpose}); stop it first, or use another folder`)
    this.name = 'ClaimHeldError'
  }
}

export interface Claim {
  readonly path: string
  /** Writes a child down, so that whoever comes after a crash can stop it. */
  addChild(child: Leftover): void
  release(): void
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT'
const exists = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EEXIST'

/** The claim on a path; undefined when there is none, `broken` when what is there cannot be read. */
export function readClaim(path: string): ClaimRecord | 'broken' | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const record = JSON.parse(text) as ClaimRecord
    return typeof record.owner.pid === 'number' && Array.isArray(record.children) ? record : 'broken'
  } catch {
    return 'broken' // claims appear whole (link, rename), so this one was cut by the disk or by hand
  }
}

/** Writes a claim beside its place first: a reader sees the whole of it or nothing. */
function writeBeside(path: string, record: ClaimRecord): string {
  const beside = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`
  writeFileSync(beside, `${JSON.stringify(record, null, 2)}\n`)
  return beside
}

/** Puts a new claim in place; false when there is one. */
function place(path: string, record: ClaimRecord): boolean {
  const beside = writeBeside(path, record)
  try {
    linkSync(beside, path)
    return true
  } catch (error) {
    if (exists(error)) return false
    throw error
  } finally {
    unlinkSync(beside)
  }
}

const BREAKER_STALE_MS = 10_000

/**
 * Replaces a stale claim by ours, which inherits its children. Only one process may do so at a time, or the second would
 * replace the first one's fresh claim: hence the short-lived `.taking` file.
 */
function takeOver(path: string, ours: ClaimRecord): ClaimRecord | undefined {
  const taking = `${path}.taking`
  try {
    writeFileSync(taking, '', { flag: 'wx' })
  } catch (error) {
    if (!exists(error)) throw error
    try {
      if (Date.now() - statSync(taking).mtimeMs > BREAKER_STALE_MS) unlinkSync(taking)
    } catch (gone) {
      if (!isMissing(gone)) throw gone
    }
    return undefined
  }
  try {
    const found = readClaim(path)
    if (found === undefined || (found !== 'broken' && isRunning(found.owner))) return undefined
    const inherited = found === 'broken' ? ours : { ...ours, children: found.children }
    renameSync(writeBeside(path, inherited), path)
    return inherited
  } finally {
    unlinkSync(taking)
  }
}

/**
 * Claims a path for this process. A stale claim is taken over and the children it names are stopped first.
 * @throws ClaimHeldError when a living process holds it, this one included
 */
export async function claim(path: string, purpose: string): Promise<Claim> {
  mkdirSync(dirname(path), { recursive: true })
  let record: ClaimRecord = { owner: ourselves(), purpose, children: [] }
  while (!place(path, record)) {
    const found = readClaim(path)
    if (found !== undefined && found !== 'broken' && isRunning(found.owner)) {
      throw new ClaimHeldError(path, found.owner, found.purpose)
    }
    const taken = found === undefined ? undefined : takeOver(path, record)
    if (taken !== undefined) {
      record = taken
      break
    }
    await sleep(50)
  }
  for (const { process: child, stopSignal } of record.children) await stopProcess(child, stopSignal)
  const rewrite = (next: ClaimRecord) => {
    record = next
    renameSync(writeBeside(path, record), path)
  }
  return {
    path,
    addChild: (child) => rewrite({ ...record, children: [...record.children.filter(stillThere), child] }),
    release: () => unlinkSync(path),
  }
}

const stillThere = ({ process: child }: Leftover) => isRunning(child)
