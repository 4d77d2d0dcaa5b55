import { afterAll, expect, it } from 'vitest'
import { describe } from '#contracts/describe'
import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { BATCH } from '#contracts/receivable/testing/story'
import { reviewOf } from '#contracts/review'
import { testDatabase } from '#engines/testing/index'
import { decodeSigned } from '#proof/command'
import type { JsonObject } from '#proof/json'
import { verifyExport } from '#proof/verify-export'
import { buildBundle } from '../application/bundle/build-bundle.ts'
import { SandboxedContracts } from '../application/bundle/sandbox.ts'
import { contractRules } from '../application/contract-rules.ts'
import { nativeChecks } from '../application/verify-native.ts'
import { signTest, testCommand, testLedgerOptions, testRegistry } from '../testing/fixture.ts'
import { EmbeddedLedger } from './embedded-ledger.ts'

/** As it comes from a wire: a field of its own that is called so, not a prototype. */
const hostile = (text: string) => JSON.parse(text) as JsonObject
const POISON = '{"polluted":"yes","minimumSplitFen":"1","accepted":true}'
const ARGS: readonly [what: string, call: string, args: JsonObject][] = [
  ['beside the arguments', 'receivable.openBatch', { ...BATCH }],
  ['in a list', 'receivable.openBatch', { ...BATCH, tenorCaps: [hostile(`{"__proto__":${POISON}}`)] }],
  ['in place of the arguments', 'receivable.openBatch', {}],
  ['as another object', 'calendar.roll', { date: hostile(`{"__proto__":${POISON}}`) }],
  ['in a proposal', 'governance.propose', { proposal: 'p', action: hostile(`{"kind":"remove","__proto__":${POISON}}`) }],
  ['where a contract takes any field', 'notes.put', { name: 'n', text: 't' }],
] // prettier-ignore
const poisoned = (args: JsonObject): JsonObject => hostile(`{"__proto__":${POISON},${JSON.stringify(args).slice(1)}`.replace(',}', '}')) // prettier-ignore

afterAll(() => {
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

it('a field called __proto__ in a signed command is a field like any other: it changes no object and no outcome', async () => {
  const { url } = await testDatabase()
  const ledger = await EmbeddedLedger.open(testLedgerOptions(url))
  try {
    // As often as it takes until schemas are compiled, so that both ways of checking see it.
    for (let round = 0; round < 60; round += 1) {
      for (const [what, call, args] of ARGS) {
        const signed = signTest(testCommand(ledger.chainId, call, poisoned(args)))
        expect(Object.hasOwn(decodeSigned(signed).command.args, '__proto__'), what).toBe(true)
        const { outcome, commandId } = await ledger.submit(signed)
        expect(({} as Record<string, unknown>)['polluted'], what).toBeUndefined()
        if (call === 'notes.put' && round === 0) {
          // This contract of the tests refuses no unknown field; nothing of it gets into an event.
          expect(outcome.accepted && outcome.events[0]?.data).toEqual({ name: 'n', text: 't', by: 'core', count: 1 })
        } else expect(outcome.accepted, `${what} ${commandId}`).toBe(false)
        if (call === 'receivable.openBatch') expect(outcome).toMatchObject({ refusal: { code: 'BAD_ARGS' } })
      }
    }
    expect((await ledger.query(['receivable/batch/b'])).values).toEqual([undefined])
    const lines: string[] = []
    for await (const line of ledger.export()) lines.push(line)
    const rules = contractRules(testRegistry, callerOf, (json) => genesisEvents(json as unknown as GenesisDocument))
    expect(await verifyExport(lines, {}, rules, nativeChecks)).toMatchObject({ ok: true, summary: { unchecked: [] } })
  } finally {
    await ledger.close()
  }
})

it('neither in the sandbox nor on the way to a signer is it anything else', async () => {
  const { hash, text } = await buildBundle()
  const version = SandboxedContracts.load(hash, text)
  const caller = { participant: 'core', operator: 'o', keyId: 'k', roles: ['core-enterprise'], functions: ['maker'] } as const // prettier-ignore
  const command = testCommand('chain', 'receivable.openBatch', poisoned({ ...BATCH }))
  const run = () => version.execute(() => undefined, command, caller, { chainId: 'c', height: 1, blockTimeMs: 0 })
  for (let round = 0; round < 60; round += 1) {
    expect(run()).toMatchObject({ accepted: false, refusal: { code: 'BAD_ARGS' } })
  }
  const { fields, sentence } = reviewOf(describe(testRegistry), command)
  expect(fields.find(({ path }) => path === '/__proto__/polluted')?.text.en).toBe('yes')
  // The sentence is about the argument, which stands there, and never about what a prototype would have given.
  expect(sentence.en).toContain(BATCH.batch)
  const without = testCommand('chain', 'receivable.openBatch', hostile(`{"__proto__":${JSON.stringify(BATCH)}}`))
  expect(() => reviewOf(describe(testRegistry), without)).toThrow('NO_SUCH_FIELD')
})
