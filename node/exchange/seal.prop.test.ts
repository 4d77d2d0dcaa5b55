import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newRecipientKey, recipientKeyOf, seal, SEALED_CHUNK, unseal } from './seal.ts'

async function* bytes(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}
const collect = async (content: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts)
}
const alice = newRecipientKey()
const bob = recipientKeyOf(new Uint8Array(32).fill(9))

describe('a sealed file', () => {
  it('is opened by each of its recipients and nobody else, whatever its size and however it is cut', async () => {
    const size = fc.oneof(
      fc.nat(300),
      fc.constantFrom(SEALED_CHUNK - 1, SEALED_CHUNK, SEALED_CHUNK + 1, 2 * SEALED_CHUNK),
    )
    await fc.assert(
      fc.asyncProperty(size, fc.nat(), async (length, cut) => {
        const text = Buffer.alloc(length, 'fen')
        const at = cut % (length + 1)
        const sealed = await collect(
          seal(bytes(text.subarray(0, at), text.subarray(at)), [alice.publicKey, bob.publicKey]),
        )
        for (const key of [alice, bob]) {
          expect((await collect(unseal(bytes(sealed.subarray(0, cut % sealed.length), sealed.subarray(cut % sealed.length)), key))).equals(text)).toBe(true) // prettier-ignore
        }
        await expect(collect(unseal(bytes(sealed), newRecipientKey()))).rejects.toMatchObject({ code: 'NOT_FOR_YOU' })
      }),
      { numRuns: 40 },
    )
  })

  it('with any byte changed, cut off anywhere, or with two chunks exchanged is refused', async () => {
    const text = Buffer.alloc(2 * SEALED_CHUNK + 100, 'fen')
    const sealed = await collect(seal(bytes(text), [alice.publicKey]))
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(sealed)
        changed[at]! ^= flip
        await expect(collect(unseal(bytes(changed), alice))).rejects.toThrow()
        await expect(collect(unseal(bytes(sealed.subarray(0, at)), alice))).rejects.toThrow()
      }),
      { numRuns: 60 },
    )
    const head = sealed.indexOf(10) + 1
    const chunk = SEALED_CHUNK + 16
    const swapped = Buffer.concat([
      sealed.subarray(0, head),
      sealed.subarray(head + chunk, head + 2 * chunk),
      sealed.subarray(head, head + chunk),
      sealed.subarray(head + 2 * chunk),
    ])
    await expect(collect(unseal(bytes(swapped), alice))).rejects.toMatchObject({
      code: 'TAMPERED',
      details: { chunk: 0 },
    })
    // Cut exactly between two chunks: the last is not marked as such.
    await expect(collect(unseal(bytes(sealed.subarray(0, head + chunk)), alice))).rejects.toThrow('TAMPERED')
  })
})
