import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { pause, SplitLoad } from '../conformance/load.ts'
import type { Ledger } from '../port.ts'
import { LedgerChild } from '../testing/ledger-child.ts'
import { cometbftProgram, SingleValidator } from '../testing/single-validator.ts'
import { CometbftRpc } from './rpc.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const RUNS = Number(process.env.KILLED_RUNS ?? 10)
const LANES = 4

const program = await cometbftProgram()
const missing = 'missing' in program ? program.missing : undefined
if (missing !== undefined) console.warn(`tests of a killed node under CometBFT are skipped: ${missing}`)

const run = fc.record({
  victim: fc.constantFrom('application', 'cometbft', 'both'),
  /** Commands acknowledged before, then milliseconds. */
  progress: fc.integer({ min: 1, max: 25 }),
  afterMs: fc.nat({ max: 250 }),
})

describe.skipIf(missing !== undefined)(`application and CometBFT killed at random (SEED=${SEED} RUNS=${RUNS})`, () => {
  it(
    'replay to the same root, lose nothing acknowledged and do nothing twice',
    { timeout: 60_000 + RUNS * 20_000 },
    async () => {
      const { url } = await testDatabase()
      const one = await SingleValidator.create((program as { path: string }).path)
      const place = { abciPort: one.ports.abci, rpcUrl: one.rpcUrl, governance: one.genesis.governance }
      let node = LedgerChild.standBy()
      let standby = LedgerChild.standBy()
      const load = new SplitLoad(() => node as unknown as Ledger, 'killed', LANES)
      try {
        await node.open(url, {}, place)
        await one.startComet()
        load.start()
        for (const { victim, progress, afterMs } of fc.sample(run, { seed: SEED, numRuns: RUNS })) {
          await load.progress(progress)
          await pause(afterMs)
          // An application that is gone takes CometBFT with it: it ends itself.
          const ended = victim === 'application' ? node.kill() : one.killComet()
          await ended
          if (victim === 'both') await node.kill()
          await one.killComet()
          if (victim !== 'cometbft') {
            await standby.open(url, {}, place) // checks the state rows against the last root
            node = standby
            standby = LedgerChild.standBy()
          }
          await one.startComet()
        }
        await load.progress(LANES)
        await load.stop()
        await Promise.all([node.kill(), standby.kill()])
        const ledger = await one.open(url)
        for (const [id, { bytes, executed }] of load.sent) {
          expect(await ledger.outcome(executed!), id).toEqual(executed)
          expect(await ledger.submit(bytes), id).toEqual(executed)
        }
        // What CometBFT keeps of the application is what the application says of itself.
        const { response } = await new CometbftRpc(one.rpcUrl).call<{ response: { last_block_app_hash: string } }>('abci_info') // prettier-ignore
        const receipt = await ledger.prove({ kind: 'key', key: 'sys/history' })
        const { appHash } = (receipt as unknown as { anchor: { header: { appHash: string } } }).anchor.header
        expect(Buffer.from(response.last_block_app_hash, 'base64').toString('hex')).toBe(appHash)
      } finally {
        await Promise.all([node.kill(), standby.kill()])
        await one.dispose()
      }
    },
  )
})
