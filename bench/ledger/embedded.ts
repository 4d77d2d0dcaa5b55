import { availableParallelism, loadavg } from 'node:os'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import type { Trust } from '#proof/receipt'
import type { Report } from '../report.ts'
import { bareVerifications, callsPerSecond } from './calls.ts'
import { openLoop, quantile } from './latency.ts'
import { executeNotes, timeRestart } from './restart.ts'
import { ledgerOptions, SplitWorld, trustOf } from './world.ts'

/** For a quick look on a small machine: `LEDGER_BENCH_KEYS=20000 LEDGER_BENCH_COMMANDS=0`. The goals are for a million of each. */
const KEYS = Number(process.env.LEDGER_BENCH_KEYS ?? 1_000_000)
/** Commands executed before the ledger is killed and started again. */
const COMMANDS = Number(process.env.LEDGER_BENCH_COMMANDS ?? 1_000_000)
const CALLS = Math.min(40_000, Math.floor(KEYS / 4))
const ROUNDS = 4
const LATENCY_PER_SECOND = 1_000
const LATENCY_CALLS = 20_000
const TO = 'bare two-thread Ed25519 verification'

interface Rate {
  readonly perSecond: number
  /** To what this machine verified at the same time. */
  readonly ratio: number
  readonly cpuMicros: number
}

/**
 * The embedded ledger under *receivable split*. The state is filled by real splits into two hundred parts, each a command
 * like any other, executed and durable; each measured call then cuts one of these holdings in two. Signing is done
 * beforehand; everything else is within the time and on the same cores: sending, the 1% of receipts proved and verified.
 */
export async function measureEmbedded(databaseUrl: string, report: Report): Promise<void> {
  let ahead = 0
  const options = { ...ledgerOptions(databaseUrl), now: () => Date.now() + ahead }
  const ledger = await EmbeddedLedger.open(options)
  const trust = trustOf(options, ledger.chainId)
  const world = new SplitWorld(ledger)
  const { small, large } = await measureGrowth(ledger, world, trust)
  const load = `load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`
  const { keys, bytes } = ledger.stateSize
  const state = `${keys} keys in the state`
  const calls = `receivable split, ${state}, ${large.cpuMicros.toFixed(0)} µs of this process's CPU a call, ${load}`
  const figure = { id: 'ledger.calls.embedded', what: calls, value: large.perSecond, unit: 'calls/s' }
  report.add({ ...figure, goal: '≥ 4000/s and ≥ 0.28', ratio: large.ratio, to: TO })

  const growth = `calls/s at ${KEYS} keys to ${KEYS / 10}, each against ${TO} in its run`
  const share = { value: (large.ratio / small.ratio) * 100, unit: '%', goal: '≥ 70%' }
  const plain = { ratio: large.perSecond / small.perSecond, to: 'calls/s before' }
  report.add({ id: 'ledger.growth', what: growth, ...share, ...plain })
  const tree = `state tree of ${keys} keys with its last versions`
  report.add({ id: 'ledger.growth.memory', what: tree, value: bytes / keys, unit: 'bytes a key', goal: 'told' })

  const paced = Array.from({ length: Math.min(LATENCY_CALLS, world.holdingsLeft) }, () => world.next())
  const times = await openLoop(ledger, paced, LATENCY_PER_SECOND)
  const what = `${paced.length} splits in open loop at ${LATENCY_PER_SECOND}/s, ${state}, ${load}`
  const at = (share: number) => ({ what, value: quantile(times, share), unit: 'ms' })
  report.add({ id: 'ledger.latency.embedded.p50', ...at(0.5), goal: '≤ 20 ms' })
  report.add({ id: 'ledger.latency.embedded.p99', ...at(0.99), goal: '≤ 200 ms' })

  const executed = world.executed
  const notes = await executeNotes(ledger, COMMANDS - executed, { clock: options.now, pass: (ms) => (ahead += ms) })
  const after = ledger.stateSize.keys
  const { timeMs } = await ledger.head()
  await ledger.close()
  const { seconds, ready } = await timeRestart(databaseUrl, ledger.chainId, timeMs)
  const restart = `killed after ${executed + notes} commands, ${after} keys: process start to first answer, of which ${ready.toFixed(1)} s until it runs, ${load}`
  report.add({ id: 'ledger.restart', what: restart, value: seconds, unit: 's', goal: '≤ 5 s' })
}

async function measureGrowth(
  ledger: EmbeddedLedger,
  world: SplitWorld,
  trust: Trust,
): Promise<{ small: Rate; large: Rate }> {
  await world.fill(KEYS / 10)
  const each = Math.min(CALLS, Math.floor(world.holdingsLeft / 2)) / ROUNDS
  await rate(ledger, world, trust, Math.floor(each / 2)) // the code is warm before anything is compared
  const small = await rate(ledger, world, trust, Math.floor(each))
  await world.fill(KEYS - world.keysWritten)
  return { small, large: await rate(ledger, world, trust, CALLS / ROUNDS) }
}

/** Calls and bare verification in turns, so that what else the machine does meets both alike. */
async function rate(ledger: EmbeddedLedger, world: SplitWorld, trust: Trust, calls: number): Promise<Rate> {
  let [seconds, cpu] = [0, 0]
  const bare = [await bareVerifications()]
  for (let round = 0; round < ROUNDS; round += 1) {
    const commands = Array.from({ length: calls }, () => world.next())
    const before = process.cpuUsage()
    seconds += calls / (await callsPerSecond(ledger, commands, trust))
    const { user, system } = process.cpuUsage(before)
    cpu += user + system
    bare.push(await bareVerifications())
  }
  const perSecond = (calls * ROUNDS) / seconds
  const verifications = bare.length / bare.reduce((sum, one) => sum + 1 / one, 0)
  return { perSecond, ratio: perSecond / verifications, cpuMicros: cpu / (calls * ROUNDS) }
}
