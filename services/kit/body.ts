import { MAX_COMMAND_BYTES } from '#proof/command'
import { badRequest } from './problem.ts'

/** A signed command in JSON with white space; the ledger itself bounds its canonical form. */
export const MAX_BODY_BYTES = MAX_COMMAND_BYTES + (64 << 10)

/** No request nests deeper than a command may (proof/canonical.ts), envelope included. */
const MAX_BODY_DEPTH = 40

/**
 * Reads a request's JSON. Depth is counted before parsing, and names that reach an object's prototype are refused.
 * @throws Problem 400 naming `/body`
 */
export function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) throw badRequest('EMPTY_BODY', [{ field: '/body', problem: 'a JSON document expected' }])
  const text = decode(bytes)
  if (depthOf(text) > MAX_BODY_DEPTH) {
    throw badRequest('TOO_DEEP', [{ field: '/body', problem: `nested deeper than ${MAX_BODY_DEPTH} levels` }])
  }
  try {
    return JSON.parse(text, refusePrototypes)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw badRequest('NOT_JSON', [{ field: '/body', problem: error.message.slice(0, 200) }])
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw badRequest('NOT_UTF8', [{ field: '/body', problem: 'not UTF-8 text' }])
  }
}

function refusePrototypes(key: string, value: unknown): unknown {
  if (key === '__proto__') throw badRequest('BAD_NAME', [{ field: '/body', problem: 'a field named __proto__' }])
  return value
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]
    if (inString) {
      if (c === '\\') i += 1
      else if (c === '"') inString = false
    } else if (c === '"') inString = true
    else if (c === '[' || c === '{') deepest = Math.max(deepest, ++depth)
    else if (c === ']' || c === '}') depth -= 1
  }
  return deepest
}
