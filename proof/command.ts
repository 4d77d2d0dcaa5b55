import { canonicalBytes, readCanonical } from './canonical.ts'
import { concatBytes, HASH_PATTERN, hashJson, hexToBytes, sha256TextHex, utf8ToBytes, type Hash } from './hash.ts'
import type { Json, JsonObject } from './json.ts'

/** What an operator of a participant asks the ledger to do (LEDGER.md §1). Its digest is its identity. */
export interface Command {
  readonly chainId: string
  readonly contract: string
  readonly method: string
  readonly args: JsonObject
  /** Chosen by the author before the first send, and its participant's own (ADR 044); a retry resends the same bytes. */
  readonly commandId: string
  readonly participant: string
  readonly keyId: string
  /** Milliseconds since 1970-01-01T00:00Z. */
  readonly issuedAt: number
  /** Milliseconds; at most `MAX_LIFETIME_MS` after issuedAt. */
  readonly expiresAt: number
  /** A block that the author knows to have been: a ledger with another history refuses the command (ADR 041). */
  readonly head?: CommandHead
}

/** A block with commands, by its place in the history (`proof/history.ts`). */
export type CommandHead = {
  readonly height: number
  /** Its leaf of the history: it commits to all that was asked and done in the block. */
  readonly root: Hash
}

export interface SignedCommand {
  readonly command: Command
  /** base64url without padding */
  readonly signature: string
}

export const MAX_LIFETIME_MS = 24 * 60 * 60 * 1000
/** How far the author's clock may run ahead of block time. */
export const MAX_AHEAD_MS = 5 * 60 * 1000
/** How long an id stays in the state after its command's expiry (LEDGER.md §1). */
export const ID_RETENTION_MS = 60 * 60 * 1000

/** Tells a command from all others of its ledger for as long as its id is remembered. */
export type CommandName = Pick<Command, 'participant' | 'commandId'>

export const COMMAND_PREFIX = 'sys/command/'
/**
 * Where a spent id stands in the state: {digest, height, index, expiresAt}. Apart for each participant, so that nobody
 * spends another's (ADR 044); neither name holds a slash (`ID_PATTERN`), so two names never share a key.
 */
export const commandKey = ({ participant, commandId }: CommandName): string =>
  `${COMMAND_PREFIX}${participant}/${commandId}`
/** Whose id a key is of; undefined of any other key. */
export function commandOfKey(key: string): CommandName | undefined {
  if (!key.startsWith(COMMAND_PREFIX)) return undefined
  const slash = key.indexOf('/', COMMAND_PREFIX.length)
  if (slash < 0) return undefined
  return { participant: key.slice(COMMAND_PREFIX.length, slash), commandId: key.slice(slash + 1) }
}
/** The largest signed command, in bytes. */
export const MAX_COMMAND_BYTES = 256 * 1024

/** Identifiers chosen by clients: no slash, since state keys are paths. */
export const ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$'
const ID = new RegExp(ID_PATTERN)
const HASH = new RegExp(HASH_PATTERN)
const SIGNATURE = /^[A-Za-z0-9_-]{86,128}$/

export class CommandFormError extends Error {
  override readonly name = 'CommandFormError'
  readonly code = 'BAD_COMMAND'
  constructor(
    readonly field: string,
    readonly problem: string,
  ) {
    super(`BAD_COMMAND ${field}: ${problem}`)
  }
}

/** SHA-256 of the command's canonical text. */
export const commandDigest = (command: Command): Hash => hashJson(command as unknown as Json)

/** The same from the canonical text of a signed command of good form, as `decodeSigned` took it. */
export function digestOfSigned(text: string): Hash {
  // `{"command":` body `,"signature":"…"}`: no signature holds a quote, so the last comma's place is certain.
  return sha256TextHex(text.slice('{"command":'.length, text.lastIndexOf(',"signature":"')))
}

export const COMMAND_DOMAIN = 'sluice/command/v1\n'
const SIGNING_DOMAIN = utf8ToBytes(COMMAND_DOMAIN)

/** The bytes that a key signs: a domain tag, then the digest, so that no signature made elsewhere fits here. */
export const signingBytes = (command: Command): Uint8Array => signingBytesOf(commandDigest(command))
export const signingBytesOf = (digest: Hash): Uint8Array => concatBytes(SIGNING_DOMAIN, hexToBytes(digest))

export const encodeSigned = (signed: SignedCommand): Uint8Array => canonicalBytes(signed as unknown as Json)

const TEXT_FIELDS = ['chainId', 'contract', 'method', 'commandId', 'participant', 'keyId'] as const
const TIME_FIELDS = ['issuedAt', 'expiresAt'] as const

/**
 * Reads a signed command from its canonical bytes and checks its form; the signature itself is checked elsewhere.
 * @throws CanonicalError, CommandFormError (field, problem)
 */
export const decodeSigned = (bytes: Uint8Array): SignedCommand => readSigned(bytes).signed

/** The same, with the canonical text. */
export function readSigned(bytes: Uint8Array): { readonly signed: SignedCommand; readonly text: string } {
  const { value, text } = readCanonical(bytes, MAX_COMMAND_BYTES)
  const envelope = fields(value, '', ['command', 'signature'])
  if (typeof envelope.signature !== 'string' || !SIGNATURE.test(envelope.signature)) {
    throw new CommandFormError('/signature', 'base64url text expected')
  }
  const body = fields(envelope.command, '/command', ['args', ...TEXT_FIELDS, ...TIME_FIELDS], ['head'])
  for (const field of TEXT_FIELDS) {
    const id = body[field]
    if (typeof id !== 'string' || !ID.test(id)) {
      throw new CommandFormError(`/command/${field}`, 'an identifier of 1 to 100 characters expected')
    }
  }
  for (const field of TIME_FIELDS) {
    const time = body[field]
    if (typeof time !== 'number' || time < 0) throw new CommandFormError(`/command/${field}`, 'milliseconds expected')
  }
  if (!isObject(body.args)) throw new CommandFormError('/command/args', 'an object expected')
  if (body.head !== undefined) checkHead(body.head)
  return { signed: value as unknown as SignedCommand, text }
}

function checkHead(value: Json): void {
  const { height, root } = fields(value, '/command/head', ['height', 'root'])
  if (typeof height !== 'number' || height < 0) throw new CommandFormError('/command/head/height', 'a height expected')
  if (typeof root !== 'string' || !HASH.test(root)) {
    throw new CommandFormError('/command/head/root', 'a hash of 64 hex digits expected')
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Exactly these fields, no fewer and no more; but the optional ones may be missing. */
function fields<const F extends string, const O extends string = never>(
  value: Json,
  path: string,
  names: readonly F[],
  optional: readonly O[] = [],
): Record<F, Json> & { readonly [name in O]?: Json } {
  if (!isObject(value)) throw new CommandFormError(path || '/', 'an object expected')
  for (const name of names) if (!Object.hasOwn(value, name)) throw new CommandFormError(`${path}/${name}`, 'missing')
  for (const key of Object.keys(value)) {
    const isKnown = (names as readonly string[]).includes(key) || (optional as readonly string[]).includes(key)
    if (!isKnown) throw new CommandFormError(`${path}/${key}`, 'unknown field')
  }
  return value as Record<F, Json> & { readonly [name in O]?: Json }
}
