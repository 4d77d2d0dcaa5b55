// Postgres refuses to run as root, so root runs it as another user; and that user must be able to reach the programs and
// the data.
import { spawnSync } from 'node:child_process'
import { chownSync, cpSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hashOf } from '../paths.ts'
import type { Say } from '../say.ts'

export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const idOf = (flag: '-u' | '-g', name: string): number | undefined => {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' })
  return status === 0 ? Number(stdout.trim()) : undefined
}

function lookUp(name: string): User | undefined {
  const [uid, gid] = [idOf('-u', name), idOf('-g', name)]
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { name, uid, gid }
}

/** Ways to make the user, by the tools systems have; none of them asks anything. */
const MAKE_USER: readonly (readonly [string, readonly string[]])[] = [
  ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']],
  ['useradd', ['--system', '-g', 'postgres', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']],
  ['adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', 'postgres']],
]

/**
 * The user Postgres runs as: undefined (our own) unless we are root, then `postgres`, made when there is none.
 * @throws when there is no such user and none can be made
 */
export function postgresUser(say: Say): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const found = lookUp('postgres')
  if (found) return found
  const failures: string[] = []
  for (const [command, args] of MAKE_USER) {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
    const made = status === 0 ? lookUp('postgres') : undefined
    if (made) {
      say('running as root: made the system user postgres, which Postgres runs as')
      return made
    }
    failures.push(`${command}: ${error?.message ?? stderr.trim()}`)
  }
  throw new Error(
    'Postgres does not run as root, there is no user postgres, and none could be made ' +
      `(${failures.join('; ')}). Make one, run as another user, or set DATABASE_URL.`,
  )
}

/** Runs a program as the user, from a folder everyone can enter. */
const runAs = (user: User | undefined, command: string, args: readonly string[]) =>
  spawnSync(command, args, { cwd: '/', encoding: 'utf8', ...(user && { uid: user.uid, gid: user.gid }) })

/** May the user work in this folder? Asked of the system, which also knows about access lists and mounts. */
function canUse(user: User, folder: string): boolean {
  return ['-x', '-w'].every((flag) => runAs(user, 'test', [flag, folder]).status === 0)
}

/** /var/tmp survives a restart of the machine, and everyone can enter it. */
const ELSEWHERE = '/var/tmp'

/**
 * Makes a folder under /var/tmp that nobody prepared for us: there anyone may create any name first.
 * @throws when the name is taken by somebody else's folder, or by a link
 */
function ownFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o755 })
  const found = lstatSync(path)
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(`${path} exists and is not ours; remove it or set DATABASE_URL`)
  }
  return path
}

const elsewhere = (dataDir: string) => join(ELSEWHERE, `sluice-${hashOf(dataDir)}`)

/** Removes what `reachableFolder` may have put under /var/tmp for this folder. */
export const removeElsewhere = (dataDir: string): void => rmSync(elsewhere(dataDir), { recursive: true, force: true })

/**
 * The folder in which the cluster of `dataDir` lives: inside it where the user can reach it, else one under /var/tmp
 * named after it (a checkout below a folder of mode 0700, as /root often is). The user owns it when this returns.
 */
export function reachableFolder(dataDir: string, user: User | undefined): { folder: string; away: boolean } {
  const inside = join(dataDir, 'cluster')
  mkdirSync(inside, { recursive: true })
  if (user === undefined) return { folder: inside, away: false }
  chownSync(inside, user.uid, user.gid)
  if (canUse(user, inside)) return { folder: inside, away: false }
  const outside = join(ownFolder(elsewhere(dataDir)), 'cluster')
  mkdirSync(outside, { recursive: true })
  chownSync(outside, user.uid, user.gid)
  if (canUse(user, outside)) return { folder: outside, away: true }
  throw new Error(
    `neither ${inside} nor ${outside} can be reached by the user ${user.name}, which Postgres runs as; ` +
      'move the checkout to where others may enter, or set DATABASE_URL',
  )
}

/** Does the program run as the user? This asks for everything at once: path, mode, mount, libraries. */
const runs = (program: string, user: User | undefined) => runAs(user, program, ['--version'])

/**
 * The folder of Postgres' programs as the user can run them: in node_modules, else copied once under /var/tmp.
 * @param native the folder with `bin/`, `lib/`, `share/` in node_modules
 * @param version part of the copy's name
 */
export function reachablePrograms(native: string, version: string, user: User | undefined, say: Say): string {
  const first = runs(join(native, 'bin', 'postgres'), user)
  if (first.status === 0) return native
  if (user) {
    const copy = join(ownFolder(join(ELSEWHERE, `sluice-postgres-${version}`)), 'native')
    if (runs(join(copy, 'bin', 'postgres'), user).status === 0) return copy
    say(`the user ${user.name} cannot reach ${native}: copying Postgres to ${copy}`)
    const beside = `${copy}.${process.pid}`
    cpSync(native, beside, { recursive: true, verbatimSymlinks: true })
    rmSync(copy, { recursive: true, force: true })
    renameSync(beside, copy)
    if (runs(join(copy, 'bin', 'postgres'), user).status === 0) return copy
  }
  const why = first.error?.message ?? first.stderr.trim()
  throw new Error(`Postgres in ${dirname(native)} does not run${user ? ` as ${user.name}` : ''}: ${why}`)
}
