// Chromium, for tests of pages in a real browser: a program named by CHROMIUM_PATH, on PATH, or Debian's package.
import { spawnSync } from 'node:child_process'
import { onPath } from './find-binary.ts'
import { messageOf, type Say } from './say.ts'

/** Flags without which it does not run in a container, and those that keep it from calling home. */
export const CHROMIUM_FLAGS = ['--no-sandbox', '--disable-background-networking', '--disable-component-update'] as const

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'] as const

function works(path: string): void {
  const { status, stderr, error } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 60_000 })
  if (status !== 0) throw new Error(`${path} does not work: ${error?.message ?? stderr.trim().slice(0, 300)}`)
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stderr, error } = spawnSync('apt-get', args, { encoding: 'utf8', timeout: 600_000, env })
  if (status !== 0) throw new Error(`apt-get ${args[0]} failed: ${error?.message ?? stderr.trim().slice(-300)}`)
}

/** As root on Debian: its package, with a font for Chinese. */
function install(say: Say): void {
  if (process.getuid?.() !== 0 || onPath('apt-get') === undefined) throw new Error('not root on Debian')
  say("installing Chromium, Debian's package: this takes a minute or two")
  apt('update', '-q')
  apt('install', '-y', '-q', '--no-install-recommends', 'chromium', 'fonts-noto-cjk')
}

/**
 * The path of a Chromium that works.
 * @throws listing what failed in each way
 */
export function findChromium(say: Say, env: NodeJS.ProcessEnv = process.env): string {
  const named = env['CHROMIUM_PATH']
  if (named !== undefined && named !== '') {
    works(named) // somebody asked for this one: no other will do
    return named
  }
  const failures: string[] = []
  const attempt = (way: string, run: () => string): string | undefined => {
    try {
      return run()
    } catch (error) {
      failures.push(`  - ${way}: ${messageOf(error)}`)
      return undefined
    }
  }
  const installed = (): string => {
    const path = NAMES.map((name) => onPath(name, env)).find((found) => found !== undefined)
    if (path === undefined) throw new Error(`there is no ${NAMES.join(', ')} on PATH`)
    works(path)
    return path
  }
  const fromPackage = (): string => {
    install(say)
    return installed()
  }
  const path = attempt('PATH', installed) ?? attempt("Debian's package", fromPackage)
  if (path === undefined) throw new Error(`no way to Chromium worked:\n${failures.join('\n')}\nSet CHROMIUM_PATH.`)
  return path
}
