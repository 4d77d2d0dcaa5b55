import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commandKey, type Command, type CommandName } from '#proof/command'
import type { JsonObject } from '#proof/json'
import { verifyExport } from '#proof/verify-export'
import { verifyReceiptObject } from '#proof/verify-receipt'
import { nativeChecks } from '../application/verify-native.ts'
import { LedgerError, type Ledger } from '../port.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import { trustIn, type LedgerDriver } from './harness.ts'

/** A command's id is its participant's own (ADR 044). Run it beside `ledgerConformance`. */
export function ledgerNames(name: string, prepare: () => Promise<LedgerDriver>): void {
  describe(`${name}: one id of several participants`, () => {
    let driver: LedgerDriver
    let ledger: Ledger
    beforeEach(async () => {
      driver = await prepare()
      ledger = await driver.open()
    })
    afterEach(() => ledger.close())

    let next = 0
    const note = ({ participant, commandId }: CommandName, over: Partial<Command> = {}) =>
      testCommand(ledger.chainId, 'notes.put', { name: `n${(next += 1)}`, text: '' }, { participant, commandId, ...over }) // prettier-ignore
    const trust = () => trustIn(driver, ledger)
    const verdict = async ({ participant, commandId }: CommandName) =>
      verifyReceiptObject(await ledger.prove({ kind: 'command', participant, commandId }), trust(), nativeChecks)
    const AUTHORS = ['core', 'supplier-1', 'factor']
    const conflict = { code: 'COMMAND_ID_CONFLICT', outcomeKnown: true }

    it('is a command of each, with its own answer, record and receipt; again by one of them it is a conflict', async () => {
      // Whoever guessed what core calls its next command, and was faster.
      const [own, guessed] = ['core', 'supplier-1'].map((participant) => note({ participant, commandId: 'next' })) as [Command, Command] // prettier-ignore
      const first = await ledger.submit(signTest(guessed))
      expect(await ledger.outcome(own)).toBeUndefined()
      await expect(verdict(own)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      const second = await ledger.submit(signTest(own))
      for (const restarted of [false, true]) {
        if (restarted) {
          await ledger.close()
          ledger = await driver.open()
        }
        for (const [command, executed] of [[guessed, first], [own, second]] as const) {
          const { participant, commandId } = command
          expect(executed).toMatchObject({ participant, commandId, outcome: { accepted: true } })
          expect(await ledger.outcome(command)).toEqual(executed)
          expect(await ledger.submit(signTest(command))).toEqual(executed)
          expect(await verdict(command)).toMatchObject({ ok: true, receipt: { command } })
          const spent = { digest: executed.digest, ...executed.position, expiresAt: command.expiresAt }
          const { values } = await ledger.query([commandKey(command)])
          expect(values).toEqual([spent])
          await expect(ledger.submit(signTest(note(command)))).rejects.toMatchObject(conflict)
        } // prettier-ignore
      }
    })

    it('enters one block, in the export too; of each participant once', async () => {
      const ids = Array.from({ length: 20 }, (_, n) => `shared-${n}`)
      const commands = ids.flatMap((commandId) => AUTHORS.map((participant) => note({ participant, commandId })))
      // Beside each another of its name: one of the two is executed.
      const rivals = commands.map((command) => note(command))
      const answers = await Promise.allSettled([...commands, ...rivals].map((one) => ledger.submit(signTest(one))))
      const names = (executed: readonly CommandName[]) => executed.map(commandKey).sort()
      const done = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
      expect(names(done)).toEqual(names(commands))
      for (const answer of answers) if (answer.status === 'rejected') expect(answer.reason).toMatchObject(conflict)
      const places = new Set(done.map(({ commandId, position }) => `${position.height} ${commandId}`))
      expect(places.size, 'blocks times ids').toBeLessThan(done.length)
      const lines: string[] = []
      for await (const line of ledger.export()) lines.push(line)
      const exported = await verifyExport(lines, trust(), {}, nativeChecks)
      expect(exported).toMatchObject({ ok: true, summary: { commands: done.length } })
    })

    it('expires for each by itself', async () => {
      const issuedAt = Date.now()
      const late = note({ participant: 'core', commandId: 'late' }, { issuedAt, expiresAt: issuedAt + 1 })
      await ledger.submit(signTest(note({ participant: 'supplier-1', commandId: 'late' })))
      // Until a block says that the time has passed.
      const ask = () => ledger.prove({ kind: 'expired', command: late }).catch((error: LedgerError) => error)
      let receipt = await ask()
      for (let n = 0; receipt instanceof LedgerError && n < 50; n += 1) {
        await ledger.submit(signTest(note({ participant: 'factor', commandId: `tick-${n}` })))
        receipt = await ask()
      }
      expect(receipt).not.toBeInstanceOf(Error)
      const proven = verifyReceiptObject(receipt as JsonObject, trust(), nativeChecks)
      expect(proven).toMatchObject({ ok: true, receipt: { kind: 'expired', command: late } })
    })
  })
}
