import type * as abci from 'cosmjs-types/tendermint/abci/types'
import { describe, expect, it } from 'vitest'
import { toBase64url } from '#proof/base64url'
import { commandKey, encodeSigned, type Command } from '#proof/command'
import { signTest } from '../testing/fixture.ts'
import { MemoryApplication, timestamp } from '../testing/memory-application.ts'
import { encodeBundle } from './bundle.ts'

const MINUTE = 60_000
const ID = 'split:1'

const of = (one: MemoryApplication, participant: string, over: Partial<Command> = {}) =>
  one.note({ participant, commandId: ID, ...over })

async function proposed(one: MemoryApplication, txs: Uint8Array[]) {
  const request = {
    txs,
    maxTxBytes: 1n << 22n,
    height: BigInt(one.machine.height + 1),
    time: timestamp(one.nowMs),
  }
  const answer = await one.application.prepareProposal(request as unknown as abci.RequestPrepareProposal)
  return answer.txs.map((tx) => txs.indexOf(tx))
}

describe('one id of two participants', () => {
  it('is two commands, in one block and in two; of one participant it is one', async () => {
    const one = await MemoryApplication.create()
    const [core, again, supplier, factor] = [of(one, 'core'), of(one, 'core'), of(one, 'supplier-1'), of(one, 'factor')]
    await one.block([one.bundle([core, again, supplier])])
    await one.block([one.bundle([again, factor, supplier])])
    const blocks = one.commitments.map(({ finalized }) => finalized)
    expect(blocks.map(({ block }) => block?.commands.map(({ command }) => command))).toEqual([[core, supplier], [factor]]) // prettier-ignore
    expect(blocks.map(({ fates }) => fates.map((fate) => fate === null))).toEqual([
      [true, false, true],
      [false, true, false],
    ])
    const recorded = [core, supplier, factor].map((command) => JSON.parse(one.rows.get(commandKey(command))!) as object)
    expect(recorded).toMatchObject([{ height: 1, index: 0 }, { height: 1, index: 1 }, { height: 2, index: 0 }]) // prettier-ignore
  })

  it('is proposed twice', async () => {
    const one = await MemoryApplication.create()
    const [core, supplier] = [of(one, 'core'), of(one, 'supplier-1')]
    expect(await proposed(one, [one.bundle([core]), one.bundle([supplier]), one.bundle([of(one, 'core')])])).toEqual([0, 1]) // prettier-ignore
  })

  it('is proposed although another’s bundle holds a forged one under it', async () => {
    const one = await MemoryApplication.create()
    // The mempool takes it: beside a good one, what has expired is not looked at any further.
    const past = {
      issuedAt: one.nowMs - 2 * MINUTE,
      expiresAt: one.nowMs - MINUTE,
    }
    const forged = encodeSigned({
      command: of(one, 'core', past),
      signature: toBase64url(new Uint8Array(64).fill(1)),
    })
    const mixed = encodeBundle([signTest(one.note({ participant: 'supplier-1' })), forged])
    expect(await one.application.checkTx({ tx: mixed, type: 0 })).toMatchObject({ code: 0 })
    expect(await proposed(one, [mixed, one.bundle([of(one, 'core')])])).toEqual([0, 1])
  })
})
