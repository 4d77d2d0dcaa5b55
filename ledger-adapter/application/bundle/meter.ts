import { parse, type AnyNode, type Node } from 'acorn'

/**
 * Bounds what a bundle does, alike on every node: a clock would give each node another answer. When a bundle is loaded,
 * each loop and each function is made to count its steps, functions their depth, and what makes texts, lists and integers
 * grow asks first. The hash is of the text as it was built; this is the node's own doing, and part of the protocol that a
 * node speaks with a bundle: another way of counting needs another protocol number.
 */

/** Names within a bundle for what counts; a bundle that has such a name itself is refused. */
export const METER = {
  step: '$meter_step', apart: '$meter_apart', enter: '$meter_enter', leave: '$meter_leave', caught: '$meter_caught', text: '$meter_text',
  made: '$meter_made', list: '$meter_list', fields: '$meter_fields', '+': '$meter_add', '*': '$meter_mul', '**': '$meter_pow',
  '<<': '$meter_shl', update: '$meter_update',
} as const // prettier-ignore
const PREFIX = '$meter_'

export class MeterError extends Error {
  override readonly name = 'MeterError'
}

type Growing = '+' | '*' | '**' | '<<'
const GROWING: ReadonlySet<string> = new Set(['+', '*', '**', '<<'])

/**
 * The same program, counting.
 * @throws MeterError for text that is no script, or that uses what cannot be counted (`with`, growth of `super.x`)
 */
export function metered(text: string): string {
  if (text.includes(PREFIX)) throw new MeterError(`the text holds the name ${PREFIX}…`)
  let program: AnyNode
  try {
    program = parse(text, { ecmaVersion: 2022, sourceType: 'script', allowReturnOutsideFunction: false })
  } catch (error) {
    throw new MeterError(error instanceof Error ? error.message : 'is no script')
  }
  return new Writer(text).write(program)
}

class Writer {
  constructor(private readonly text: string) {}

  write(node: AnyNode): string {
    switch (node.type) {
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        return this.plain(node, new Map([[node.body, `{${METER.step}();${this.write(node.body)}}`]]))
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        return this.plain(node, new Map([[node.body, this.body(node)]]))
      case 'ArrowFunctionExpression':
        return this.arrow(node)
      case 'AssignmentPattern':
        // A default is worked out before the body is entered.
        return this.plain(node, new Map([[node.right, this.apart(node.right)]]))
      case 'PropertyDefinition':
        if (!node.value) return this.plain(node)
        return this.plain(node, new Map([[node.value, this.apart(node.value)]]))
      case 'CatchClause':
        return this.handler(node)
      case 'BinaryExpression': {
        const { operator, left, right } = node
        if (!GROWING.has(operator) || left.type === 'PrivateIdentifier') return this.plain(node)
        if (growsLittle(operator as Growing, left, right)) return this.plain(node)
        return ` ${METER[operator as Growing]}((${this.write(left)}),(${this.write(right)}))`
      }
      case 'AssignmentExpression':
        return this.assignment(node)
      case 'TemplateLiteral':
        return node.expressions.length > 0 ? ` ${METER.text}(${this.plain(node)})` : this.plain(node)
      case 'TaggedTemplateExpression':
        return this.plain(node, new Map([[node.quasi, this.plain(node.quasi)]]))
      case 'ObjectExpression':
        return made(node.properties.length, this.spreads(node, node.properties, METER.fields))
      case 'ArrayExpression':
        return made(node.elements.length, this.spreads(node, node.elements, METER.list))
      case 'NewExpression':
        return made(3, this.spreads(node, node.arguments, METER.list))
      case 'YieldExpression': {
        // What a generator gives may be gathered without a loop, by a pattern.
        const { argument, delegate } = node
        if (delegate) return this.plain(node)
        if (!argument) return `yield${made(YIELDED, 'void 0')}`
        return this.plain(node, new Map([[argument, made(YIELDED, `(${this.write(argument)})`)]]))
      }
      case 'CallExpression':
        return this.spreads(node, node.arguments, METER.list)
      case 'WithStatement':
        throw new MeterError('the text uses `with`')
      default:
        return this.plain(node)
    }
  }

  /** A node as it stands, with its parts written anew, or as given. */
  private plain(node: AnyNode, given: ReadonlyMap<Node, string> = new Map()): string {
    let out = ''
    let at = node.start
    for (const part of partsOf(node)) {
      out += this.text.slice(at, part.start) + (given.get(part) ?? this.write(part))
      at = part.end
    }
    return out + this.text.slice(at, node.end)
  }

  /** What is worked out outside of any body counts as a function of its own, unless nothing can be called in it. */
  private apart(node: AnyNode): string {
    return STILL.has(node.type) ? this.write(node) : `${METER.apart}(()=>(${this.write(node)}))`
  }

  /** What stands for an expression is a block, without the brackets that may be around the expression. */
  private arrow(node: AnyNode & { type: 'ArrowFunctionExpression' }): string {
    if (!node.expression) return this.plain(node, new Map([[node.body, this.body(node)]]))
    const from = node.params.at(-1)?.end ?? node.start
    const sign = this.text.indexOf('=>', from) + 2
    return this.run(node.params, node.start, sign) + this.body(node)
  }

  /** Depth is counted where a function runs to its end at once; a generator's frames come and go, and it counts steps. */
  private body(
    node: AnyNode & { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' },
  ): string {
    const { body } = node
    const runsOn = !node.generator && !node.async
    const [first, last] = runsOn ? [`${METER.enter}();try{`, `}finally{${METER.leave}()}`] : [`${METER.step}();`, '']
    if (body.type !== 'BlockStatement') return `{${first}return(${this.write(body)})${last}}`
    // 'use strict' must stay first.
    const directives = body.body.filter((one) => 'directive' in one && one.directive !== undefined)
    const from = directives.at(-1)?.end ?? body.start + 1
    const rest = body.body.slice(directives.length)
    return `${this.text.slice(body.start, from)};${first}${this.run(rest, from, body.end - 1)}${last}}`
  }

  private run(nodes: readonly AnyNode[], from: number, end: number): string {
    let out = ''
    let at = from
    for (const node of nodes) {
      out += this.text.slice(at, node.start) + this.write(node)
      at = node.end
    }
    return out + this.text.slice(at, end)
  }

  /** The end of the native stack lies elsewhere on each machine: who catches it must not go on. */
  private handler(node: AnyNode & { type: 'CatchClause' }): string {
    const { param, body } = node
    const inside = this.run(body.body, body.start + 1, body.end - 1)
    if (!param) return `catch($meter_e){${METER.caught}($meter_e);${inside}}`
    if (param.type === 'Identifier') return `catch(${param.name}){${METER.caught}(${param.name});${inside}}`
    return `catch($meter_e){${METER.caught}($meter_e);let ${this.write(param)}=$meter_e;{${inside}}}`
  }

  private assignment(node: AnyNode & { type: 'AssignmentExpression' }): string {
    const { left, right } = node
    const operator = node.operator.slice(0, -1)
    if (!GROWING.has(operator) || growsLittle(operator as Growing, undefined, right)) return this.plain(node)
    const grow = METER[operator as Growing]
    if (left.type === 'Identifier') return `${left.name}=${grow}(${left.name},(${this.write(right)}))`
    if (left.type !== 'MemberExpression' || left.object.type === 'Super') {
      throw new MeterError(`the text lets super grow by ${node.operator}`)
    }
    if (left.property.type === 'PrivateIdentifier') {
      if (left.object.type !== 'ThisExpression')
        throw new MeterError(`another's private field grows by ${node.operator}`)
      const target = this.text.slice(left.start, left.end)
      return `${target}=${grow}(${target},(${this.write(right)}))`
    }
    const key = left.computed
      ? `(${this.write(left.property)})`
      : JSON.stringify((left.property as { name: string }).name)
    return ` ${METER.update}(${grow},(${this.write(left.object)}),${key},()=>(${this.write(right)}))`
  }

  private spreads(node: AnyNode, items: readonly (AnyNode | null)[], by: string): string {
    const given = new Map<Node, string>()
    for (const item of items) {
      if (item?.type === 'SpreadElement') given.set(item, `...${by}((${this.write(item.argument)}))`)
    }
    return this.plain(node, given)
  }
}

/** What is made takes memory for each of its fields, and for itself. */
const made = (fields: number, text: string): string => ` ${METER.made}(${fields + 1},${text})`

const YIELDED = 7

const STILL: ReadonlySet<string> = new Set(['Literal', 'Identifier', 'FunctionExpression', 'ArrowFunctionExpression'])

/** By a constant at a step: as bounded as the steps are. */
function growsLittle(operator: Growing, left: AnyNode | undefined, right: AnyNode): boolean {
  if (operator === '**' || operator === '<<') return right.type === 'Literal' && isSmall(right)
  return right.type === 'Literal' || left?.type === 'Literal'
}
const isSmall = ({ value }: { value?: unknown }): boolean =>
  (typeof value === 'bigint' || typeof value === 'number') && value >= 0 && value <= 64

/** The nodes within a node, as they stand in the text, each once (`{a}` has one name and two parts). */
function partsOf(node: AnyNode): AnyNode[] {
  const parts: AnyNode[] = []
  const isShort = node.type === 'Property' && node.shorthand
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    if (isShort && key === 'key') continue
    for (const part of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(part)) parts.push(part)
  }
  return parts.sort((a, b) => a.start - b.start)
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value
