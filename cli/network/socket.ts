// Where a node and its CometBFT meet: a socket in the file system, which only its owner may open. Whoever reaches it can
// pose as the node's CometBFT.
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { CommandFailure } from '../failure.ts'
import { nodeFolder } from './manifest.ts'
import { words } from './words/index.ts'

/** Bytes of a socket's path: 107 on Linux, 103 on macOS; one that is longer would be cut, or refused without a word. */
const MAX_PATH_BYTES = 103

/**
 * In the node's own folder; where that lies too deep, in a folder of this user's for temporary files, the same at every
 * start. @throws CommandFailure when that is too deep as well
 */
export function socketOf(home: string, node: string): string {
  const own = ownSocket(home, node)
  if (fits(own)) return own
  const name = createHash('sha256').update(own).digest('hex').slice(0, 16)
  const short = join(tmpdir(), `sluice-${process.getuid?.() ?? 0}`, `${name}.sock`)
  if (fits(short)) return short
  throw new CommandFailure(words('socketTooLong', { own, short, bytes: MAX_PATH_BYTES }))
}

const ownSocket = (home: string, node: string): string => join(resolve(nodeFolder(home, node)), 'abci.sock')
const fits = (path: string): boolean => Buffer.byteLength(path) <= MAX_PATH_BYTES

/**
 * `socketOf`, in a folder that is there. The network's folder is its owner's alone (`makeHome`); that for temporary
 * files is anybody's, and somebody may have been there first.
 * @throws CommandFailure when somebody else could put a socket of theirs there
 */
export function socketToListenOn(home: string, node: string): string {
  const socket = socketOf(home, node)
  const folder = dirname(socket)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (socket === ownSocket(home, node)) return socket
  const found = lstatSync(folder) // a link to a folder of ours is somebody's who can turn it elsewhere
  const isOwn = process.getuid === undefined || found.uid === process.getuid()
  if (found.isDirectory() && isOwn && (found.mode & 0o077) === 0) return socket
  throw new CommandFailure(words('socketFolder', { folder }))
}
