import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { CanonicalError } from '#proof/canonical'
import { CommandFormError } from '#proof/command'
import { LedgerError } from '#ledger-adapter/port'
import { languageOf } from './language.ts'
import { badRequest, Problem, problemOfLedgerError, type FieldProblem } from './problem.ts'

/** One finding of the schema compiler (typebox), of which one may stand for several missing or unknown fields. */
interface Finding {
  readonly instancePath?: string
  readonly message?: string
  readonly params?: { requiredProperties?: readonly string[]; additionalProperties?: readonly string[] }
}

const PART_OF_CONTEXT: Record<string, string> = {
  body: '/body',
  querystring: '/query',
  params: '/path',
  headers: '/headers',
}
const MAX_FINDINGS = 20

function fieldsOf(findings: readonly Finding[], context: string | undefined): FieldProblem[] {
  const part = PART_OF_CONTEXT[context ?? ''] ?? ''
  const fields = findings.flatMap(({ instancePath = '', message = 'does not fit', params = {} }): FieldProblem[] => {
    const at = part + instancePath
    if (params.requiredProperties) {
      return params.requiredProperties.map((name) => ({ field: `${at}/${name}`, problem: 'missing' }))
    }
    if (params.additionalProperties) {
      return params.additionalProperties.map((name) => ({
        field: `${at}/${name.slice(0, 100)}`,
        problem: 'unknown field',
      }))
    }
    return [{ field: at || '/', problem: message }]
  })
  return fields.slice(0, MAX_FINDINGS)
}

/**
 * Postgres' class 22: text with a NUL, or a pointer of a page that holds no date. Only reads carry a caller's values to
 * Postgres; what is written comes from committed events.
 */
function isDataException(error: unknown): boolean {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } }
  return typeof cause?.code === 'string' && /^22[0-9A-Z]{3}$/.test(cause.code)
}

/** Whatever was thrown, as a problem; what nobody foresaw says nothing of itself to the caller. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof LedgerError) return problemOfLedgerError(error)
  if (error instanceof CommandFormError)
    return badRequest(error.code, [{ field: `/body${error.field}`, problem: error.problem }])
  if (error instanceof CanonicalError)
    return badRequest(error.code, [{ field: `/body${error.path}`, problem: error.message }])
  if (isDataException(error))
    return badRequest('BAD_VALUE', [{ field: '/query', problem: 'a value that cannot stand here' }])
  const { validation, validationContext, statusCode, code, message } = error as Partial<FastifyError>
  if (validation) return badRequest('BAD_REQUEST', fieldsOf(validation as readonly Finding[], validationContext))
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem({
      code: code ?? 'BAD_REQUEST',
      status: statusCode,
      title: { en: 'The request cannot be taken', zh: '无法接受该请求' },
      detail: message ?? 'bad request',
      errors: code?.startsWith('FST_ERR_CTP') ? [{ field: '/body', problem: message ?? 'bad body' }] : [],
    })
  }
  return new Problem({
    code: 'INTERNAL',
    status: 500,
    title: { en: 'Something went wrong here', zh: '系统内部错误' },
    detail: 'the node could not answer; the request id leads to its log',
  })
}

/** Whole seconds, rounded up; one when the ledger does not say. */
function retryAfter({ extensions: { details } }: Problem): string {
  const { retryAfterMs } = (details ?? {}) as { retryAfterMs?: unknown }
  return String(typeof retryAfterMs === 'number' ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : 1)
}

export async function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const problem = problemOf(error)
  if (problem.status >= 500) request.log.error({ err: error }, problem.code)
  const document = problem.document(request.url.split('?')[0]!, languageOf(request.headers['accept-language']))
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer')
  if (problem.status === 503 || problem.status === 429) void reply.header('retry-after', retryAfter(problem))
  await reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send({ ...document, requestId: request.id })
}

export async function handleUnknownRoute(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const detail = `there is no ${request.method} ${request.url.split('?')[0]!.slice(0, 200)}`
  const title = { en: 'There is no such address', zh: '地址不存在' }
  await handleError(new Problem({ code: 'NO_ROUTE', status: 404, title, detail }), request, reply)
}
