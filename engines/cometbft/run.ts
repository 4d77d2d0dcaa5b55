// Starting a CometBFT process on files that lie ready.
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Claim } from '../claim.ts'
import { processesIn, stopProcess } from '../identity.ts'
import { spawnChild, type Child } from '../process.ts'
import type { Say } from '../say.ts'

export interface CometOptions {
  readonly name: string
  readonly program: string
  /** The folder with `config/` and `data/`. */
  readonly home: string
  readonly claim: Claim
  readonly say: Say
  /** Instead of what the file says. */
  readonly peers?: readonly string[]
}

/**
 * Starts it; what a kill -9 of whoever ran it before left on these files is stopped first: two validators with one key
 * would sign twice. It answers its RPC once it has met its application.
 */
export async function startComet({ name, program, home, claim, say, peers }: CometOptions): Promise<Child> {
  const state = join(home, 'data', 'priv_validator_state.json')
  if (!existsSync(state)) throw new Error(`${state} is missing: without it a validator might sign a second time`)
  if (statSync(state).size === 0)
    throw new Error(`${state} is empty: it was cut off; restore it before this validator votes`)
  JSON.parse(readFileSync(state, 'utf8'))
  mkdirSync(join(home, 'run'), { recursive: true })
  const cwd = join(home, 'run')
  for (const who of processesIn(cwd)) {
    say(`stopping the CometBFT of ${name} left behind by an earlier run (process ${who.pid})`)
    await stopProcess(who, 'SIGTERM')
  }
  return spawnChild({
    name: `cometbft of ${name}`,
    command: program,
    args: ['start', '--home', home, ...(peers ? [`--p2p.persistent_peers=${peers.join(',')}`] : [])],
    cwd,
    // Four of them share a machine with everything else: one thread more than it needs to make progress is enough.
    env: { ...process.env, GOMAXPROCS: process.env['GOMAXPROCS'] ?? '2', GOGC: process.env['GOGC'] ?? '200' },
    logFile: join(home, 'cometbft.log'),
    stopSignal: 'SIGTERM',
    claim,
  })
}
