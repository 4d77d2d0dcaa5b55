import { readFile, stat } from 'node:fs/promises'
import { MAX_BYTES } from '#proof/canonical'
import { CommandFailure } from '../failure.ts'

/**
 * Whether the file is a single receipt rather than a whole exported ledger, whose first line is of kind `ledger`.
 * A gzipped file is an export.
 */
export async function isReceiptFile(file: string): Promise<boolean> {
  if (file.endsWith('.gz')) return false
  const { size } = await stat(file).catch((error: unknown) => {
    throw new CommandFailure(`${file}: cannot be read`, 1, { cause: error })
  })
  if (size > MAX_BYTES + 1) return false
  const text = await readFile(file, 'latin1')
  return !text.trimEnd().includes('\n') && !/^\{[^\n]*"kind":"ledger"/.test(text)
}

/** The receipt's bytes; one line feed at the end of the file is not part of it. */
export async function receiptBytes(file: string): Promise<Uint8Array> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new CommandFailure(`${file}: cannot be read`, 1, { cause: error })
  })
  return bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes
}
