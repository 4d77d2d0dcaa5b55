// How far an organisation's admission has got is what the ledger says, compared with what is asked for: whoever was cut
// short goes on from there.
import { ApiError, type SluiceClient } from '#client/client'
import { usccCheckCharacter } from '#domain/uscc'
import { keyIdOf, type Member } from '../demo/consortium.ts'
import type { Fail } from './organisations.ts'
import { words } from './words/index.ts'

export type Operator = Member['operators'][number]
const ADMIN = 'service:admin'

export const usccOf = ({ usccBody }: Member): string => usccBody + (usccCheckCharacter(usccBody) ?? '')

/** A member with its operators and keys, as the ledger records them. */
export interface Recorded {
  readonly member: {
    readonly nameZh: string
    readonly nameEn: string
    readonly uscc: string
    readonly roles: readonly string[]
  }
  readonly operators: readonly { readonly operator: string; readonly kind: string }[]
  readonly keys: readonly {
    readonly keyId: string
    readonly publicKey: string
    readonly functions: readonly string[]
    readonly limitFen: string | null
  }[]
}

type Reader = Pick<SluiceClient, 'get' | 'list' | 'all'>

/** As of the position; undefined when the ledger knows no such member. */
export async function recordedOf(client: Reader, id: string, at: string): Promise<Recorded | undefined> {
  const path = `/v1/participants/${encodeURIComponent(id)}`
  let member: Recorded['member']
  try {
    member = await client.get<Recorded['member']>(path, { at })
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
  const [operators, keys]: [Recorded['operators'][number][], Recorded['keys'][number][]] = [[], []]
  for await (const operator of client.all<Recorded['operators'][number]>(`${path}/operators`, { at })) operators.push(operator) // prettier-ignore
  for await (const key of client.all<Recorded['keys'][number]>(`${path}/keys`, { at })) keys.push(key)
  return { member, operators, keys }
}

/** Refuses an identity that another member has: governance would, after everybody has been asked. */
export async function requireFreeUscc(client: Reader, member: Member, at: string, fail: Fail): Promise<void> {
  const { items } = await client.list<{ id: string }>('/v1/participants', { uscc: usccOf(member), at })
  const other = items.find(({ id }) => id !== member.id)
  if (other) fail('/uscc', words('usccTaken', { uscc: usccOf(member), other: other.id }))
}

/**
 * Who is admitted with the organisation and adds its other operators: the one whose only function that is, otherwise a
 * service `admin` that is added to those of the file. A key of several functions would be more than governance gives it.
 */
export function administratorOf({ operators }: Member, fail: Fail): Operator {
  const named = operators.find(({ functions }) => functions.length === 1 && functions[0] === ADMIN)
  if (named?.limitFen !== undefined) {
    fail(`/operators/${operators.indexOf(named)}/limitFen`, words('noLimit'))
  }
  if (named) return named
  const index = operators.findIndex(({ id }) => id === 'admin')
  if (index >= 0) fail(`/operators/${index}`, words('adminOnly', { wanted: ADMIN }))
  return { id: 'admin', kind: 'service', functions: [ADMIN] }
}

/** The public key that the ledger has under an id of the member's. */
export const keyOnLedger = ({ keys }: Recorded, keyId: string): string | undefined =>
  keys.find((key) => key.keyId === keyId)?.publicKey

/**
 * The operators of a member that are not on the ledger yet.
 * @param publicKeyOf of an operator's key on this machine; undefined where it is not here
 * @throws CommandFailure by `fail`, naming the first field in which the ledger has it otherwise
 */
export function missingOperators(
  member: Member,
  recorded: Recorded,
  { administrator, publicKeyOf, fail }: { administrator: Operator; publicKeyOf: (operator: string) => string | undefined; fail: Fail }, // prettier-ignore
): Operator[] {
  const { nameZh, nameEn, uscc, roles } = recorded.member
  const same = (where: string, there: string, here: string): void => {
    if (there !== here) fail(where, words('otherwise', { here, id: member.id, there }))
  }
  same('/name/zh', nameZh, member.name.zh)
  same('/name/en', nameEn, member.name.en)
  same('/uscc', uscc, usccOf(member))
  same('/roles', listed(roles), listed(member.roles))
  const missing: Operator[] = []
  for (const [index, operator] of member.operators.entries()) {
    const at = `/operators/${index}`
    const there = recorded.operators.find((one) => one.operator === operator.id)
    if (!there) {
      missing.push(operator)
      continue
    }
    same(`${at}/kind`, there.kind, operator.kind)
    requireKey(recorded, operator, at, { publicKeyOf, fail })
  }
  const named = new Set([administrator, ...member.operators].map(({ id }) => id))
  const extra = recorded.operators.find(({ operator }) => !named.has(operator))
  if (extra) fail('/operators', words('extraOperator', { operator: extra.operator }))
  if (missing.length > 0) {
    const index = member.operators.indexOf(missing[0]!)
    const hasAdministrator = recorded.operators.some(({ operator }) => operator === administrator.id)
    if (!hasAdministrator) fail(`/operators/${index}`, words('noAdministrator', { id: missing[0]!.id })) // prettier-ignore
    requireKey(recorded, administrator, '/operators', { publicKeyOf, fail })
  }
  return missing
}

function requireKey(
  { keys }: Recorded,
  { id, functions, limitFen }: Operator,
  at: string,
  { publicKeyOf, fail }: { publicKeyOf: (operator: string) => string | undefined; fail: Fail },
): void {
  const key = keys.find(({ keyId }) => keyId === keyIdOf(id))
  if (!key) return fail(at, words('noKeyOnLedger', { id, keyId: keyIdOf(id) }))
  if (listed(key.functions) !== listed(functions))
    fail(`${at}/functions`, words('otherFunctions', { here: listed(functions), there: listed(key.functions) }))
  const [there, here] = [key.limitFen, limitFen ?? null].map((fen) => fen ?? words('none'))
  if (there !== here) fail(`${at}/limitFen`, words('otherLimit', { here: here!, there: there! }))
  if (key.publicKey !== publicKeyOf(id)) fail(at, words('otherKeyHere', { id }))
}

/** For comparing and saying: the order of functions and roles means nothing. */
export const listed = (words: readonly string[]): string => [...words].sort().join(', ')
