// Data folders that are not meant to stay (those of test runs), and what remains of them after a kill -9.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { claim, readClaim } from './claim.ts'
import { isRunning } from './identity.ts'
import { removeElsewhere } from './postgres/user.ts'
import type { Say } from './say.ts'

const CLAIM = 'claim.json'
/** A folder without a claim may belong to a run that is just beginning. */
const UNCLAIMED_STALE_MS = 60 * 60 * 1000

const subfolders = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))

/** Removes a folder of engines' data folders: stops what their claims name, and takes what lies elsewhere with it. */
export async function removeFolder(folder: string): Promise<void> {
  for (const engine of subfolders(folder)) {
    if (existsSync(join(engine, CLAIM))) await claim(join(engine, CLAIM), 'removing')
    removeElsewhere(engine)
  }
  rmSync(folder, { recursive: true, force: true })
}

/** Is it the folder of a run that still goes on, or may? */
function inUse(folder: string): boolean {
  const claims = subfolders(folder).map((engine) => readClaim(join(engine, CLAIM)))
  if (claims.some((found) => found !== undefined && found !== 'broken' && isRunning(found.owner))) return true
  return claims.every((found) => found === undefined) && Date.now() - statSync(folder).mtimeMs < UNCLAIMED_STALE_MS
}

/** Removes the folders under `root` whose owners are gone, with the servers they left running. */
export async function sweep(root: string, say: Say): Promise<void> {
  if (!existsSync(root)) return
  for (const folder of subfolders(root)) {
    if (inUse(folder)) continue
    say(`removing ${folder}, left behind by an earlier run`)
    await removeFolder(folder)
  }
}
