import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The root of the checkout: the nearest folder above this file with a package.json. Sources lie in `engines/`, built
 * files in `dist/engines/`, and both must find the same `.sluice/`.
 */
function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('no package.json above the engines: the checkout is incomplete')
    folder = parent
  }
  return folder
}

export const checkout = findRoot()

/**
 * Everything a checkout keeps while it works lies in `.sluice/`, or in the folder named by SLUICE_HOME:
 *
 *     .sluice/NAME/            one running thing's data: `demo`, `dev` …
 *     .sluice/NAME/postgres/   the data of its Postgres, its password, its log
 *     .sluice/NAME/temporal/   the database of its Temporal server, its log
 *     .sluice/test/ID/         the same for one run of the tests, removed at its end
 */
export function dataFolder(...parts: string[]): string {
  const home = process.env['SLUICE_HOME']
  return resolve(home === undefined || home === '' ? join(checkout, '.sluice') : home, ...parts)
}

/** Where built and downloaded programs are kept, shared between the checkouts of one user (XDG base directories). */
export function cacheFolder(): string {
  const xdg = process.env['XDG_CACHE_HOME']
  // The XDG specification: a relative path there is invalid and must be ignored.
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'sluice')
}

/** A short name for a folder, the same at every start. */
export const hashOf = (path: string): string => createHash('sha256').update(resolve(path)).digest('hex').slice(0, 12)
