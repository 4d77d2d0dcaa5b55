import { MAX_COMMAND_BYTES } from '#proof/command'
import { varint } from './abci/index.ts'

/**
 * The form of a transaction: signed commands, bundled by the node whose clients sent them (LEDGER.md §5), since one
 * consensus transaction a command costs more than the command. Nobody trusts the bundler: each command is signed.
 *   0x01, then for each command its length as an unsigned varint in the fewest bytes, and its bytes
 */
export const BUNDLE_VERSION = 0x01
export const MAX_BUNDLE_COMMANDS = 2_000
/** Room for a largest command and its length; under CometBFT's `max_tx_bytes`. */
export const MAX_BUNDLE_BYTES = 1 << 20

export class BundleError extends Error {
  override readonly name = 'BundleError'
  readonly code = 'BAD_BUNDLE'
  constructor(readonly problem: string) {
    super(`BAD_BUNDLE ${problem}`)
  }
}

/** What a command of this size takes in a bundle. */
export const bundledSize = (commandBytes: number): number => varint(commandBytes).length + commandBytes

export function encodeBundle(commands: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(BUNDLE_VERSION), ...commands.flatMap((bytes) => [varint(bytes.length), bytes])])
}

/**
 * The commands of a transaction; each one's own form is not looked at.
 * @throws BundleError whatever the bytes are
 */
export function decodeBundle(tx: Uint8Array): Uint8Array[] {
  if (tx.length > MAX_BUNDLE_BYTES) throw new BundleError(`more than ${MAX_BUNDLE_BYTES} bytes`)
  if (tx[0] !== BUNDLE_VERSION) throw new BundleError('another version')
  const commands: Uint8Array[] = []
  for (let at = 1; at < tx.length;) {
    const { length, next } = readLength(tx, at)
    if (length === 0 || length > MAX_COMMAND_BYTES) throw new BundleError(`a command of ${length} bytes`)
    if (next + length > tx.length) throw new BundleError('the last command is cut off')
    if (commands.push(tx.subarray(next, next + length)) > MAX_BUNDLE_COMMANDS) {
      throw new BundleError(`more than ${MAX_BUNDLE_COMMANDS} commands`)
    }
    at = next + length
  }
  if (commands.length === 0) throw new BundleError('no command')
  return commands
}

function readLength(tx: Uint8Array, at: number): { length: number; next: number } {
  let length = 0
  for (let digit = 0; digit < 3; digit += 1) {
    const byte = tx[at + digit]
    if (byte === undefined) throw new BundleError('a length is cut off')
    length += (byte & 0x7f) << (7 * digit)
    if (byte >= 0x80) continue
    if (byte === 0 && digit > 0) throw new BundleError('a length in more bytes than it needs')
    return { length, next: at + digit + 1 }
  }
  throw new BundleError('a length of more than three bytes')
}
