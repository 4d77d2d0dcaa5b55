import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAX_COMMAND_BYTES } from '#proof/command'
import { LedgerError, type Executed, type Ledger } from '../port.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import type { LedgerHarness } from './harness.ts'
import { expectIntact, isRetriable, pause, SplitLoad, submitUntilAnswered } from './load.ts'

const PROGRESS = 20

/**
 * What every driver must survive. Run it from a driver's own `*.int.test.ts` beside `ledgerConformance`; the seeds of a
 * failure are printed by fast-check.
 * @param runs how many random courses of restarts and faults
 */
export function ledgerFaults(name: string, prepare: () => Promise<LedgerHarness>, { runs = 2 } = {}): void {
  describe(`${name}: a ledger that suffers`, () => {
    let harness: LedgerHarness
    let ledger: Ledger
    beforeEach(async () => {
      harness = await prepare()
      ledger = await harness.open()
    })
    afterEach(() => harness.dispose())

    let next = 0
    const note = (text = '', over = {}) =>
      testCommand(ledger.chainId, 'notes.put', { name: `n${(next += 1)}`, text }, over)
    const load = () => new SplitLoad(() => ledger, `run${(next += 1)}`)

    /** Only the time of a block says that a command never happened, and a ledger at rest may make none. */
    const whileBlocksGoOn = async <T>(answer: Promise<T>): Promise<T> => {
      let isOver = false
      void answer.finally(() => (isOver = true))
      while (!isOver) await submitUntilAnswered(() => ledger, signTest(note()))
      return answer
    }

    it('executes once what arrives many times, in any order, before and after a restart', async () => {
      await fc.assert(
        fc.asyncProperty(fc.infiniteStream(fc.nat()), fc.integer({ min: 2, max: 30 }), async (stream, count) => {
          const random = stream[Symbol.iterator]()
          const commands = Array.from({ length: count }, () => signTest(note()))
          const copies = commands.flatMap((bytes, which) => [1, 2, 3].map(() => ({ bytes, which })))
          const shuffled = copies
            .map((copy) => ({ ...copy, order: random.next().value as number }))
            .sort((a, b) => a.order - b.order)
          const answers = new Map<number, Executed>()
          const send = async ({ bytes, which }: { bytes: Uint8Array; which: number }) => {
            const executed = await submitUntilAnswered(() => ledger, bytes)
            expect(executed).toEqual(answers.get(which) ?? executed)
            answers.set(which, executed)
          }
          const half = shuffled.splice(0, shuffled.length / 2)
          await Promise.all(half.map(send))
          ledger = await harness.restart()
          await Promise.all(shuffled.map(send))
          expect([...answers.values()].every(({ outcome }) => outcome.accepted)).toBe(true)
          expect(new Set([...answers.values()].map(({ position: p }) => `${p.height}.${p.index}`)).size).toBe(count)
        }),
        { numRuns: runs, endOnFailure: true },
      )
      await expectIntact(harness, ledger, [])
    })

    it('keeps an id spent over a restart, and refuses other content under it', async () => {
      const command = note()
      const executed = await ledger.submit(signTest(command))
      ledger = await harness.restart()
      const other = signTest({ ...command, args: { name: 'another', text: '' } })
      await expect(ledger.submit(other)).rejects.toMatchObject({ code: 'COMMAND_ID_CONFLICT', outcomeKnown: true })
      expect(await ledger.submit(signTest(command))).toEqual(executed)
      expect((await ledger.query(['notes/note/another'])).values).toEqual([undefined])
    })

    it('restarted at random instants under load, loses nothing and does nothing twice', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat({ max: 250 }), { minLength: 2, maxLength: 4 }), async (delays) => {
          const running = load()
          running.start()
          for (const delay of delays) {
            await running.progress(PROGRESS)
            await pause(delay)
            ledger = await harness.restart()
          }
          await running.progress(PROGRESS)
          await running.stop()
          await expectIntact(harness, ledger, [running])
        }),
        { numRuns: runs, endOnFailure: true },
      )
    })

    it('goes on by itself when what it stands on fails and returns', async () => {
      const names = Object.keys(harness.faults)
      expect(names.length).toBeGreaterThan(0)
      const moment = fc.record({ before: fc.nat({ max: 150 }), lasts: fc.nat({ max: 400 }) })
      // Each fault at least once, in a random order, then some again.
      const course = fc
        .tuple(fc.shuffledSubarray(names, { minLength: names.length }), fc.array(fc.constantFrom(...names)))
        .chain(([all, more]) => fc.tuple(...[...all, ...more].map((fault) => fc.tuple(fc.constant(fault), moment))))
      await fc.assert(
        fc.asyncProperty(course, async (steps) => {
          const running = load()
          running.start()
          for (const [fault, { before, lasts }] of steps) {
            await running.progress(PROGRESS)
            await pause(before)
            const mend = await harness.faults[fault]!.begin()
            await pause(lasts)
            await mend()
          }
          await running.progress(PROGRESS)
          await running.stop()
          await expectIntact(harness, ledger, [running])
        }),
        { numRuns: runs, endOnFailure: true },
      )
    })

    it('exports itself up to one height, with a receipt of each kind, while blocks are committed', async () => {
      const running = load()
      running.start()
      await running.progress(PROGRESS)
      const heights: number[] = []
      for (let n = 0; n < 3; n += 1) {
        await running.progress(3)
        const before = (await ledger.head()).height
        const lines: string[] = []
        for await (const line of ledger.export()) {
          lines.push(line)
          if (lines.length % 200 === 0) await pause(1) // a reader that takes its time
        }
        expect(await harness.verifyExport(lines)).toMatchObject({ ok: true })
        const read = lines.map(
          (line) => JSON.parse(line) as { kind: string; height: number; receipt: { kind: string } },
        )
        const kinds = read.flatMap(({ kind, receipt }) => (kind === 'receipt' ? [receipt.kind] : []))
        expect(kinds.sort()).toEqual(['command', 'event', 'key', 'topic'])
        expect(read.at(-1)).toMatchObject({ kind: 'end' })
        expect(read.at(-1)!.height).toBeGreaterThanOrEqual(before)
        heights.push(read.at(-1)!.height)
      }
      await running.stop()
      // It was under load: the ledger went on between one export and the next.
      expect(new Set(heights).size).toBe(heights.length)
      await expectIntact(harness, ledger, [running])
    })

    it('never executes what has expired, and says of a command that waited too long which of the two it was', async () => {
      const late = note('', { issuedAt: Date.now() - 60_000, expiresAt: Date.now() - 1 })
      const told = await whileBlocksGoOn(
        submitUntilAnswered(() => ledger, signTest(late)).catch((error: unknown) => error),
      )
      expect(told).toMatchObject({ code: 'EXPIRED', outcomeKnown: true })
      expect(await ledger.outcome(late)).toBeUndefined()
      for (const [name, fault] of Object.entries(harness.faults)) {
        const mend = await fault.begin()
        const short = Array.from({ length: 5 }, () => note('', { expiresAt: Date.now() + 300 }))
        const sent = short.map(async (command) => {
          const settled = await submitUntilAnswered(() => ledger, signTest(command)).catch((error: unknown) => error)
          return { command, settled }
        })
        await pause(350)
        await mend()
        for (const { command, settled } of await whileBlocksGoOn(Promise.all(sent))) {
          const outcome = await ledger.outcome(command)
          if (settled instanceof Error) {
            expect(settled, name).toMatchObject({ name: 'LedgerError', code: 'EXPIRED', outcomeKnown: true })
            expect(outcome, name).toBeUndefined()
          } else expect(outcome, name).toEqual(settled)
        }
      }
      await expectIntact(harness, ledger, [])
    })

    it('fills blocks up to their limits and no further, and refuses what is larger than a command may be', async () => {
      const { maxBlockBytes, maxBlockCommands } = harness.limits
      const text = 'x'.repeat(MAX_COMMAND_BYTES / 2)
      const large = Array.from({ length: Math.min(40, Math.ceil((maxBlockBytes * 3) / text.length)) }, () => note(text))
      const small = Array.from({ length: Math.min(maxBlockCommands * 2 + 1, 2_000) }, () => note())
      const bytesAt = new Map<number, number>()
      const countAt = new Map<number, number>()
      await Promise.all(
        [...large, ...small].map(async (command) => {
          const bytes = signTest(command)
          const { position, outcome } = await submitUntilAnswered(() => ledger, bytes)
          expect(outcome.accepted).toBe(true)
          bytesAt.set(position.height, (bytesAt.get(position.height) ?? 0) + bytes.length)
          countAt.set(position.height, (countAt.get(position.height) ?? 0) + 1)
        }),
      )
      for (const [height, bytes] of bytesAt) expect(bytes, `block ${height}`).toBeLessThanOrEqual(maxBlockBytes)
      for (const [height, count] of countAt) expect(count, `block ${height}`).toBeLessThanOrEqual(maxBlockCommands)
      const tooLarge = signTest(note('x'.repeat(MAX_COMMAND_BYTES)))
      await expect(ledger.submit(tooLarge)).rejects.toMatchObject({ code: 'MALFORMED', outcomeKnown: true })
      await expectIntact(harness, ledger, [])
    })

    it('answers everybody who waits when it is closed under load', async () => {
      const commands = Array.from({ length: 200 }, () => note())
      const answers = Promise.allSettled(commands.map((command) => ledger.submit(signTest(command))))
      await ledger.close()
      const executed = new Set<string>()
      for (const answer of await answers) {
        if (answer.status === 'fulfilled') executed.add(answer.value.commandId)
        else expect(answer.reason).toBeInstanceOf(LedgerError)
        if (answer.status === 'rejected') expect(isRetriable(answer.reason)).toBe(true)
      }
      ledger = await harness.restart()
      for (const command of commands) {
        if (executed.has(command.commandId)) expect((await ledger.outcome(command))?.outcome.accepted).toBe(true)
      }
      await expectIntact(harness, ledger, [])
    })
  })
}
