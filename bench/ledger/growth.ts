import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import type { Trust } from '#proof/receipt'
import type { Figures } from '../report.ts'
import { rate, ROUNDS, VERIFICATION, type Rate } from './calls.ts'
import { KEYS } from './scale.ts'
import type { SplitWorld } from './world.ts'

const CALLS = Math.min(40_000, Math.floor(KEYS / 4))

/** Calls at a tenth of the keys and at all of them, and the memory between. */
export async function measuredGrowth(
  ledger: EmbeddedLedger,
  world: SplitWorld,
  trust: Trust,
  report: Figures,
): Promise<{ small: Rate; large: Rate }> {
  await world.fill(KEYS / 10)
  // Each call writes three keys: so many that the state stays about as large as it is said to be.
  const each = Math.min(CALLS, Math.floor(world.holdingsLeft / 8)) / ROUNDS
  await rate(ledger, world, trust, Math.floor(each / 2)) // the code is warm before anything is compared
  const from = ledger.stateSize.keys
  const small = await rate(ledger, world, trust, Math.floor(each))
  const before = { keys: ledger.stateSize.keys, resident: residentBytes() }
  await world.fill(KEYS - world.keysWritten)
  const grownTo = ledger.stateSize.keys
  const large = await rate(ledger, world, trust, CALLS / ROUNDS)
  const { keys, bytes } = ledger.stateSize
  const resident = residentBytes()

  const what = `receivable split: calls/s while ${grownTo} keys become ${keys}, to calls/s while ${from} become ${before.keys}; 1% of the receipts proved and verified within both`
  const value = (large.perSecond / small.perSecond) * 100
  const to = `the same, each calls/s first divided by ${VERIFICATION} at its time`
  report.add({ id: 'ledger.growth', what, value, unit: '%', goal: '≥ 70%', ratio: large.ratio / small.ratio, to })
  const memory = { unit: 'bytes a key', goal: 'told' }
  const tree = `state tree of ${keys} keys with its last versions`
  report.add({ id: 'ledger.growth.memory', what: tree, value: bytes / keys, ...memory })
  const grown = `resident memory of the process at ${keys} keys less that at ${before.keys}, each after a collection; versions and values at hand included`
  const perKey = (resident - before.resident) / (keys - before.keys)
  report.add({ id: 'ledger.growth.memory.rss', what: grown, value: perKey, ...memory })
  return { small, large }
}

/** After a collection: what is garbage belongs to no key. */
function residentBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc') // contexts made later have no such global: a bundle's sandbox takes none
  collect()
  collect()
  return process.memoryUsage().rss
}
