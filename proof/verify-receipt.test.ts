import { describe, expect, it } from 'vitest'
import { canonicalBytes } from './canonical.ts'
import { verifyZip215 } from './cometbft/index.ts'
import { commandKey, ID_RETENTION_MS } from './command.ts'
import { verifyEd25519 } from './ed25519.ts'
import { headerHash } from './block.ts'
import { feedKey } from './feed.ts'
import type { Json, JsonObject } from './json.ts'
import type { Anchor, AnyTrust, AssetReceipt, ExpiredReceipt, Receipt } from './receipt.ts'
import { START_SECONDS, testBlock } from './testing/comet-chain.ts'
import { command, memoized, NOW_MS, operatorTrust, signHeader, SmallLedger, validators, validatorTrust } from './testing/small-ledger.ts' // prettier-ignore
import { verifyReceipt, verifyValidators } from './verify-receipt.ts'

const ledger = new SmallLedger()
const checks = { operator: memoized(verifyEd25519), votes: memoized(verifyZip215) }
const bytesOf = (receipt: unknown): Uint8Array => canonicalBytes(receipt as Json)
const verify = (receipt: Receipt | Json, trust: AnyTrust) => verifyReceipt(bytesOf(receipt), trust, checks)

/** Expired a minute ago by the header's time. */
const LATE_MS = NOW_MS + 120_000
const DRIVERS: readonly (readonly [string, AnyTrust, Anchor, Anchor])[] = [
  ['the operator', operatorTrust, ledger.operatorAnchor(), ledger.operatorAnchor({ timeMs: LATE_MS })],
  ['CometBFT', validatorTrust, ledger.cometAnchor(), ledger.cometAnchor(LATE_MS / 1000)],
]

describe.each(DRIVERS)('receipts anchored by %s', (_name, trust, anchor, late) => {
  const ownPlace = anchor.kind === 'operator' ? null : undefined
  const kinds: readonly (readonly [string, Receipt])[] = [
    ['a command of the last block', ledger.command(anchor, 5, ownPlace)],
    ['an older command', ledger.command(anchor, 2)],
    ['an event of the last block', ledger.event(anchor, 5, ownPlace)],
    ['an older event', ledger.event(anchor, 4)],
    ['a value', ledger.key(anchor, 'notes/note/7')],
    ['no value', ledger.key(anchor, 'notes/note/none')],
    ['a complete topic', ledger.topic(anchor)],
    ['a command expired without trace', ledger.expired(late, command('never'))],
    ['an asset in its batch', ledger.asset(anchor, 3)],
    ['an asset in its batch, in the first form', ledger.asset(anchor, 3, 1)],
  ]

  it.each(kinds)(
    'proves %s; refuses it with any byte changed',
    (_, receipt) => {
      const bytes = bytesOf(receipt)
      const verdict = verifyReceipt(bytes, trust, checks)
      expect(verdict).toMatchObject({ ok: true, receipt, anchored: { kind: anchor.kind, height: 5 } })
      for (let at = 0; at < bytes.length; at += 1) {
        const changed = bytes.slice()
        changed[at] = otherOfItsClass(bytes[at]!)
        const { ok } = verifyReceipt(changed, trust, checks)
        if (ok) expect.fail(`accepted with byte ${at} changed: ${new TextDecoder().decode(changed)}`)
      }
    },
    EVERY_BYTE_MS,
  )

  it('says where an older fact stands, and trusts nobody but whom it was told to', () => {
    expect(verify(ledger.command(anchor, 2), trust)).toMatchObject({ ok: true, height: 2, anchored: { height: 5 } })
    const other = anchor.kind === 'operator' ? validatorTrust : operatorTrust
    expect(verify(ledger.topic(anchor), other)).toMatchObject({ ok: false, reason: 'WRONG_ANCHOR' })
    expect(verify(ledger.topic(anchor), { ...trust, chainId: 'another' })).toMatchObject({ reason: 'WRONG_CHAIN' })
  })

  it('refuses a fact moved to another place, topic or key', () => {
    const older = ledger.command(anchor, 2)
    expect(verify({ ...older, place: ledger.place(3) } as Receipt, trust)).toMatchObject({ reason: 'NOT_IN_COMMANDS' })
    const place = { ...ledger.place(2), height: 3 }
    expect(verify({ ...older, place } as Receipt, trust)).toMatchObject({ reason: 'NOT_IN_HISTORY' })
    const event = ledger.event(anchor, 4)
    expect(verify({ ...event, place: ledger.place(2) } as Receipt, trust)).toMatchObject({ reason: 'WRONG_HEIGHT' })
    const key = { ...ledger.key(anchor, 'notes/note/7'), key: 'notes/note/8' } as Receipt
    expect(verify(key, trust)).toMatchObject({ reason: 'NOT_IN_STATE' })
    // A place whose history is made up: consistent in itself, and not in the state.
    const made = { ...ledger.place(2), index: 0, path: [], history: { count: 1, peaks: [NO_SUCH] } }
    expect(verify({ ...older, place: made } as unknown as Receipt, trust)).toMatchObject({ reason: 'NOT_IN_HISTORY' })
  })

  it('hides no spent id and no event: a value that stands there is not proven absent', () => {
    const spent = ledger.expired(late, command('c-2-1'))
    expect(verify(spent, trust)).toMatchObject({ reason: 'NOT_IN_STATE' })
    const none = { ...ledger.key(anchor, 'notes/note/none'), proof: ledger.proof(feedKey('public')) } as Receipt
    expect(verify(none, trust)).toMatchObject({ reason: 'NOT_IN_STATE' })
    const empty = { ...ledger.topic(anchor), feed: { count: 0, hash: '0'.repeat(64) } } as Receipt
    expect(verify(empty, trust)).toMatchObject({ reason: 'NOT_IN_STATE' })
  })

  it('judges expiry by block time alone: not before it, not when the id would be forgotten', () => {
    const at = (expiresAt: number) => verify(ledger.expired(late, command('never', { expiresAt })), trust)
    expect(at(LATE_MS)).toMatchObject({ reason: 'NOT_EXPIRED' })
    expect(at(LATE_MS - 1)).toMatchObject({ ok: true })
    expect(at(LATE_MS - ID_RETENTION_MS)).toMatchObject({ ok: true })
    expect(at(LATE_MS - ID_RETENTION_MS - 1)).toMatchObject({ reason: 'FORGOTTEN' })
    const elsewhere = ledger.expired(late, command('never', { chainId: 'another' }))
    expect(verify(elsewhere, trust)).toMatchObject({ reason: 'WRONG_CHAIN' })
  })

  it('reads both forms of an asset in its batch, and no mixture of them', () => {
    const [first, second] = [ledger.asset(anchor, 3, 1), ledger.asset(anchor, 3)]
    for (const good of [first, second]) expect(verify(good, trust)).toMatchObject({ ok: true })
    expect(verify({ ...second, proof: first.proof }, trust)).toMatchObject({ reason: 'BAD_FORM', field: '/proof' })
    expect(verify({ ...first, proof: second.proof }, trust)).toMatchObject({ reason: 'BAD_FORM', field: '/proof' })
    expect(verify({ ...first, asset: second.asset }, trust)).toMatchObject({ reason: 'BAD_FORM', field: '/proof' })
    const twice = { ...second.asset, root: first.asset['root']! } as AssetReceipt['asset']
    expect(verify({ ...second, asset: twice }, trust)).toMatchObject({ reason: 'BAD_FORM', field: '/asset/root' })
    const text = second.proof as string
    expect(verify({ ...second, proof: text.slice(0, -2) }, trust)).toMatchObject({
      reason: 'BAD_FORM',
      field: '/proof',
    })
    const other = (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
    expect(verify({ ...second, proof: other }, trust)).toMatchObject({ reason: 'NOT_IN_STATE' })
    expect(verify({ ...second, proof: '' }, trust)).toMatchObject({ reason: 'NOT_IN_STATE' })
  })

  it('finds an asset with another balance, slot or batch, and a batch that stands elsewhere', () => {
    const good = ledger.asset(anchor, 3, 1)
    const bad = (over: JsonObject) =>
      verify({ ...good, asset: { ...good.asset, ...over } as AssetReceipt['asset'] }, trust)
    expect(bad({ currentFen: '900004' })).toMatchObject({ reason: 'NOT_IN_BATCH', field: 'BAD_PROOF' })
    expect(bad({ terms: { ...good.asset.terms, obligor: 'P4' } })).toMatchObject({ reason: 'NOT_IN_BATCH' })
    expect(bad({ terms: {} })).toMatchObject({ reason: 'NOT_IN_BATCH', field: '/asset/terms.originalFen' })
    expect(bad({ slot: 2 })).toMatchObject({ reason: 'NOT_IN_BATCH' })
    expect(bad({ slot: 8 })).toMatchObject({ reason: 'NOT_IN_BATCH', field: 'SLOT_OUT_OF_RANGE' })
    expect(bad({ version: 2 })).toMatchObject({ reason: 'NOT_IN_STATE' })
    expect(bad({ path: good.asset.path.slice(86) })).toMatchObject({ reason: 'NOT_IN_BATCH', field: '/asset/path' })
    const root = { ...(good.asset['root'] as object), currentFen: '1' }
    expect(bad({ root })).toMatchObject({ reason: 'NOT_IN_BATCH', field: '/asset/root' })
    expect(verify({ ...good, batch: { ...good.batch, root } }, trust)).toMatchObject({ reason: 'NOT_IN_STATE' })
  })
})

/** Thousands of verifications, on whatever machine. */
const EVERY_BYTE_MS = 300_000

describe('the operator’s receipts', () => {
  it('prove an expiry on an idle ledger by the header that follows', () => {
    const header = ledger.header()
    const after = { ...header, height: 6, previous: headerHash(header), timeMs: LATE_MS + 10 * ID_RETENTION_MS }
    const expired = (over: object, anchor = ledger.operatorAnchor()) =>
      ledger.expired(anchor, command('never'), signHeader({ ...after, ...over })) as ExpiredReceipt
    expect(verify(expired({}), operatorTrust)).toMatchObject({ ok: true })
    expect(verify(ledger.expired(ledger.operatorAnchor(), command('never')), operatorTrust)).toMatchObject({
      reason: 'NOT_EXPIRED',
    })
    expect(verify(expired({ height: 7 }), operatorTrust)).toMatchObject({ reason: 'WRONG_HEIGHT' })
    expect(verify(expired({ previous: NO_SUCH }), operatorTrust)).toMatchObject({ reason: 'WRONG_HEIGHT' })
    expect(verify(expired({ timeMs: 0 }), operatorTrust)).toMatchObject({ reason: 'TIME_GOES_BACK' })
    const unsigned = { ...expired({}), next: { ...expired({}).next!, signature: 'A'.repeat(86) } }
    expect(verify(unsigned, operatorTrust)).toMatchObject({ reason: 'BAD_SIGNATURE', field: '/next' })
    expect(verify(expired({}), { ...operatorTrust, genesisHash: NO_SUCH })).toMatchObject({ reason: 'WRONG_GENESIS' })
  })

  it('need a history where the fact is not of the header’s own block', () => {
    const receipt = ledger.command(ledger.operatorAnchor(), 2, null)
    expect(verify(receipt, operatorTrust)).toMatchObject({ reason: 'NOT_IN_COMMANDS' })
    expect(verify(ledger.command(ledger.cometAnchor(), 5, null), validatorTrust)).toMatchObject({ field: '/place' })
  })
})

describe('a chain’s validators', () => {
  const blocks = [2, 3].map((height) => testBlock({ height, validators, seconds: START_SECONDS }))
  const receipt = bytesOf({ kind: 'validators', blocks })

  it('are followed, and anchor what comes after', () => {
    const verdict = verifyValidators(receipt, validatorTrust, checks.votes)
    expect(verdict).toMatchObject({ ok: true, trusted: { height: 3 } })
    if (!verdict.ok) return
    const trust = { ...validatorTrust, validators: verdict.trusted }
    expect(verify(ledger.topic(ledger.cometAnchor()), trust)).toMatchObject({ ok: true })
    expect(verifyReceipt(receipt, trust)).toMatchObject({ ok: false, reason: 'BAD_FORM', field: '/kind' })
  })

  it(
    'are refused with any byte changed',
    () => {
      for (let at = 0; at < receipt.length; at += 1) {
        const changed = receipt.slice()
        changed[at] = otherOfItsClass(receipt[at]!)
        const { ok } = verifyValidators(changed, validatorTrust, checks.votes)
        if (ok) expect.fail(`accepted with byte ${at} changed: ${new TextDecoder().decode(changed)}`)
      }
    },
    EVERY_BYTE_MS,
  )
})

describe('a receipt that is none', () => {
  it.each([
    ['no bytes', new Uint8Array(0), 'NOT_CANONICAL'],
    ['not UTF-8', Uint8Array.of(0xff), 'NOT_CANONICAL'],
    ['white space', new TextEncoder().encode('{ }'), 'NOT_CANONICAL'],
    ['no object', bytesOf(null), 'BAD_FORM'],
    ['no such kind', bytesOf({ kind: 'other' }), 'BAD_FORM'],
    ['a field too many', bytesOf({ ...ledger.topic(ledger.operatorAnchor()), extra: 1 }), 'BAD_FORM'],
    ['deep nesting', new TextEncoder().encode('['.repeat(100_000)), 'NOT_CANONICAL'],
  ])('%s is refused, not thrown at', (_, bytes, reason) => {
    expect(verifyReceipt(bytes, operatorTrust)).toMatchObject({ ok: false, reason })
  })

  it('names the key of a command’s id as the ledger does', () => {
    expect(ledger.state.has(commandKey(command('c-1-0')))).toBe(true)
  })
})

const NO_SUCH = '5'.repeat(64)

/** Another byte that a form would still let through: digit for digit, hex for hex, letter for letter. */
function otherOfItsClass(byte: number): number {
  const letter = String.fromCharCode(byte)
  if (/[0-9a-f]/.test(letter)) return letter === '1' || letter === 'b' ? byte + 1 : letter <= '9' ? 0x31 : 0x62
  if (/[A-Z]/.test(letter)) return letter === 'Q' ? 0x52 : 0x51
  if (/[g-z]/.test(letter)) return letter === 'k' ? 0x6c : 0x6b
  return byte ^ 1
}
