import { describe, expect, it } from 'vitest'
import { fractionText, type Rate } from '../../rate.ts'
import { compileFormula, type Scope, type Value, type ValueType } from './compile.ts'
import { FormulaError, parseFormula } from './syntax.ts'

/** A deal of three figures. */
const scope: Scope<null> = {
  stats: {
    balance: {
      type: 'money',
      args: [{ kind: 'name', of: 'tranche', many: true, optional: true }],
      zh: '余额',
      en: 'Balance',
      bind: (names) => () => ({ numerator: names.length === 0 ? 1000n : BigInt(names.length), denominator: 1n }),
    },
    factor: {
      type: 'number',
      args: [],
      zh: '系数',
      en: 'Factor',
      bind: () => () => ({ numerator: 1n, denominator: 3n }),
    },
    date: { type: 'date', args: [], zh: '日期', en: 'Date', bind: () => () => '2026-03-01' as Value },
  },
  knows: (_, name) => name === 'A' || ['A'],
}
const show = (value: Value): string => (typeof value === 'object' ? fractionText(value as Rate) : String(value))
const evaluate = (text: string, wanted?: ValueType): string => show(compileFormula(text, scope, wanted).read(null))

describe('formulas', () => {
  it.each([
    ['1 + 2 * 3', '7'],
    ['(1 + 2) * 3', '9'],
    ['10 - 4 - 3', '3'],
    ['-2 * -3', '6'],
    ['5% * 100 yuan', '500'],
    ['12.34 yuan + 1 fen', '1235'],
    ['balance / 3', '1000/3'],
    ['balance("A") / balance * 100%', '0.001'],
    ['factor * 3 == 1', 'true'],
    ['1 / 0', '0'],
    ['max(1, factor, 0.5)', '1'],
    ['min(balance, 0)', '0'],
    ['if(date >= 2026-03-01, 1, 2)', '1'],
    ['date + 30', '2026-03-31'],
    ['2026-03-01 - 2026-02-01', '28'],
    ['not 1 > 2 and (1 < 2 or false)', 'true'],
    ['balance > 0', 'true'],
  ])('%s is %s', (text, value) => {
    expect(evaluate(text)).toBe(value)
  })

  it.each([
    ['', 'SYNTAX', 1],
    ['1 +', 'SYNTAX', 4],
    ['1 2', 'SYNTAX', 3],
    ['1 < 2 < 3', 'SYNTAX', 7],
    ['balance(', 'SYNTAX', 9],
    ['process.exit()', 'SYNTAX', 8],
    ['2026-02-30', 'SYNTAX', 1],
    ['1.5 fen', 'SYNTAX', 1],
    ['blance', 'UNKNOWN_STAT', 1],
    ['constructor', 'UNKNOWN_STAT', 1],
    ['1 + balance("B")', 'UNKNOWN_NAME', 13],
    ['balance(1)', 'ARGUMENTS', 9],
    ['factor(1)', 'ARGUMENTS', 1],
    ['balance * balance', 'TYPE', 9],
    ['balance + 1', 'TYPE', 9],
    ['date < 1', 'TYPE', 6],
    ['"A"', 'TYPE', 1],
    ['if(1, 2, 3)', 'ARGUMENTS', 1],
    [`${'('.repeat(80)}1${')'.repeat(80)}`, 'SYNTAX', 61],
  ])('%s is refused', (text, code, column) => {
    try {
      evaluate(text)
    } catch (error) {
      expect(error).toBeInstanceOf(FormulaError)
      expect([(error as FormulaError).code, (error as FormulaError).column]).toEqual([code, column])
      return
    }
    throw new Error(`${text} was accepted`)
  })

  it('must have the type that is wanted, where 0 is no money and all money', () => {
    expect(evaluate('0', 'money')).toBe('0')
    expect(() => evaluate('1', 'money')).toThrow('money expected')
    expect(() => evaluate('balance', 'flag')).toThrow('flag expected')
  })
  it('keep their columns', () => {
    expect(parseFormula('  1 + factor')).toMatchObject({
      kind: 'binary',
      column: 5,
      right: { kind: 'call', column: 7 },
    })
  })
})
