import { MAX_COMMAND_BYTES } from '#proof/command'
import { badRequest } from './problem.ts'
import { flawOf } from './strict-json.ts'

/** A signed command in JSON with white space; the ledger itself bounds its canonical form. */
export const MAX_BODY_BYTES = MAX_COMMAND_BYTES + (64 << 10)

/** No request nests deeper than a command may (proof/canonical.ts), envelope included. */
const MAX_BODY_DEPTH = 40

/**
 * Reads a request's JSON, which must have one meaning: what is signed in it is written again in canonical form, the only
 * one that the ledger takes. Depth is counted before parsing, and names that reach an object's prototype are refused.
 * @throws Problem 400 naming the field
 */
export function parseBody(bytes: Buffer): unknown {
  if (bytes.length === 0) throw badRequest('EMPTY_BODY', [{ field: '/body', problem: 'a JSON document expected' }])
  const text = decode(bytes)
  if (depthOf(text) > MAX_BODY_DEPTH) {
    throw badRequest('TOO_DEEP', [{ field: '/body', problem: `nested deeper than ${MAX_BODY_DEPTH} levels` }])
  }
  const value = parse(text)
  const flaw = flawOf(text)
  if (flaw) throw badRequest(flaw.code, [{ field: `/body${flaw.path}`, problem: flaw.problem }])
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw badRequest('NOT_JSON', [{ field: '/body', problem: error.message.slice(0, 200) }])
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw badRequest('NOT_UTF8', [{ field: '/body', problem: 'not UTF-8 text' }])
  }
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
