// Running a program and living no shorter than it does.
import { spawn } from 'node:child_process'

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }
/** The terminal and npm may both hand us the same Ctrl-C. */
const ONE_PRESS_MS = 1000

export const say = (line) => console.error(`sluice: ${line}`)

let current
let stopped
let stoppedAt = 0

/**
 * From now on signals go to the program being run, which is then waited for: it has servers to stop. Nothing is started
 * after a signal.
 */
export function forwardSignals() {
  for (const name of Object.keys(SIGNALS)) process.on(name, () => stop(name))
  // npm hands a SIGTERM to the shell it started us by, which ends without a word to us. Then our parent is another.
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    stop('SIGTERM')
  }, 250)
  watch.unref()
}

function stop(name) {
  if (Date.now() - stoppedAt < ONE_PRESS_MS) return
  stoppedAt = Date.now()
  stopped = name
  if (current) current.kill(name)
  else process.exit(128 + SIGNALS[name])
}

/**
 * Runs a program to its end and answers its exit code (128 + number for a signal, as shells do).
 * @param onStart is told its pid
 */
export function run(command, args, { onStart, ...options }) {
  if (stopped) return Promise.resolve(128 + SIGNALS[stopped])
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options })
    current = child
    if (child.pid !== undefined) onStart?.(child.pid)
    const end = (code) => {
      current = undefined
      resolve(stopped && code === 0 ? 128 + SIGNALS[stopped] : code)
    }
    child.once('error', (error) => {
      say(`cannot run ${command}: ${error.message}`)
      end(1)
    })
    child.once('exit', (code, signal) => {
      if (signal) say(`${command} was ended by ${signal}`)
      end(code ?? 128 + (SIGNALS[signal] ?? 9))
    })
  })
}
