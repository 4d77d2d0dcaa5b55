import { headerHash, type SignedHeader } from './block.ts'
import { commandDigest, commandKey, ID_RETENTION_MS } from './command.ts'
import { sha256Bytes, utf8ToBytes } from './hash.ts'
import type { Anchored, ExpiredReceipt, RefusedReceipt } from './receipt.ts'
import { rootFromStateProof } from './sparse-tree.ts'

const no = (reason: RefusedReceipt['reason'], field?: string): RefusedReceipt => ({
  ok: false,
  reason,
  ...(field === undefined ? {} : { field }),
})

/**
 * Two bounds on time make absence mean "never". Not too late: a spent id leaves the state only in a block whose time is
 * more than `ID_RETENTION_MS` after the command's expiry, so the state's own block must not be later than that. Not too
 * early: the next block, which could still have taken the command, must already come after the expiry. Block time is
 * monotone, so the time of the state's own block will do for the second bound, and that of the next one for the first.
 */
export function verifyExpired(
  receipt: ExpiredReceipt,
  anchored: Anchored,
  isSigned: (next: SignedHeader) => boolean,
): RefusedReceipt | undefined {
  const { command, digest, proof, next, anchor } = receipt
  if (command.chainId !== anchored.chainId) return no('WRONG_CHAIN', '/command/chainId')
  if (commandDigest(command) !== digest) return no('WRONG_DIGEST', '/digest')
  let nextTimeMs = anchored.timeMs
  if (next) {
    const { chainId, genesisHash, height, previous, timeMs } = next.header
    if (anchor.kind !== 'operator') return no('BAD_FORM', '/next')
    if (chainId !== anchored.chainId) return no('WRONG_CHAIN', '/next/header/chainId')
    if (genesisHash !== anchor.header.genesisHash) return no('WRONG_GENESIS', '/next/header/genesisHash')
    if (height !== anchored.height + 1 || previous !== headerHash(anchor.header)) return no('WRONG_HEIGHT', '/next')
    if (!isSigned(next)) return no('BAD_SIGNATURE', '/next')
    if (timeMs < anchored.timeMs) return no('TIME_GOES_BACK', '/next/header/timeMs')
    nextTimeMs = timeMs
  }
  if (nextTimeMs <= command.expiresAt) return no('NOT_EXPIRED', '/command/expiresAt')
  if (anchored.timeMs > command.expiresAt + ID_RETENTION_MS) return no('FORGOTTEN', '/command/expiresAt')
  const keyHash = sha256Bytes(utf8ToBytes(commandKey(command)))
  return rootFromStateProof(keyHash, undefined, proof) === anchored.stateRoot ? undefined : no('NOT_IN_STATE')
}
