/**
 * Parser of the formula language: text to a tree, with the column of every error. A recursive descent over a bounded
 * text; never eval. Grammar in docs/DEAL-TERMS.md.
 */
import { fenFromYuan, type Fen } from '../../money.ts'
import { isIsoDate, type IsoDate } from '../../date.ts'
import { type Rate, multiply, parseFraction, ratio } from '../../rate.ts'

export class FormulaError extends Error {
  override readonly name = 'FormulaError'
  constructor(
    readonly code: 'SYNTAX' | 'UNKNOWN_STAT' | 'UNKNOWN_NAME' | 'TYPE' | 'ARGUMENTS' | 'CYCLE',
    readonly text: string,
    /** From 1. */
    readonly column: number,
    readonly reason: string,
  ) {
    super(`${code} at column ${column} of ${JSON.stringify(text.slice(0, 120))}: ${reason}`)
  }
}

export type Operator = '+' | '-' | '*' | '/' | '<' | '<=' | '>' | '>=' | '==' | '!=' | 'and' | 'or'

export type Node = { readonly column: number } & (
  | { readonly kind: 'number'; readonly value: Rate }
  | { readonly kind: 'money'; readonly value: Fen }
  | { readonly kind: 'date'; readonly value: IsoDate }
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'name'; readonly value: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'negate' | 'not'; readonly of: Node }
  | { readonly kind: 'binary'; readonly op: Operator; readonly left: Node; readonly right: Node }
)

interface Token {
  readonly kind: 'number' | 'date' | 'string' | 'word' | 'op' | 'end'
  readonly text: string
  readonly column: number
}

const TOKEN =
  /\s*(?:([0-9]{4}-[0-9]{2}-[0-9]{2})|([0-9]{1,30}(?:\.[0-9]{1,30})?)|"((?:[^"\\]|\\["\\]){0,80})"|([A-Za-z][A-Za-z0-9]*)|(<=|>=|==|!=|[-+*/<>(),%]))/y

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  let at = 0
  while (at < text.length) {
    if (/^\s*$/.test(text.slice(at))) break
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (!match) {
      const column = at + 1 + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0)
      throw new FormulaError('SYNTAX', text, column, `unexpected ${JSON.stringify(text.slice(column - 1, column))}`)
    }
    const [whole, date, number, string, word, op] = match
    const written = date ?? number ?? word ?? op ?? string ?? ''
    const column = at + whole.length - (string === undefined ? written.length : written.length + 2) + 1
    // In a name \" and \\ stand for the character after the backslash.
    const body = string === undefined ? written : string.replace(/\\(.)/g, '$1')
    const kind =
      date !== undefined
        ? 'date'
        : number !== undefined
          ? 'number'
          : string !== undefined
            ? 'string'
            : word
              ? 'word'
              : 'op'
    tokens.push({ kind, text: body, column })
    at += whole.length
  }
  tokens.push({ kind: 'end', text: '', column: text.length + 1 })
  return tokens
}

const LEVELS: readonly (readonly string[])[] = [
  ['or'],
  ['and'],
  ['<', '<=', '>', '>=', '==', '!='],
  ['+', '-'],
  ['*', '/'],
]
const MAX_DEPTH = 60

/** @throws FormulaError `SYNTAX` */
export function parseFormula(text: string): Node {
  const tokens = tokenize(text)
  let position = 0
  let depth = 0
  const peek = (): Token => tokens[position]!
  const next = (): Token => tokens[position++]!
  const fail = (token: Token, wanted: string): never => {
    const got = token.kind === 'end' ? 'the end' : JSON.stringify(token.text)
    throw new FormulaError('SYNTAX', text, token.column, `${wanted} expected, got ${got}`)
  }
  const expect = (op: string): void => {
    const token = next()
    if (token.kind !== 'op' || token.text !== op) fail(token, `"${op}"`)
  }
  const isOperator = (token: Token, ops: readonly string[]): boolean =>
    (token.kind === 'op' || token.kind === 'word') && ops.includes(token.text)

  const level = (index: number): Node => {
    const ops = LEVELS[index]
    if (!ops) return unary()
    // "not" binds looser than a comparison: not a < b is not (a < b).
    const first = peek()
    if (index === 2 && first.kind === 'word' && first.text === 'not') {
      next()
      return { kind: 'not', of: nested(() => level(2)), column: first.column }
    }
    let left = level(index + 1)
    for (;;) {
      const token = peek()
      if (!isOperator(token, ops)) return left
      next()
      const right = level(index + 1)
      left = { kind: 'binary', op: token.text as Operator, left, right, column: token.column }
      // Comparisons do not chain: a < b < c means nothing.
      if (index === 2 && isOperator(peek(), ops)) fail(peek(), '"and" or the end of the comparison')
    }
  }

  const nested = (parse: () => Node): Node => {
    if ((depth += 1) > MAX_DEPTH) throw new FormulaError('SYNTAX', text, peek().column, 'nested too deeply')
    try {
      return parse()
    } finally {
      depth -= 1
    }
  }

  const unary = (): Node =>
    nested(() => {
      const token = peek()
      if (token.kind === 'op' && token.text === '-') {
        next()
        return { kind: 'negate', of: unary(), column: token.column }
      }
      return primary()
    })

  const primary = (): Node => {
    const token = next()
    const { column } = token
    if (token.kind === 'number') return numberOf(token)
    if (token.kind === 'date') {
      if (!isIsoDate(token.text)) fail(token, 'a day that exists')
      return { kind: 'date', value: token.text as IsoDate, column }
    }
    if (token.kind === 'string') return { kind: 'name', value: token.text, column }
    if (token.kind === 'op' && token.text === '(') {
      const inner = level(0)
      expect(')')
      return inner
    }
    if (token.kind !== 'word' || ['and', 'or', 'not', 'yuan', 'fen'].includes(token.text)) return fail(token, 'a value')
    if (token.text === 'true' || token.text === 'false') return { kind: 'flag', value: token.text === 'true', column }
    return { kind: 'call', name: token.text, args: args(), column }
  }

  const args = (): Node[] => {
    const list: Node[] = []
    if (!(peek().kind === 'op' && peek().text === '(')) return list
    next()
    if (peek().kind === 'op' && peek().text === ')') {
      next()
      return list
    }
    for (;;) {
      list.push(level(0))
      const token = next()
      if (token.kind === 'op' && token.text === ')') return list
      if (!(token.kind === 'op' && token.text === ',')) fail(token, '"," or ")"')
    }
  }

  const numberOf = (token: Token): Node => {
    const { column } = token
    const unit = peek()
    const value = parseFraction(token.text)
    if (unit.kind === 'op' && unit.text === '%') {
      next()
      return { kind: 'number', value: multiply(value, ratio(1n, 100n)), column }
    }
    if (unit.kind === 'word' && (unit.text === 'yuan' || unit.text === 'fen')) {
      next()
      if (unit.text === 'fen' && !/^[0-9]+$/.test(token.text)) fail(token, 'a whole number of fen')
      if (unit.text === 'yuan' && !/^[0-9]{1,28}(\.[0-9]{1,2})?$/.test(token.text))
        fail(token, 'yuan with two decimals')
      return { kind: 'money', value: unit.text === 'fen' ? BigInt(token.text) : fenFromYuan(token.text), column }
    }
    return { kind: 'number', value, column }
  }

  const node = level(0)
  if (peek().kind !== 'end') fail(peek(), 'an operator or the end')
  return node
}
