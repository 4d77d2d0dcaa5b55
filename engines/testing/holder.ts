import { spawn, type ChildProcess } from 'node:child_process'
import { checkout } from '../paths.ts'
import { program } from '../program.ts'
import type { Exit } from '../process.ts'

export interface Holder {
  readonly child: ChildProcess
  /** The url or address of what it started. */
  readonly started: string
  readonly exited: Promise<Exit>
}

/** Runs hold.ts and waits until its engine is up. No variables of the environment name servers for it. */
export async function hold(
  engine: 'postgres' | 'temporal',
  folder: string,
  ending?: 'throw' | 'exit',
): Promise<Holder> {
  const args = [program('engines/testing/hold.ts'), engine, folder, ...(ending ? [ending] : [])]
  const env = { ...process.env, DATABASE_URL: '', TEMPORAL_ADDRESS: '' }
  const child = spawn(process.execPath, args, { cwd: checkout, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const exited = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
  const started = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      const [line, rest] = out.split('\n')
      if (rest !== undefined) resolve(JSON.parse(line as string) as string)
    })
    child.once('close', () => reject(new Error(`the holder ended before its engine was up: ${err}`)))
  })
  return { child, started, exited }
}
