// The locked dependencies, installed when they are missing, from another lock file, or half there.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, say } from './child.mjs'

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined)

/**
 * `npm ci` writes node_modules/.package-lock.json last, and we note the lock file's hash after it. While it runs a file
 * outside node_modules holds npm's pid: if it is still there when we start, an install is going on or was cut short.
 */
const paths = (root) => ({
  lock: join(root, 'package-lock.json'),
  finished: join(root, 'node_modules', '.package-lock.json'),
  note: join(root, 'node_modules', '.sluice-lock-hash'),
  going: join(root, '.sluice', 'installing'),
})

const hashOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** Are the installed dependencies those of the lock file? */
export function upToDate(root) {
  const { lock, finished, note, going } = paths(root)
  if (existsSync(going) || !existsSync(finished)) return false
  // A note of the same content settles it; without one (somebody ran npm themselves) the times must do.
  return read(note) === hashOf(lock) || statSync(finished).mtimeMs >= statSync(lock).mtimeMs
}

/** Is that npm still at work? The pid alone could be a stranger's by now. */
function working(pid) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
  const commandLine = `/proc/${pid}/cmdline`
  return !existsSync(commandLine) || /npm/.test(readFileSync(commandLine, 'utf8'))
}

/** Waits for the install of another terminal, or of a script that was killed while its npm went on. */
async function waitForOther(going) {
  for (let said = false; existsSync(going) && working(Number(read(going))); said = true) {
    if (!said) say(`another install is at work here (process ${read(going)}): waiting for it …`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** Installs if need be and says so, since it takes a minute; answers an exit code. */
export async function install(root) {
  const { lock, finished, note, going } = paths(root)
  if (upToDate(root)) return 0
  await waitForOther(going)
  if (upToDate(root)) return 0
  const why = existsSync(going)
    ? 'an earlier install was cut short'
    : existsSync(finished)
      ? 'the lock file changed'
      : 'first run'
  say(`installing the locked dependencies with npm ci (${why}); this takes about a minute …`)
  mkdirSync(join(root, '.sluice'), { recursive: true })
  const onStart = (pid) => writeFileSync(going, `${pid}\n`)
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  // What npm says is progress: a command's standard output is its own, also the first time.
  const stdio = ['inherit', process.stderr, 'inherit']
  const code = await run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, onStart, stdio })
  if (code !== 0) {
    say(`npm ci failed (exit ${code}); nothing was run`)
    return code
  }
  writeFileSync(note, `${hashOf(lock)}\n`)
  rmSync(going, { force: true })
  return 0
}
