import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { testDatabase } from '#engines/testing/index'
import { canonicalBytes } from '#proof/canonical'
import { verifyReceipt } from '#proof/verify-receipt'
import type { Executed } from '../port.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import { cometbftProgram, SingleValidator } from '../testing/single-validator.ts'
import { GROUP } from './block-history.ts'
import type { CometbftLedger } from './cometbft-ledger.ts'

const program = await cometbftProgram()
const missing = 'missing' in program ? program.missing : undefined
if (missing !== undefined) console.warn(`tests of the CometBFT driver are skipped: ${missing}`)

describe.skipIf(missing !== undefined)('the history of a node on CometBFT and Postgres', () => {
  let validator: SingleValidator | undefined
  afterEach(() => validator?.dispose())

  it('proves commands of all its groups of blocks, after a start too, and when a remembered group is damaged', async () => {
    const one = (validator = await SingleValidator.create((program as { path: string }).path))
    const { url } = await testDatabase()
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const groups = async () =>
      (await client.query<{ text: string }>(`SELECT number || ' ' || last_height || ' ' || encode(node, 'hex') AS text
        FROM sluice_ledger.history_group ORDER BY number`)).rows.map(({ text }) => text) // prettier-ignore
    try {
      let ledger: CometbftLedger = await one.open(url)
      const commands: Executed[] = []
      const heights: number[] = []
      for (let n = 0; heights.length < GROUP + 3; n += 1) {
        const executed = await ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', { name: `n${n}`, text: '' }))) // prettier-ignore
        commands.push(executed)
        const { height } = executed.position
        if (heights.at(-1) !== height) heights.push(height)
      }
      const trust = { chainId: ledger.chainId, validators: one.validators }
      const allVerify = async () => {
        for (const { participant, commandId } of [commands[0]!, commands[20]!, commands.at(-1)!]) {
          const receipt = await ledger.prove({ kind: 'command', participant, commandId })
          expect(verifyReceipt(canonicalBytes(receipt), trust), commandId).toMatchObject({ ok: true })
        }
      }
      expect(await groups()).toEqual([])
      await allVerify()
      const remembered = await groups()
      expect(remembered).toHaveLength(1)
      expect(remembered[0]).toMatch(new RegExp(`^0 ${heights[GROUP - 1]} `))

      ledger = await one.open(url)
      await allVerify()
      expect(await groups()).toEqual(remembered)

      await client.query(`UPDATE sluice_ledger.history_group SET node = sha256(node)`)
      ledger = await one.open(url)
      await allVerify()
      expect(await groups()).toEqual(remembered)
    } finally {
      await client.end()
    }
  })
})
