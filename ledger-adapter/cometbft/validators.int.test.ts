// Governance decides who validates; CometBFT does as it is told, and receipts stay verifiable across the change.
import { afterEach, describe, expect, it } from 'vitest'
import { cometKey } from '#engines/cometbft/keys'
import { testDatabase } from '#engines/testing/index'
import { fromBase64url } from '#proof/base64url'
import { canonicalBytes } from '#proof/canonical'
import { verifyReceipt, verifyValidators } from '#proof/verify-receipt'
import { decide } from '../testing/decide.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import { cometbftProgram, consensusKey, SingleValidator } from '../testing/single-validator.ts'
import { CometbftRpc } from './rpc.ts'

const program = await cometbftProgram()
const missing = 'missing' in program ? program.missing : undefined
if (missing !== undefined) console.warn(`tests of validator changes are skipped: ${missing}`)

describe.skipIf(missing !== undefined)('validators decided by governance', () => {
  let validator: SingleValidator | undefined
  afterEach(() => validator?.dispose())
  const create = async () => (validator = await SingleValidator.create((program as { path: string }).path))

  /** What CometBFT itself says of its validators. It makes no empty blocks, and a change is in force two blocks later. */
  async function powersAfter(one: SingleValidator, change: () => Promise<unknown>): Promise<Map<string, number>> {
    const rpc = new CometbftRpc(one.rpcUrl)
    for (let block = 0; block < 3; block += 1) await change()
    const said = await rpc.call<{ validators: { pub_key: { value: string }; voting_power: string }[] }>('validators')
    return new Map(said.validators.map(({ pub_key, voting_power }) => [consensusKey({ publicKey: pub_key.value }), Number(voting_power)])) // prettier-ignore
  }

  it('a validator joins, changes its power and leaves, also over a restart; receipts verify from the first trust on', async () => {
    const one = await create()
    const { url } = await testDatabase()
    let ledger = await one.open(url)
    const own = one.validators.validators[0]!.publicKey
    const late = consensusKey(cometKey())
    const set = (power: number) => ({ kind: 'setValidator', participant: 'depository', publicKey: late, power })
    let notes = 0
    const note = async () => {
      const args = { name: `n${(notes += 1)}`, text: '' }
      return ledger.submit(signTest(testCommand(ledger.chainId, 'notes.put', args)))
    }

    await decide(ledger, set(1))
    expect(await powersAfter(one, note)).toEqual(new Map([[own, 10], [late, 1]])) // prettier-ignore
    const { position } = await note()
    await decide(ledger, set(3))
    ledger = await one.open(url) // both sides: what was decided is not asked for again, nor forgotten
    expect(await powersAfter(one, note)).toEqual(new Map([[own, 10], [late, 3]])) // prettier-ignore
    await decide(ledger, set(0))
    expect(await powersAfter(one, note)).toEqual(new Map([[own, 10]]))

    const trust = { chainId: ledger.chainId, validators: one.validators }
    for (const what of [
      { kind: 'event', cursor: { ...position, event: 0 } },
      { kind: 'key', key: `notes/note/n${notes}` },
    ] as const) {
      expect(verifyReceipt(canonicalBytes(await ledger.prove(what)), trust), what.kind).toMatchObject({ ok: true })
    }
    // Followed in one receipt from genesis, and on from where another ended; before the chain and after it there is none.
    const half = verifyValidators(canonicalBytes(await ledger.prove({ kind: 'validators', from: 1 })), trust)
    if (!half.ok) throw new Error(`${half.reason} ${half.field}`)
    expect(half.trusted.height).toBeGreaterThan(position.height)
    expect(half.trusted.validators).toEqual([{ publicKey: own, power: 10 }])
    await note()
    const rest = await ledger.prove({ kind: 'validators', from: half.trusted.height })
    const reached = verifyValidators(canonicalBytes(rest), { ...trust, validators: half.trusted })
    if (!reached.ok) throw new Error(`${reached.reason} ${reached.field}`)
    expect(reached.trusted.height).toBeGreaterThan(half.trusted.height)
    for (const from of [0, 1_000_000]) {
      await expect(ledger.prove({ kind: 'validators', from })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  }, 60_000)

  it('the last validator cannot leave', async () => {
    const one = await create()
    const ledger = await one.open((await testDatabase()).url)
    const action = { kind: 'setValidator', participant: 'manager', publicKey: one.validators.validators[0]!.publicKey, power: 0 } // prettier-ignore
    await expect(decide(ledger, action)).rejects.toThrow('NO_VALIDATOR_LEFT')
  })

  it('consensus does not begin with validators that governance does not know', async () => {
    const one = await create()
    const stranger = consensusKey(cometKey())
    expect(fromBase64url(stranger)).toHaveLength(32)
    const { url } = await testDatabase()
    one.replaceGenesisValidator(stranger)
    await expect(one.open(url)).rejects.toThrow(/CometBFT ended/)
  })
})
