// A real CometBFT finds that a validator signed two blocks; the node puts it on the ledger, where it is proved.
import { afterEach, describe, expect, it } from 'vitest'
import { misbehaviourKey } from '#contracts/governance/state'
import { testDatabase } from '#engines/testing/index'
import type { Ledger } from '#ledger-adapter/port'
import { signTest, testCommand } from '#ledger-adapter/testing/fixture'
import { forgeHeader, seedOf, voteTwice } from '#ledger-adapter/testing/evidence'
import { cometbftProgram, SingleValidator } from '#ledger-adapter/testing/single-validator'
import { canonicalBytes } from '#proof/canonical'
import type { Command } from '#proof/command'
import { verifyReceipt } from '#proof/verify-receipt'
import type { Signer } from '../keys/signer.ts'
import { misbehaviourReporter } from './reporter.ts'

const program = await cometbftProgram()
const missing = 'missing' in program ? program.missing : undefined
if (missing !== undefined) console.warn(`the test of evidence is skipped: ${missing}`)

const signer = (participant: string, name: string, functions: Signer['functions']): Signer =>
  ({ participant, keyId: `${name}-key`, functions, sign: (command: Command) => Promise.resolve(signTest(command)) }) as never // prettier-ignore
let notes = 0
const writeNote = (ledger: Ledger) =>
  ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', { name: `n${(notes += 1)}`, text: '' })))
const person = signer('bank', 'maker', ['maker'])
const service = signer('bank', 'service', ['service:bank'])

describe.skipIf(missing !== undefined)('a validator that signs two blocks at one height', () => {
  let validator: SingleValidator | undefined
  afterEach(() => validator?.dispose())

  it('is on the ledger once, with both signatures, and anybody can prove it; over a restart too', async () => {
    const one = (validator = await SingleValidator.create((program as { path: string }).path))
    const said: string[] = []
    const onMisbehaviour = misbehaviourReporter([{ signers: [person, service] }], (text) => said.push(text))
    const { url } = await testDatabase()
    let ledger = await one.open(url, { onMisbehaviour })
    const note = () => writeNote(ledger)
    await note()
    const doubleVote = await voteTwice(one.rpcUrl, ledger.chainId, seedOf(one.key.secret))
    while (said.length === 0) await note() // CometBFT makes no empty blocks here
    expect(said).toEqual([
      `validator ${doubleVote.validator} voted twice at height ${doubleVote.height}: on the ledger`,
    ])
    const key = misbehaviourKey(doubleVote)
    const { values } = await ledger.query([key.path])
    expect(values).toEqual([{ ...doubleVote, participant: 'manager', reporter: 'bank' }])

    ledger = await one.open(url, { onMisbehaviour })
    await note()
    const all = await ledger.events(undefined, { limit: 1_000 })
    const [found, ...others] = all.filter(({ event }) => event === 'MisbehaviourReported')
    expect(others).toEqual([])
    const trust = { chainId: ledger.chainId, validators: one.validators }
    for (const what of [
      { kind: 'event', cursor: found!.cursor },
      { kind: 'key', key: key.path },
    ] as const) {
      expect(verifyReceipt(canonicalBytes(await ledger.prove(what)), trust), what.kind).toMatchObject({ ok: true })
    }
  }, 60_000)

  it('is on the ledger too when it signed a header beside the chain’s own for light clients', async () => {
    const one = (validator = await SingleValidator.create((program as { path: string }).path))
    const said: string[] = []
    const onMisbehaviour = misbehaviourReporter([{ signers: [service] }], (text) => said.push(text))
    const { url } = await testDatabase()
    const ledger = await one.open(url, { onMisbehaviour })
    const note = () => writeNote(ledger)
    await note()
    await note()
    const height = await forgeHeader(one.rpcUrl, seedOf(one.key.secret))
    while (said.length === 0) await note()
    expect(said).toEqual([expect.stringMatching(new RegExp(`voted twice at height ${height}: on the ledger$`))])
    const all = await ledger.events(undefined, { limit: 1_000 })
    const reported = all.filter(({ event }) => event === 'MisbehaviourReported')
    expect(reported).toEqual([
      expect.objectContaining({ data: expect.objectContaining({ height, type: 'precommit' }) }),
    ])
  }, 60_000)

  it('is only said where there is no key that may sign unasked', () => {
    const said: string[] = []
    const report = misbehaviourReporter([{ signers: [person] }], (text) => said.push(text))
    report({ validator: 'v', height: 1, round: 0, type: 'prevote', votes: [] as never }, undefined as never)
    expect(said).toEqual([expect.stringContaining('no organisation here has a service')])
  })
})
