import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_COMMAND_BYTES } from '#proof/command'
import {
  BundleError,
  bundledSize,
  decodeBundle,
  encodeBundle,
  MAX_BUNDLE_BYTES,
  MAX_BUNDLE_COMMANDS,
} from './bundle.ts'

const command = fc.uint8Array({ minLength: 1, maxLength: 400 })
const bundle = fc.array(command, { minLength: 1, maxLength: 20 })

describe('a bundle', () => {
  it('gives back its commands, and has the size foretold', () => {
    fc.assert(
      fc.property(bundle, (commands) => {
        const tx = encodeBundle(commands)
        expect(decodeBundle(tx).map((bytes) => [...bytes])).toEqual(commands.map((bytes) => [...bytes]))
        expect(tx.length).toBe(commands.reduce((sum, { length }) => sum + bundledSize(length), 1))
      }),
    )
  })

  it('has one form: what is read at all is written back the same', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(bundle, fc.nat(), fc.nat({ max: 255 })).map(([commands, at, byte]) => {
        const tx = Uint8Array.from(encodeBundle(commands))
        tx[at % tx.length] = byte
        return tx
      }),
      fc.tuple(bundle, fc.nat()).map(([commands, at]) => encodeBundle(commands).subarray(0, at % 50)),
    )
    fc.assert(
      fc.property(bytes, (tx) => {
        let commands: Uint8Array[]
        try {
          commands = decodeBundle(tx)
        } catch (error) {
          expect(error).toBeInstanceOf(BundleError)
          return
        }
        expect([...encodeBundle(commands)]).toEqual([...tx])
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['nothing', new Uint8Array(0), 'another version'],
    ['no command', Uint8Array.of(1), 'no command'],
    ['an empty command', Uint8Array.of(1, 0), 'a command of 0 bytes'],
    ['a length in two bytes that needs one', Uint8Array.of(1, 0x81, 0x00, 7), 'more bytes than it needs'],
    ['a length cut off', Uint8Array.of(1, 0x81), 'a length is cut off'],
    ['a length of four bytes', Uint8Array.of(1, 0x80, 0x80, 0x80, 1), 'more than three bytes'],
    ['a command cut off', Uint8Array.of(1, 2, 7), 'the last command is cut off'],
    ['too large a command', encodeBundle([new Uint8Array(MAX_COMMAND_BYTES + 1)]), 'a command of'],
    [
      'too many commands',
      encodeBundle(Array(MAX_BUNDLE_COMMANDS + 1).fill(Uint8Array.of(7))),
      'more than 2000 commands',
    ],
    ['too many bytes', new Uint8Array(MAX_BUNDLE_BYTES + 1).fill(1), 'more than 1048576 bytes'],
  ])('refuses %s', (_what, tx, problem) => {
    expect(() => decodeBundle(tx)).toThrow(problem)
  })
})
