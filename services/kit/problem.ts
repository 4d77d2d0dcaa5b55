import { LEDGER_ERROR_CODES, type LedgerError, type LedgerErrorCode } from '#ledger-adapter/port'
import type { RefusalData, RefusalKind } from '#contracts/kernel/refusal'
import type { JsonObject } from '#proof/json'
import type { Language, Words } from './language.ts'

export interface FieldProblem {
  /** A JSON pointer from the part of the request: `/body/command/method`, `/query/limit`. */
  readonly field: string
  readonly problem: string
}

/** RFC 9457 problem details, with a stable `code` and the fields at fault. */
export interface ProblemDetails {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: string
  readonly errors: readonly FieldProblem[]
  readonly [extension: string]: unknown
}

/** Thrown anywhere below a route; the one error handler turns it into `application/problem+json`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: string
  readonly status: number
  readonly title: Words
  readonly errors: readonly FieldProblem[]
  /** Further members of the document: the position of a refused command, where to resume. */
  readonly extensions: JsonObject

  constructor(fields: {
    code: string
    status: number
    title: Words
    detail: string
    errors?: readonly FieldProblem[]
    extensions?: JsonObject
  }) {
    super(fields.detail)
    this.code = fields.code
    this.status = fields.status
    this.title = fields.title
    this.errors = fields.errors ?? []
    this.extensions = fields.extensions ?? {}
  }

  document(instance: string, language: Language): ProblemDetails {
    return {
      ...this.extensions,
      type: `urn:sluice:problem:${this.code}`,
      title: this.title[language],
      status: this.status,
      detail: this.message,
      instance,
      code: this.code,
      errors: this.errors,
    }
  }
}

/** HTTP status of a contract's refusal; the only map of kinds to statuses. */
const OF_KIND = {
  validation: { status: 422, title: { en: 'The values do not fit the rules', zh: '内容不符合规则' } },
  notFound: { status: 404, title: { en: 'Nothing stands there', zh: '对象不存在' } },
  conflict: { status: 409, title: { en: 'The state does not allow it', zh: '当前状态不允许' } },
  forbidden: { status: 403, title: { en: 'Not allowed to this caller', zh: '无权操作' } },
  transient: { status: 503, title: { en: 'Not now; try again', zh: '暂时无法处理，请重试' } },
  invariant: { status: 500, title: { en: 'A rule of the contract is broken', zh: '合约不变量被破坏' } },
} as const satisfies Record<RefusalKind, { status: number; title: Words }>

/** Titles of refusals that the kernel alone gives and that say more to a person than their kind does. */
const OF_REFUSAL: Readonly<Record<string, Words>> = {
  OVER_KEY_LIMIT: { en: 'The amount is over the limit of the key', zh: '金额超过密钥的单笔限额' },
}

/** HTTP status and title of every ledger error; the only map of them. */
const OF_LEDGER_ERROR = {
  MALFORMED: { status: 400, title: { en: 'The command cannot be read', zh: '指令格式错误' } },
  WRONG_CHAIN: { status: 422, title: { en: 'The command is for another ledger', zh: '指令属于其他账本' } },
  LIFETIME_TOO_LONG: { status: 422, title: { en: 'The command lives too long', zh: '指令有效期过长' } },
  UNKNOWN_KEY: { status: 403, title: { en: 'The key is unknown or revoked', zh: '密钥未知或已吊销' } },
  BAD_SIGNATURE: { status: 403, title: { en: 'The signature does not fit', zh: '签名不符' } },
  UNKNOWN_METHOD: { status: 422, title: { en: 'There is no such contract or method', zh: '不存在该合约或方法' } },
  WRONG_HEAD: {
    status: 409,
    title: { en: 'The command was built on another history', zh: '指令所依据的区块不在本账本中' },
  },
  EXPIRED: { status: 409, title: { en: 'The command has expired', zh: '指令已过期' } },
  NOT_YET_VALID: { status: 409, title: { en: 'The command is not yet valid', zh: '指令尚未生效' } },
  COMMAND_ID_CONFLICT: {
    status: 409,
    title: { en: 'The command id is spent on other content', zh: '指令编号已用于其他内容' },
  },
  QUEUE_FULL: { status: 503, title: { en: 'The ledger is busy; try again', zh: '账本繁忙，请重试' } },
  QUOTA: { status: 429, title: { en: 'You have sent too much; try again later', zh: '请求过于频繁，请稍后重试' } },
  STORE_UNAVAILABLE: {
    status: 503,
    title: { en: 'The ledger cannot store now; try again', zh: '账本暂时无法写入，请重试' },
  },
  NO_CONSENSUS: {
    status: 503,
    title: { en: 'The network agrees on no block now; try again', zh: '网络暂时无法达成共识，请重试' },
  },
  ENDED: { status: 409, title: { en: 'The ledger was ended', zh: '账本已终结' } },
  CLOSED: { status: 503, title: { en: 'The node is stopping; try again', zh: '节点正在停止，请重试' } },
  NOT_FOUND: { status: 404, title: { en: 'The ledger holds nothing there', zh: '账本中不存在' } },
  HISTORY_INCOMPLETE: {
    status: 503,
    title: { en: 'The node has joined and is still fetching the history', zh: '节点刚加入，历史数据尚未补齐' },
  },
  BEHIND_POSITION: {
    status: 503,
    title: { en: 'The node has not yet reached this position', zh: '节点尚未到达该位置' },
  },
} as const satisfies Record<LedgerErrorCode, { status: number; title: Words }>

const MAX_DETAIL = 1000
const textOf = (details: JsonObject): string => JSON.stringify(details).slice(0, MAX_DETAIL)

/** The field that a refusal names, as a pointer into the request's body. */
function fieldsOf(details: JsonObject, prefix: string): FieldProblem[] {
  const { field, problem } = details
  if (typeof field !== 'string') return []
  const path = field.startsWith('/') ? field : `/${field}`
  return [
    { field: prefix + (path === '/' ? '' : path), problem: typeof problem === 'string' ? problem : textOf(details) },
  ]
}

/** A contract's refusal: recorded, so the answer carries the position at which it stands. */
export function problemOfRefusal(refusal: RefusalData, recorded: { commandId: string; position: string }): Problem {
  const { status, title: ofKind } = OF_KIND[refusal.kind]
  const title = Object.hasOwn(OF_REFUSAL, refusal.code) ? OF_REFUSAL[refusal.code]! : ofKind
  return new Problem({
    code: refusal.code,
    status,
    title,
    detail: `refused by the contract: ${refusal.code} ${textOf(refusal.details)}`,
    errors: fieldsOf(refusal.details, '/body/command/args'),
    extensions: { kind: refusal.kind, details: refusal.details, ...recorded },
  })
}

/** `outcomeKnown: false` tells the caller to send the same bytes again. */
export function problemOfLedgerError(error: LedgerError): Problem {
  const { status, title } = OF_LEDGER_ERROR[error.code]
  return new Problem({
    code: error.code,
    status,
    title,
    detail: `${error.stage}: ${error.code} ${textOf(error.details)}`,
    errors: fieldsOf(error.details, error.stage === 'read' ? '' : '/body'),
    extensions: {
      kind: LEDGER_ERROR_CODES[error.code],
      stage: error.stage,
      outcomeKnown: error.outcomeKnown,
      details: error.details,
    },
  })
}

export const notFound = (what: string, id: string): Problem =>
  new Problem({
    code: 'NOT_FOUND',
    status: 404,
    title: OF_KIND.notFound.title,
    detail: `no ${what} ${id.slice(0, 100)} that you may see`,
  })

export const badRequest = (code: string, errors: readonly FieldProblem[]): Problem =>
  new Problem({
    code,
    status: 400,
    title: { en: 'The request cannot be read', zh: '请求格式错误' },
    detail: errors
      .map(({ field, problem }) => `${field}: ${problem}`)
      .join('; ')
      .slice(0, MAX_DETAIL),
    errors,
  })

export const unauthorized = (code: string, detail: string): Problem =>
  new Problem({ code, status: 401, title: { en: 'Sign in first', zh: '请先认证' }, detail })

export const forbidden = (code: string, detail: string): Problem =>
  new Problem({ code, status: 403, title: OF_KIND.forbidden.title, detail })

export const behindPosition = (at: string, reached: string): Problem =>
  new Problem({
    code: 'BEHIND_POSITION',
    status: OF_LEDGER_ERROR.BEHIND_POSITION.status,
    title: OF_LEDGER_ERROR.BEHIND_POSITION.title,
    detail: `this node has reached ${reached}, not yet ${at}; ask again`,
    extensions: { at, reached },
  })
