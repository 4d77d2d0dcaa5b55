import type * as abci from 'cosmjs-types/tendermint/abci/types'
import { describe, expect, it } from 'vitest'
import { commandKey, type Command } from '#proof/command'
import { MemoryApplication, timestamp } from '../testing/memory-application.ts'

const ID = 'split:1'

const of = (one: MemoryApplication, participant: string, over: Partial<Command> = {}) =>
  one.note({ participant, commandId: ID, ...over })

async function proposed(one: MemoryApplication, txs: Uint8Array[]) {
  const request = { txs, maxTxBytes: 1n << 22n, height: BigInt(one.machine.height + 1), time: timestamp(one.nowMs) }
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
})
