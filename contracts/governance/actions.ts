import { Type, type Static } from 'typebox'
import type { Sentence } from '../kernel/method.ts'
import { Fields, HashString, Id, OrNull, Text } from '../kernel/schema.ts'
import { PublicKey, Roles } from '../membership/events.ts'
import { NewKey } from '../membership/keys.ts'
import { Admission } from '../membership/members.ts'

/** Institutions at most; every change of who decides names them all. */
export const MAX_INSTITUTIONS = 50
export const MAX_VALIDATORS = 100

export const InstitutionIds = Type.Array(Id, { minItems: 3, maxItems: MAX_INSTITUTIONS, uniqueItems: true })
export const Needed = Type.Integer({ minimum: 2, maximum: MAX_INSTITUTIONS - 1 })
export const CalendarOperatorIds = Type.Array(Id, { minItems: 1, maxItems: 100, uniqueItems: true })
const Power = Type.Integer({ minimum: 0, maximum: 1_000_000 })
export const ValidatorFields = Fields({ participant: Id, publicKey: PublicKey, power: Power })

const parameters = {
  maxBlockBytes: Type.Integer({ minimum: 1 << 20, maximum: 64 << 20 }),
  maxBlockCommands: Type.Integer({ minimum: 1, maximum: 20_000 }),
  maxQueuedPerParticipant: Type.Integer({ minimum: 1, maximum: 100_000 }),
  proposalDays: Type.Integer({ minimum: 1, maximum: 365 }),
}
export const ParameterFields = Fields(parameters)
export const SomeParameters = Type.Partial(ParameterFields, { minProperties: 1, additionalProperties: false })

const kind = <const K extends string>(word: K) => Type.Literal(word)

/** What needs the approval of several institutions. */
export const Action = Type.Union([
  Fields({ kind: kind('admit'), ...Admission }),
  Fields({ kind: kind('remove'), participant: Id }),
  Fields({ kind: kind('setRoles'), participant: Id, roles: Roles }),
  Fields({ kind: kind('replaceKey'), participant: Id, keyId: Id, successor: NewKey }),
  Fields({ kind: kind('revokeKey'), participant: Id, keyId: Id, reason: Text }),
  Fields({ kind: kind('setInstitutions'), institutions: InstitutionIds, needed: Needed }),
  Fields({ kind: kind('setCalendarOperators'), operators: CalendarOperatorIds }),
  Fields({ kind: kind('setValidator'), participant: Id, publicKey: PublicKey, power: Power }),
  Fields({ kind: kind('rotateValidatorKey'), participant: Id, publicKey: PublicKey, successor: PublicKey }),
  Fields({ kind: kind('activateBundle'), bundle: OrNull(HashString) }),
  Fields({ kind: kind('setParameters'), parameters: SomeParameters }),
])
export type Action = Static<typeof Action>

/** What an institution agrees to, by the kind of action: part of the sentence of `propose` and `approve`. */
export const ACTION_CLAUSES: Readonly<Record<Action['kind'], Sentence>> = {
  admit: {
    zh: '接纳成员 {participant}（{name.zh}，{uscc}），角色 {roles}，管理员密钥 {administrator.key.publicKey}',
    en: 'admit {participant} ({name.en}, {uscc}) as {roles}, administered with key {administrator.key.publicKey}',
  },
  remove: { zh: '移除成员 {participant}', en: 'remove member {participant}' },
  setRoles: { zh: '将成员 {participant} 的角色设为 {roles}', en: 'set the roles of {participant} to {roles}' },
  replaceKey: {
    zh: '将 {participant} 的密钥 {keyId} 更换为 {successor.keyId}（{successor.publicKey}）',
    en: 'replace key {keyId} of {participant} by {successor.keyId} ({successor.publicKey})',
  },
  revokeKey: { zh: '吊销 {participant} 的密钥 {keyId}：{reason}', en: 'revoke key {keyId} of {participant}: {reason}' },
  setInstitutions: {
    zh: '治理机构改为 {institutions}，须 {needed} 家同意',
    en: 'let any {needed} of {institutions} decide about the consortium',
  },
  setCalendarOperators: {
    zh: '营业日期改由 {operators} 推进',
    en: 'let {operators} roll the business date',
  },
  setValidator: {
    zh: '{participant} 的验证节点 {publicKey} 投票权设为 {power}',
    en: 'set the voting power of validator {publicKey} of {participant} to {power}',
  },
  rotateValidatorKey: {
    zh: '{participant} 的验证节点改用共识密钥 {successor}，投票权不变；原密钥 {publicKey} 不再使用',
    en: 'let the validator of {participant} vote with key {successor}, its power unchanged, and never again with {publicKey}',
  },
  activateBundle: { zh: '启用合约版本 {bundle}', en: 'activate the contracts of version {bundle}' },
  setParameters: { zh: '修改账本参数 {parameters}', en: 'change the limits of the ledger: {parameters}' },
}
