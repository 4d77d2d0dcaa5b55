/**
 * Eligibility of assets and concentration of pools, as the terms state them (DOMAIN.md §2: every purchase is checked
 * twice). A failure names the rule, the asset and the figure. What fields an asset has is the servicer's report's matter:
 * a rule about a field that is missing fails, it is never passed over.
 */
import { isIsoDate } from '../date.ts'
import type { Fen } from '../money.ts'
import { holds } from './formula/compile.ts'
import { compare, fractionText, parseFraction, ratio } from '../rate.ts'
import type { DealTerms } from './terms.ts'

export interface AssetFacts {
  readonly id: string
  readonly balance: Fen
  /** By name: decimal fractions, ISO dates or words, all as text. */
  readonly fields: Readonly<Record<string, string>>
}

export interface Failure {
  readonly rule: string
  readonly clause: string
  /** The asset that fails, or the group that is too large. */
  readonly subject: string
  readonly field: string
  readonly figure: string
  readonly expected: string
}

type AssetRule = NonNullable<DealTerms['eligibility']>[number]

const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/

/** Every rule that an asset fails. */
export const assetFailures = (terms: Pick<DealTerms, 'eligibility'>, asset: AssetFacts): Failure[] =>
  (terms.eligibility ?? []).flatMap((rule) => {
    const figure = asset.fields[rule.field]
    if (figure !== undefined && passes(rule, figure)) return []
    const expected = `${rule.op} ${Array.isArray(rule.value) ? rule.value.join(', ') : rule.value}`
    return [
      {
        rule: rule.id,
        clause: rule.clause,
        subject: asset.id,
        field: rule.field,
        figure: figure ?? 'missing',
        expected,
      },
    ]
  })

function passes({ op, value }: AssetRule, figure: string): boolean {
  if (op === 'in' || op === 'not-in') {
    const listed = (Array.isArray(value) ? value : [value]).includes(figure)
    return op === 'in' ? listed : !listed
  }
  if (Array.isArray(value)) return false
  if (NUMBER.test(value)) return NUMBER.test(figure) && holds(op, 'number', parseFraction(figure), parseFraction(value))
  if (isIsoDate(value)) return isIsoDate(figure) && holds(op, 'date', figure, value)
  return op === '==' && figure === value
}

/**
 * Concentration after a purchase: for each rule the largest groups by a field, against their share of the pool. Assets
 * without the field form the group `missing`.
 */
export function concentrationFailures(
  terms: Pick<DealTerms, 'concentration'>,
  assets: Iterable<AssetFacts>,
): Failure[] {
  const list = [...assets]
  const total = list.reduce((sum, { balance }) => sum + balance, 0n)
  if (total === 0n) return []
  return (terms.concentration ?? []).flatMap((rule) => {
    const groups = new Map<string, Fen>()
    for (const { balance, fields } of list) {
      const key = fields[rule.by] ?? 'missing'
      groups.set(key, (groups.get(key) ?? 0n) + balance)
    }
    const largest = [...groups].sort((a, b) => (a[1] === b[1] ? (a[0] < b[0] ? -1 : 1) : a[1] > b[1] ? -1 : 1))
    const top = largest.slice(0, rule.top ?? 1)
    const held = ratio(
      top.reduce((sum, [, balance]) => sum + balance, 0n),
      total,
    )
    if (compare(held, parseFraction(rule.limit)) <= 0) return []
    return [
      {
        rule: rule.id,
        clause: rule.clause,
        subject: top.map(([key]) => key).join(', '),
        field: rule.by,
        figure: fractionText(held),
        expected: `<= ${rule.limit}`,
      },
    ]
  })
}
