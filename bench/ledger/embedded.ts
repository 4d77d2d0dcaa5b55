import { availableParallelism, loadavg } from 'node:os'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { quantile, type Figures } from '../report.ts'
import { bareVerifications, VERIFICATION, type Rate } from './calls.ts'
import { measuredGrowth } from './growth.ts'
import { openLoop } from './latency.ts'
import { executeNotes, timeRestart } from './restart.ts'
import { COMMANDS, IN_AND_OUT } from './scale.ts'
import { ledgerOptions, SplitWorld, trustOf } from './world.ts'

const LATENCY_PER_SECOND = 1_000
const LATENCY_CALLS = 20_000

/**
 * The embedded ledger under *receivable split*. The state is filled by real splits into two hundred parts, each a command
 * like any other, executed and durable; each measured call then cuts one of these holdings in two. Signing is done
 * beforehand; everything else is within the time and on the same cores: sending, and the 1% of receipts that are proved.
 * @returns the rate before the state grew, by the node's own sources
 */
export async function measureEmbedded(databaseUrl: string, report: Figures): Promise<Rate> {
  let ahead = 0
  const options = { ...ledgerOptions(databaseUrl), now: () => Date.now() + ahead }
  const ledger = await EmbeddedLedger.open(options)
  const world = new SplitWorld(ledger)
  const { small, large } = await measuredGrowth(ledger, world, trustOf(options, ledger.chainId), report)
  const load = loadNow()
  const state = `${ledger.stateSize.keys} keys in the state`
  const calls = `receivable split, ${state}: ${IN_AND_OUT}; of 1% the receipt proved within the time and verified afterwards; ${large.cpuMicros.toFixed(0)} µs of this process's CPU a call, ${load}`
  const figure = { id: 'ledger.calls.embedded', what: calls, value: large.perSecond, unit: 'calls/s' }
  report.add({ ...figure, goal: '≥ 4000/s and ≥ 0.28', ratio: large.ratio, to: VERIFICATION })
  await measureLibsodium(large.perSecond, report)

  const paced = Array.from({ length: Math.min(LATENCY_CALLS, world.holdingsLeft) }, () => world.next())
  const times = await openLoop(ledger, paced, LATENCY_PER_SECOND)
  const what = `${paced.length} splits in open loop at ${LATENCY_PER_SECOND}/s, ${state}: from when each was due to be sent to its answer after the durable commit, without a receipt; ${load}`
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
  return small
}

/** What the library that the ledger's own check asks first verifies on this machine. */
async function measureLibsodium(callsPerSecond: number, report: Figures): Promise<void> {
  const [openssl, value] = [await bareVerifications('OpenSSL'), await bareVerifications('libsodium')]
  const what = `bare two-thread Ed25519 verification by libsodium, which the ledger asks first; its calls are ${(callsPerSecond / value).toPrecision(3)} of that`
  const figure = { id: 'ledger.verification.libsodium', what, value, unit: 'verifications/s', goal: '—' }
  report.add({ ...figure, ratio: value / openssl, to: VERIFICATION })
}

const loadNow = (): string => `load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`
