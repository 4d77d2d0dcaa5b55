import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testSecretKey } from '#contracts/testing/consortium'
import { fromBase64url, toBase64url } from '#proof/base64url'
import { canonicalJson } from '#proof/canonical'
import { decodeSigned, encodeSigned, MAX_COMMAND_BYTES, signingBytes, type Command } from '#proof/command'
import { L, littleEndian } from '#proof/ed25519'
import { concatBytes, hexToBytes } from '#proof/hash'
import type { Json } from '#proof/json'
import { LEDGER_ERROR_CODES, type Ledger } from '../port.ts'
import { signTest, testCommand } from '../testing/fixture.ts'
import type { LedgerHarness } from './harness.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const { Point } = ed25519
/** A point of order 8, in its canonical encoding. */
const SMALL_ORDER = hexToBytes('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')

function toLittleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32)
  for (let i = 0, rest = value; i < 32; i += 1, rest >>= 8n) bytes[i] = Number(rest & 255n)
  return bytes
}

/** Signatures that some implementation somewhere accepts, over what the key of `core:maker` did sign. */
function forgedSignatures(command: Command): Readonly<Record<string, Uint8Array>> {
  const good = fromBase64url(decodeSigned(signTest(command)).signature)!
  const [r, s] = [good.slice(0, 32), good.slice(32)]
  const seed = testSecretKey('core:maker')
  const head = sha512(seed).slice(0, 32)
  head[0]! &= 248
  head[31] = (head[31]! & 127) | 64
  const secret = littleEndian(head) % L
  const nonce = 12_345n
  const commitment = Point.BASE.multiply(nonce).add(Point.fromBytes(SMALL_ORDER)).toBytes()
  const publicKey = ed25519.getPublicKey(seed)
  const challenge = littleEndian(sha512(concatBytes(commitment, publicKey, signingBytes(command)))) % L
  const wrongPoint = new Uint8Array(32).fill(2)
  return {
    'S + L, which means the same': concatBytes(r, toLittleEndian(littleEndian(s) + L)),
    'a torsion component': concatBytes(commitment, toLittleEndian((nonce + challenge * secret) % L)),
    'R of small order': concatBytes(SMALL_ORDER, s),
    'R that is no point': concatBytes(wrongPoint, s),
    'R not canonical': concatBytes(hexToBytes(`ee${'ff'.repeat(30)}7f`), s),
    'all zero': new Uint8Array(64),
    'halves exchanged': concatBytes(s, r),
  }
}

/**
 * What a malicious client may send: refused at admission with its code, and no trace in any block. Run it from a driver's
 * own `*.int.test.ts`; fast-check prints the seed of a failure.
 */
export function ledgerMalice(name: string, prepare: () => Promise<LedgerHarness>, { runs = 400 } = {}): void {
  describe(`${name}: a ledger under attack`, () => {
    let harness: LedgerHarness
    let ledger: Ledger
    beforeEach(async () => {
      harness = await prepare()
      ledger = await harness.open()
    })
    afterEach(() => harness.dispose())

    const note = (over: Partial<Command> = {}) =>
      testCommand(ledger.chainId, 'notes.put', { name: 'never', text: 'never' }, over)
    const refused = async (bytes: Uint8Array, codes: readonly string[], why: string) => {
      const error: unknown = await ledger.submit(bytes).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error, why).toMatchObject({ name: 'LedgerError', stage: 'admission', outcomeKnown: true })
      expect(codes, why).toContain((error as { code: string }).code)
    }
    /** Runs an attack, and then sees that the ledger stands where it stood and still works. */
    const untouched = async (attack: () => Promise<void>) => {
      const before = await ledger.head()
      await attack()
      expect(await ledger.head()).toEqual(before)
      const honest = testCommand(ledger.chainId, 'notes.put', { name: 'honest', text: '' })
      expect((await ledger.submit(signTest(honest))).outcome.accepted).toBe(true)
      const lines: string[] = []
      for await (const line of ledger.export()) lines.push(line)
      expect(await harness.verifyExport(lines)).toEqual({ ok: true, commands: 1 })
    }

    it('refuses what is not one canonical command, whatever it is', async () => {
      const text = new TextDecoder().decode(signTest(note()))
      const { command, signature } = JSON.parse(text) as { command: Command; signature: string }
      const withCommand = (over: object) => canonicalJson({ command: { ...command, ...over }, signature } as Json)
      const deep = (open: string, close: string) => open.repeat(50_000) + close.repeat(50_000)
      const bad: Readonly<Record<string, string | Uint8Array>> = {
        empty: '',
        'not JSON': 'hello',
        'not UTF-8': new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]),
        'a byte order mark': `\ufeff${text}`,
        'half a surrogate': text.replace('"never"', '"\\ud800"'),
        'an array': '[]',
        'a number': '1',
        'deep arrays': deep('[', ']'),
        'deep objects': deep('{"a":', '}').replace('}', '1}'),
        'deep arguments': text.replace('"text":"never"', `"text":${'['.repeat(500)}${']'.repeat(500)}`),
        'a space': text.replace(':', ': '),
        'a line end': `${text}\n`,
        'keys in another order': JSON.stringify({ signature, command }),
        'a key twice': text.replace('{"command"', '{"command":{},"command"'),
        'an inner key twice': text.replace('"name":"never"', '"name":"never","name":"never"'),
        'an escape that need not be': text.replace('"never"', '"\\u006eever"'),
        'a number with a point': text.replace(/"expiresAt":\d+/, '"expiresAt":1.5'),
        'a number with an exponent': text.replace(/"expiresAt":\d+/, '"expiresAt":1e15'),
        'a huge number': text.replace(/"expiresAt":\d+/, `"expiresAt":${'9'.repeat(400)}`),
        'an unsafe integer': text.replace(/"expiresAt":\d+/, '"expiresAt":9007199254740993'),
        'a negative zero': text.replace(/"expiresAt":\d+/, '"expiresAt":-0'),
        'a negative time': withCommand({ issuedAt: -1 }),
        'a time as text': withCommand({ issuedAt: '1' }),
        'no arguments': withCommand({ args: null }),
        'arguments that are a list': withCommand({ args: [] }),
        'an empty id': withCommand({ commandId: '' }),
        'an id that is a path': withCommand({ commandId: '../sys/block/0' }),
        'a long id': withCommand({ commandId: 'x'.repeat(101) }),
        'an unknown field': withCommand({ extra: 1 }),
        'a short signature': canonicalJson({ command, signature: 'AAAA' } as unknown as Json),
        'a signature in another alphabet': canonicalJson({ command, signature: `+/${signature.slice(2)}` } as unknown as Json), // prettier-ignore
        'too large': signTest(note({ args: { name: 'n', text: 'x'.repeat(MAX_COMMAND_BYTES) } })),
        'much too large': `{"command":"${'x'.repeat(20 << 20)}"}`,
      }
      await untouched(async () => {
        for (const [why, content] of Object.entries(bad)) {
          await refused(typeof content === 'string' ? utf8(content) : content, ['MALFORMED'], why)
        }
      })
    })

    it('refuses every signature but the one rule’s, and every other command under a good one', async () => {
      const command = note()
      const { signature } = decodeSigned(signTest(command))
      await untouched(async () => {
        for (const [why, forged] of Object.entries(forgedSignatures(command))) {
          await refused(encodeSigned({ command, signature: toBase64url(forged) }), ['BAD_SIGNATURE'], why)
        }
        const others: readonly Partial<Command>[] = [
          { args: { name: 'other', text: '' } },
          { commandId: 'other' },
          { method: 'remove' },
          { issuedAt: command.issuedAt - 1 },
          { expiresAt: command.expiresAt + 1 },
          { participant: 'supplier-1' },
          { keyId: 'checker-key' },
        ]
        for (const over of others) {
          await refused(encodeSigned({ command: { ...command, ...over }, signature }), ['BAD_SIGNATURE'], JSON.stringify(over)) // prettier-ignore
        }
      })
    })

    it('refuses other chains, other times, unknown keys, contracts and methods, each by its code', async () => {
      const now = Date.now()
      const hour = 3_600_000
      const cases: readonly (readonly [string, Partial<Command>])[] = [
        ['WRONG_CHAIN', { chainId: 'elsewhere-00000000' }],
        ['EXPIRED', { issuedAt: 0, expiresAt: 1 }],
        ['EXPIRED', { issuedAt: now - 2 * hour, expiresAt: now - hour }],
        ['NOT_YET_VALID', { issuedAt: now + hour, expiresAt: now + 2 * hour }],
        ['NOT_YET_VALID', { issuedAt: Number.MAX_SAFE_INTEGER - 1, expiresAt: Number.MAX_SAFE_INTEGER }],
        ['LIFETIME_TOO_LONG', { issuedAt: 0, expiresAt: Number.MAX_SAFE_INTEGER }],
        ['LIFETIME_TOO_LONG', { issuedAt: now, expiresAt: now - 1 }],
        ['UNKNOWN_KEY', { participant: 'stranger' }],
        ['UNKNOWN_KEY', { participant: 'constructor' }],
        ['UNKNOWN_KEY', { keyId: 'stranger-key' }],
        ['UNKNOWN_METHOD', { contract: 'nothing' }],
        ['UNKNOWN_METHOD', { method: 'nothing' }],
        ['UNKNOWN_METHOD', { contract: 'constructor', method: 'constructor' }],
      ]
      await untouched(async () => {
        for (const [code, over] of cases) await refused(signTest(note(over)), [code], JSON.stringify(over))
      })
    })

    it('refuses a good command with any bytes changed, inserted or missing, and random JSON', async () => {
      const good = signTest(note())
      const change = fc.record({
        at: fc.nat(good.length - 1),
        remove: fc.nat({ max: 3 }),
        insert: fc.uint8Array({ maxLength: 3 }),
      })
      const changed = fc
        .array(change, { minLength: 1, maxLength: 4 })
        .map((changes) =>
          changes.reduce<Uint8Array>(
            (bytes, { at, remove, insert }) => concatBytes(bytes.slice(0, at), insert, bytes.slice(at + remove)),
            good,
          ),
        )
      const random = fc.oneof(fc.json({ maxDepth: 6 }).map(utf8), fc.uint8Array({ maxLength: 300 }))
      const atAdmission = Object.keys(LEDGER_ERROR_CODES).slice(
        0,
        Object.keys(LEDGER_ERROR_CODES).indexOf('QUEUE_FULL'),
      )
      const isGood = (bytes: Uint8Array) => Buffer.compare(bytes, good) === 0
      await untouched(() =>
        fc.assert(
          fc.asyncProperty(fc.oneof(changed, random), async (bytes) => {
            fc.pre(!isGood(bytes))
            await refused(bytes, atAdmission, Buffer.from(bytes).toString('latin1'))
          }),
          { numRuns: runs },
        ),
      )
    })
  })
}
