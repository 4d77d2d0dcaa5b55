import { parseFen, yuanFromFen } from '#domain/money'
import { canonicalJson } from '#proof/canonical'
import { signingBytesOf, type Command } from '#proof/command'
import { bytesToHex, sha256TextHex } from '#proof/hash'
import type { Json, JsonObject } from '#proof/json'
import { renderSentence, SentenceError, type Description, type MethodDescription } from './describe.ts'
import { unitOfName, type Unit } from './describe-fields.ts'
import type { Sentence } from './kernel/method.ts'
import type { Visibility } from './kernel/visibility.ts'

/** One value of a command, as a person reads it. */
export interface ReviewedField {
  /** `/invoices/0/amountFen` */
  readonly path: string
  readonly visibility: Visibility
  /** The value with its unit: `1000000.00 元`, `1000000.00 yuan`. */
  readonly text: Sentence
}

/** What a person is shown before signing: everything that is signed, and what it means. */
export interface Review {
  /** What is signed, taken from the canonical text and frozen: sign this and nothing else. */
  readonly command: Command
  readonly sentence: Sentence
  /** Which amount a limit of the key that signs would bound; null: none. */
  readonly limited: Sentence | null
  readonly fields: readonly ReviewedField[]
  /** Every byte whose digest is signed. */
  readonly canonical: string
  readonly digest: string
  /** What the key signs, in hex: the domain's tag, then the digest. */
  readonly signed: string
}

/**
 * The one way in which a command is shown to who signs it, in every program of ours. Everything shown is read from the
 * canonical text whose digest is signed, so that an object which changes, or answers twice differently, deceives nobody.
 * @param description of the contracts that the signer trusts: their own program's, not what a node says
 * @throws SentenceError, CanonicalError: what cannot be said in full is not signed
 */
export function reviewOf(description: Description, unsigned: Command): Review {
  const canonical = canonicalJson(unsigned as unknown as Json)
  const command = frozen(JSON.parse(canonical) as Json) as unknown as Command
  const digest = sha256TextHex(canonical)
  const method = methodOf(description, command)
  const seen = ({ zh, en }: Sentence): Sentence => ({ zh: visible(zh), en: visible(en) })
  const { limited } = method
  return {
    command,
    sentence: seen(renderSentence(method, command.args)),
    limited: limited ? seen(renderSentence({ sentence: limited.amount }, command.args)) : null,
    fields: fieldsOf(method, command.args),
    canonical,
    digest,
    signed: bytesToHex(signingBytesOf(digest)),
  }
}

/** @throws SentenceError UNKNOWN_METHOD */
export function methodOf({ contracts }: Description, { contract, method }: Command): MethodDescription {
  const name = `${contract}.${method}`
  const found = contracts.find((one) => one.name === contract)?.methods.find((one) => one.name === name)
  if (!found) throw new SentenceError('UNKNOWN_METHOD', { method: name })
  return found
}

const UNIT_WORDS: Readonly<Record<Unit, Sentence>> = {
  fen: { zh: '元', en: 'yuan' },
  units: { zh: '份', en: 'units' },
  months: { zh: '个月', en: 'months' },
  days: { zh: '天', en: 'days' },
  bytes: { zh: '字节', en: 'bytes' },
  milliseconds: { zh: '毫秒', en: 'ms' },
  height: { zh: '（区块高度）', en: '(block height)' },
}

/** Every value of the arguments, in the order of their canonical text; an empty list or object is a value. */
function fieldsOf({ fields }: MethodDescription, args: JsonObject): ReviewedField[] {
  const known = new Map(fields.map((field) => [field.path, field]))
  const found: ReviewedField[] = []
  const walk = (value: Json, path: string, pattern: string, name: string, above: Visibility): void => {
    const field = known.get(pattern)
    const visibility = field?.visibility ?? above
    const entries = entriesOf(value)
    if (entries.length === 0) {
      const unit = field ? field.unit : unitOfName(name)
      found.push({ path: visible(path), visibility, text: textOf(value, unit) })
    }
    for (const [key, item] of entries) {
      const isList = Array.isArray(value)
      walk(item, `${path}/${key}`, `${pattern}/${isList ? '*' : key}`, isList ? name : key, visibility)
    }
  }
  for (const [key, value] of Object.entries(args)) walk(value, `/${key}`, `/${key}`, key, 'parties')
  return found
}

const entriesOf = (value: Json): [string, Json][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []

const FEN = /^(0|-?[1-9][0-9]{0,29})$/

function textOf(value: Json, unit: Unit | undefined): Sentence {
  const plain = value === null ? '—' : typeof value === 'string' ? value : JSON.stringify(value)
  // What is not of its unit's form is refused by the contract; it is shown as it stands.
  if (unit === undefined || value === null || typeof value === 'object')
    return { zh: visible(plain), en: visible(plain) }
  const isFen = unit === 'fen' && typeof value === 'string'
  if (isFen && !FEN.test(value)) return { zh: visible(plain), en: visible(plain) }
  const figure = visible(isFen ? yuanFromFen(parseFen(value)) : plain)
  const { zh, en } = UNIT_WORDS[unit]
  return { zh: `${figure} ${zh}`, en: `${figure} ${en}` }
}

/** Characters that one does not see, or that turn the order of others around, as their numbers. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu
export const visible = (text: string): string =>
  text.replace(UNSEEN, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)

function frozen(value: Json): Json {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) frozen(item)
    Object.freeze(value)
  }
  return value
}
