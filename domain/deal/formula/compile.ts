/**
 * Types and compiles a parsed formula against the table of statistics. The result is a closure over a source of
 * figures; exact arithmetic throughout, rounded only where a caller asks for fen.
 */
import { addDays, daysBetween, type IsoDate } from '../../date.ts'
import type { Fen, Rounding } from '../../money.ts'
import { type Rate, add, compare, divide, isZero, multiply, negate, ratio, subtract, toFen, ZERO } from '../../rate.ts'
import { FormulaError, parseFormula, type Node, type Operator } from './syntax.ts'

/** Money inside a formula is an exact fraction of fen: a share of a balance is not rounded before it is used. */
export type ValueType = 'money' | 'number' | 'date' | 'flag'
export type Value = Rate | IsoDate | boolean

export interface Argument {
  readonly kind: 'name' | 'number' | 'money' | 'date' | 'any'
  /** For names: of what (the caller's table of names is asked). */
  readonly of?: string
  readonly many?: boolean
  readonly optional?: boolean
}

/** A figure that formulas may ask for. `S` is what it is read from: the running deal. */
export interface Stat<S> {
  readonly type: ValueType | 'same'
  readonly args: readonly Argument[]
  readonly zh: string
  readonly en: string
  /** Called once per use when the terms are loaded; names are already checked. */
  readonly bind: (names: readonly string[], values: readonly Compiled<S>[]) => (source: S) => Value
}

export interface Compiled<S> {
  readonly type: ValueType
  readonly read: (source: S) => Value
}

export interface Scope<S> {
  readonly stats: Readonly<Record<string, Stat<S>>>
  /** Whether a name exists: `of` is 'tranche', 'account', …; returns the known names when it does not. */
  readonly knows: (of: string, name: string) => true | readonly string[]
}

/** @throws FormulaError when the text does not parse, names nothing known, or its types do not fit */
export function compileFormula<S>(text: string, scope: Scope<S>, wanted?: ValueType): Compiled<S> {
  const fail = (code: FormulaError['code'], node: Node, reason: string): never => {
    throw new FormulaError(code, text, node.column, reason)
  }
  const compiled = compile(parseFormula(text), scope, fail)
  if (wanted !== undefined && compiled.type !== wanted && !(wanted === 'money' && isLiteralZero(text)))
    throw new FormulaError('TYPE', text, 1, `${wanted} expected, but the formula is a ${compiled.type}`)
  return wanted === undefined ? compiled : { type: wanted, read: compiled.read }
}

const isLiteralZero = (text: string): boolean => /^\s*0+(\.0+)?\s*$/.test(text)

type Fail = (code: FormulaError['code'], node: Node, reason: string) => never

function compile<S>(node: Node, scope: Scope<S>, fail: Fail): Compiled<S> {
  switch (node.kind) {
    case 'number':
      return { type: 'number', read: () => node.value }
    case 'money': {
      const value = ratio(node.value)
      return { type: 'money', read: () => value }
    }
    case 'date':
      return { type: 'date', read: () => node.value }
    case 'flag':
      return { type: 'flag', read: () => node.value }
    case 'name':
      return fail('TYPE', node, `the name ${JSON.stringify(node.value)} can only stand inside the brackets of a figure`)
    case 'negate': {
      const of = compile(node.of, scope, fail)
      if (of.type !== 'money' && of.type !== 'number') return fail('TYPE', node, `a ${of.type} has no negative`)
      return { type: of.type, read: (source) => negate(of.read(source) as Rate) }
    }
    case 'not': {
      const of = compile(node.of, scope, fail)
      if (of.type !== 'flag') return fail('TYPE', node, `"not" takes a condition, not a ${of.type}`)
      return { type: 'flag', read: (source) => of.read(source) !== true }
    }
    case 'binary':
      return binary(node, compile(node.left, scope, fail), compile(node.right, scope, fail), fail)
    case 'call':
      return call(node, scope, fail)
  }
}

const isZeroLiteral = (node: Node): boolean => node.kind === 'number' && isZero(node.value)

function binary<S>(node: Node & { kind: 'binary' }, left: Compiled<S>, right: Compiled<S>, fail: Fail): Compiled<S> {
  const { op } = node
  // Nothing is nothing in any unit: 0 may stand where money is meant.
  const lt = left.type === 'number' && right.type === 'money' && isZeroLiteral(node.left) ? 'money' : left.type
  const rt = right.type === 'number' && left.type === 'money' && isZeroLiteral(node.right) ? 'money' : right.type
  const a = (source: S): Rate => left.read(source) as Rate
  const b = (source: S): Rate => right.read(source) as Rate
  const bad = (): never => fail('TYPE', node, `${lt} ${op} ${rt} means nothing`)
  if (op === 'and' || op === 'or') {
    if (lt !== 'flag' || rt !== 'flag') return bad()
    return op === 'and'
      ? { type: 'flag', read: (source) => left.read(source) === true && right.read(source) === true }
      : { type: 'flag', read: (source) => left.read(source) === true || right.read(source) === true }
  }
  if (op === '+' || op === '-') {
    if (lt === 'date' && rt === 'date' && op === '-')
      return {
        type: 'number',
        read: (source) => ratio(BigInt(daysBetween(right.read(source) as IsoDate, left.read(source) as IsoDate))),
      }
    if (lt === 'date' && rt === 'number')
      return {
        type: 'date',
        read: (source) => addDays(left.read(source) as IsoDate, (op === '-' ? -1 : 1) * wholeNumber(b(source))),
      }
    if (lt !== rt || (lt !== 'money' && lt !== 'number')) return bad()
    return { type: lt, read: op === '+' ? (source) => add(a(source), b(source)) : (s) => subtract(a(s), b(s)) }
  }
  if (op === '*') {
    if (lt === 'date' || lt === 'flag' || rt === 'date' || rt === 'flag' || (lt === 'money' && rt === 'money'))
      return bad()
    return { type: lt === 'money' || rt === 'money' ? 'money' : 'number', read: (s) => multiply(a(s), b(s)) }
  }
  if (op === '/') {
    const type =
      lt === 'money' && rt === 'money' ? 'number' : rt === 'number' && (lt === 'money' || lt === 'number') ? lt : bad()
    // A quotient by nothing counts as nothing: a ratio on an empty pool is 0, documented in docs/DEAL-TERMS.md.
    return { type, read: (source) => (isZero(b(source)) ? ZERO : divide(a(source), b(source))) }
  }
  if (lt !== rt) return bad()
  return { type: 'flag', read: comparison(op, lt, left, right) }
}

const wholeNumber = (value: Rate): number => Number(toFen(value, 'truncate'))

const TESTS: Readonly<Record<'<' | '<=' | '>' | '>=' | '==' | '!=', (sign: number) => boolean>> = {
  '<': (sign) => sign < 0,
  '<=': (sign) => sign <= 0,
  '>': (sign) => sign > 0,
  '>=': (sign) => sign >= 0,
  '==': (sign) => sign === 0,
  '!=': (sign) => sign !== 0,
}

/** Whether `a op b`, of two values of one type. */
export function holds(op: keyof typeof TESTS, type: ValueType, a: Value, b: Value): boolean {
  const sign =
    type === 'money' || type === 'number'
      ? compare(a as Rate, b as Rate)
      : a === b
        ? 0
        : (a as string) < (b as string)
          ? -1
          : 1
  return TESTS[op](sign)
}

function comparison<S>(op: Operator, type: ValueType, left: Compiled<S>, right: Compiled<S>): (source: S) => boolean {
  return (source) => holds(op as keyof typeof TESTS, type, left.read(source), right.read(source))
}

function call<S>(node: Node & { kind: 'call' }, scope: Scope<S>, fail: Fail): Compiled<S> {
  const builtin = Object.hasOwn(BUILTINS, node.name) ? BUILTINS[node.name] : undefined
  if (builtin)
    return builtin(
      node,
      node.args.map((arg) => compile(arg, scope, fail)),
      fail,
    )
  const stat = Object.hasOwn(scope.stats, node.name) ? scope.stats[node.name] : undefined
  if (!stat) return fail('UNKNOWN_STAT', node, `there is no figure called ${node.name}`)
  const names: string[] = []
  const values: Compiled<S>[] = []
  const last = stat.args.at(-1)
  const most = last?.many ? Infinity : stat.args.length
  const least = stat.args.filter((arg) => !arg.optional).length
  if (node.args.length < least || node.args.length > most)
    fail(
      'ARGUMENTS',
      node,
      `${node.name} takes ${least === most ? least : `${least} to ${most === Infinity ? 'any number of' : most}`} arguments`,
    )
  for (const [index, arg] of node.args.entries()) {
    const wanted = stat.args[Math.min(index, stat.args.length - 1)]!
    if (wanted.kind === 'name') {
      if (arg.kind !== 'name') fail('ARGUMENTS', arg, `${node.name} takes names in quotes`)
      const name = (arg as Node & { kind: 'name' }).value
      const known = scope.knows(wanted.of ?? '', name)
      if (known !== true)
        fail(
          'UNKNOWN_NAME',
          arg,
          `there is no ${wanted.of} called ${JSON.stringify(name)}${known.length ? `; known: ${known.slice(0, 12).join(', ')}` : ''}`,
        )
      names.push(name)
    } else {
      const value = compile(arg, scope, fail)
      if (wanted.kind !== 'any' && value.type !== wanted.kind)
        fail('ARGUMENTS', arg, `a ${wanted.kind} is expected here, not a ${value.type}`)
      values.push(value)
    }
  }
  const type = stat.type === 'same' ? (values[0]?.type ?? 'number') : stat.type
  return { type, read: stat.bind(names, values) }
}

type Builtin = <S>(node: Node & { kind: 'call' }, args: Compiled<S>[], fail: Fail) => Compiled<S>

const extreme =
  (sign: 1 | -1): Builtin =>
  (node, args, fail) => {
    const type = args.find((arg) => arg.type === 'money')?.type ?? args[0]?.type
    if (args.length < 1 || (type !== 'money' && type !== 'number'))
      return fail('ARGUMENTS', node, `${node.name} takes amounts or numbers`)
    args.forEach((arg, index) => {
      if (arg.type !== type && !isZeroLiteral(node.args[index]!))
        fail('TYPE', node.args[index]!, `${type} expected, not ${arg.type}`)
    })
    return {
      type,
      read: (source) =>
        args
          .map((arg) => arg.read(source) as Rate)
          .reduce((best, value) => (compare(value, best) * sign > 0 ? value : best)),
    }
  }

const BUILTINS: Readonly<Record<string, Builtin>> = {
  max: extreme(1),
  min: extreme(-1),
  if: (node, args, fail) => {
    const [test, yes, no] = args
    if (args.length !== 3 || test!.type !== 'flag' || yes!.type !== no!.type)
      return fail('ARGUMENTS', node, 'if takes a condition and two values of one type')
    return { type: yes!.type, read: (source) => (test!.read(source) === true ? yes! : no!).read(source) }
  },
}
export const BUILTIN_NAMES: readonly string[] = Object.keys(BUILTINS)

/** A money formula as whole fen, rounded once. */
export const fenOf = <S>(formula: Compiled<S>, source: S, rounding: Rounding): Fen =>
  toFen(formula.read(source) as Rate, rounding)
