import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Command, CommandHead } from '#proof/command'
import { verifiedHead } from '#proof/head'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { nativeChecks } from '../application/verify-native.ts'
import type { Executed, Ledger } from '../port.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import { trustIn, type LedgerDriver } from './harness.ts'

/** Commands that say on which block they were built (ADR 041). Run it beside `ledgerConformance`. */
export function ledgerHeads(name: string, prepare: () => Promise<LedgerDriver>): void {
  describe(`${name}: a command that names a block`, () => {
    let driver: LedgerDriver
    let ledger: Ledger
    const opened: Ledger[] = []
    beforeEach(async () => {
      driver = await prepare()
      ledger = await driver.open()
      opened.push(ledger)
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()))
    })

    let next = 0
    const note = (head?: CommandHead, over: Partial<Command> = {}, on = ledger) =>
      testCommand(on.chainId, 'notes.put', { name: `h${(next += 1)}`, text: '' }, { ...(head && { head }), ...over })
    const submit = (command: Command, on = ledger): Promise<Executed> => on.submit(signTest(command))
    /** The block of a command, from a receipt that was verified. */
    const headOf = async ({ participant, commandId }: Executed): Promise<CommandHead> => {
      const receipt = await ledger.prove({ kind: 'command', participant, commandId })
      const verdict = verifyReceiptObject(receipt, trustIn(driver, ledger), nativeChecks)
      const head = verifiedHead(verdict)
      expect(head, JSON.stringify(verdict)).toBeDefined()
      return head!
    }
    const refused = async (head: CommandHead) => {
      const command = note(head)
      const before = (await ledger.query(['notes/counter/all'])).values
      await expect(submit(command), JSON.stringify(head)).rejects.toMatchObject({
        name: 'LedgerError',
        stage: 'admission',
        code: 'WRONG_HEAD',
        outcomeKnown: true,
        details: { field: '/command/head', height: head.height },
      })
      expect(await ledger.outcome(command)).toBeUndefined()
      expect((await ledger.query(['notes/counter/all'])).values).toEqual(before)
      return command
    }

    it('is executed where that block stands, the last or an old one, also after a restart', async () => {
      const first = await submit(note())
      const head = await headOf(first)
      expect(head.height).toBe(first.position.height)
      const executed = await submit(note(head))
      expect(executed.outcome).toMatchObject({ accepted: true })
      const second = await headOf(executed)
      await ledger.close()
      ledger = await driver.open()
      opened.push(ledger)
      for (const one of [head, second]) expect((await submit(note(one))).outcome).toMatchObject({ accepted: true })
      const lines: string[] = []
      for await (const line of ledger.export()) lines.push(line)
      expect(lines.filter((line) => line.includes('"head":'))).not.toEqual([])
    })

    it('is refused where another block, none, or none with commands stands at that height, and its id stays free', async () => {
      const executed = await submit(note())
      const { height, root } = await headOf(executed)
      const other = root.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
      await refused({ height, root: other })
      await refused({ height: 0, root }) // genesis has no commands
      await refused({ height: height + 1_000, root })
      await refused({ height: Number.MAX_SAFE_INTEGER, root })
      await refused({ height: height - 1, root })
      const command = await refused({ height: height + 1, root }) // not yet there
      const { head: _, ...without } = command
      expect((await submit(without)).outcome).toMatchObject({ accepted: true })
    })

    it('is refused by a ledger with another history, where it came by replay of one id and key', async () => {
      const other = await driver.openOther()
      opened.push(other)
      const here = await headOf(await submit(note()))
      const there = await submit(note(undefined, {}, other), other)
      const built = note(here, {}, other)
      await expect(submit({ ...built, head: { ...here, height: there.position.height } }, other)).rejects.toMatchObject({ code: 'WRONG_HEAD' }) // prettier-ignore
      expect(await other.outcome(built)).toBeUndefined()
    })

    it('is signed with its block: another one, or none, is another command', async () => {
      const head = await headOf(await submit(note()))
      const command = note(head)
      const executed = await submit(command)
      const { head: _, ...without } = command
      for (const changed of [without, { ...command, head: { ...head, height: head.height + 1 } }])
        await expect(submit(changed)).rejects.toMatchObject({ code: 'COMMAND_ID_CONFLICT' })
      expect(await submit(command)).toEqual(executed)
    })
  })
}
