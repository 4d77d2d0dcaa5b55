/**
 * Why a payment is what it is: the tree of amounts it came from, down to the pool's totals, as data and as text in both
 * languages. Everything is read from the period's result; nothing is computed anew.
 */
import { fractionText } from '../rate.ts'
import type { DealTerms, Step } from '../deal/terms.ts'
import { sumFen, yuanFromFen, type Fen } from '../money.ts'
import type { Figure, Payee, StepLine, StepResult, Transfer } from './period.ts'
import { SOURCES } from '../deal/words.ts'

export interface Words {
  readonly zh: string
  readonly en: string
}

export interface Explanation {
  readonly label: Words
  /** Absent for figures that are no amounts (rates, dates). */
  readonly amount?: Fen
  readonly figure?: string
  readonly clause?: string
  readonly children: readonly Explanation[]
}

export interface PaymentQuery {
  readonly to: Payee
  /** Only payments of this step. */
  readonly step?: string
}

export class ExplainError extends Error {
  override readonly name = 'ExplainError'
  readonly code = 'NO_SUCH_PAYMENT'
  constructor(readonly details: Readonly<Record<string, string>>) {
    super(`NO_SUCH_PAYMENT ${JSON.stringify(details)}`)
  }
}

const words = (zh: string, en: string): Words => ({ zh, en })

/** What a period paid to somebody, and why. @throws ExplainError when no line of the period is to that payee */
export function explain(terms: DealTerms, result: StepResult, query: PaymentQuery): Explanation {
  const { to, step } = query
  const mine = result.lines.filter(
    (line) => line.to.kind === to.kind && line.to.id === to.id && (step === undefined || line.step === step),
  )
  if (mine.length === 0)
    throw new ExplainError({ payee: `${to.kind} ${to.id}`, period: result.periodId, step: step ?? 'any' })
  const labels = labelsOf(terms)
  const cash = mine.filter(({ from }) => from !== null)
  return {
    label: words(`${result.payDate} 支付给 ${to.id}`, `Paid to ${to.id} on ${result.payDate}`),
    amount: sumFen(cash.map(({ paid }) => paid)),
    children: mine.map((line) => explainLine(result, labels, line)),
  }
}

function explainLine(result: StepResult, labels: Labels, line: StepLine): Explanation {
  const text = labels.get(line.step) ?? words(line.step, line.step)
  const children: Explanation[] = [{ label: words('应付', 'Due'), amount: line.due, children: inputsOf(line) }]
  if (line.from !== null) children.push(available(result, labels, line))
  if (line.shortfall > 0n)
    children.push({ label: words('未足额支付', 'Shortfall'), amount: line.shortfall, children: [] })
  return { label: text, amount: line.paid, clause: line.clause, children }
}

/** Cash that was there: opening balance, what came in before the line, less what earlier lines took. */
function available(result: StepResult, labels: Labels, line: StepLine): Explanation {
  const account = line.from!
  const index = result.lines.indexOf(line)
  const earlier = result.lines.slice(0, index).filter(({ from, paid }) => from === account && paid > 0n)
  const inflows = result.transfers.filter(({ to }) => to.kind === 'account' && to.id === account)
  const before = inflows.filter((transfer) => happenedBefore(result, transfer, index))
  const opening =
    line.availableBefore + sumFen(earlier.map(({ paid }) => paid)) - sumFen(before.map(({ amount }) => amount))
  const children: Explanation[] = []
  if (opening !== 0n) children.push({ label: words('期初余额', 'Opening balance'), amount: opening, children: [] })
  for (const transfer of before) children.push(inflow(labels, transfer))
  for (const taken of earlier) {
    const text = labels.get(taken.step) ?? words(taken.step, taken.step)
    children.push({
      label: words(`减：${text.zh}（${taken.to.id}）`, `Less: ${text.en} (${taken.to.id})`),
      amount: -taken.paid,
      clause: taken.clause,
      children: [],
    })
  }
  return {
    label: words(`账户 ${account} 可用资金`, `Available in account ${account}`),
    amount: line.availableBefore,
    children,
  }
}

/** Collections come before every step; other inflows by the place of their step among the lines. */
function happenedBefore(result: StepResult, transfer: Transfer, index: number): boolean {
  if (transfer.kind === 'collection') return true
  const at = result.lines.findIndex(({ step }) => step === transfer.stepId)
  return at >= 0 && at < index
}

function inflow(labels: Labels, { stepId, amount, parts = {} }: Transfer): Explanation {
  const children = SOURCES.filter((source) => parts[source] !== undefined).map((source) => ({
    label: words(SOURCE_ZH[source], `Pool total: ${source}`),
    amount: parts[source]!,
    children: [],
  }))
  return { label: labels.get(stepId) ?? words(stepId, stepId), amount, children }
}

const SOURCE_ZH: Readonly<Record<(typeof SOURCES)[number], string>> = {
  interest: '资产池利息合计',
  principal: '资产池本金合计',
  prepayment: '资产池提前还款合计',
  recovery: '资产池回收合计',
  penalty: '资产池违约金合计',
  lateFee: '资产池滞纳金合计',
  repurchase: '资产池赎回合计',
  other: '资产池其他现金合计',
}

const INPUT_WORDS: Readonly<Record<string, Words>> = {
  base: words('计息基数', 'Base'),
  rate: words('利率', 'Rate'),
  from: words('起息日（含）', 'From (included)'),
  to: words('止息日（不含）', 'To (excluded)'),
  dayCount: words('计息基准', 'Day count'),
  carried: words('前期未付', 'Unpaid before'),
  balance: words('余额', 'Balance'),
  target: words('目标余额', 'Target'),
  days: words('天数', 'Days'),
  amount: words('金额', 'Amount'),
  available: words('可用资金', 'Available'),
  limit: words('上限', 'Limit'),
  price: words('单价', 'Price'),
  yield: words('购买后资产池收益率', 'Yield of the pool after it'),
}

const inputsOf = ({ inputs }: StepLine): Explanation[] =>
  Object.entries(inputs).map(([name, value]) => {
    const [word, strip] = name.split('.') as [string, string?]
    const { zh, en } = INPUT_WORDS[word] ?? words(word, word)
    const label = strip === undefined ? words(zh, en) : words(`${zh}（第${strip}项）`, `${en} (strip ${strip})`)
    return typeof value === 'bigint'
      ? { label, amount: value, children: [] }
      : { label, figure: figureText(value), children: [] }
  })

const figureText = (value: Figure): string =>
  typeof value === 'object' ? fractionText(value) : typeof value === 'bigint' ? yuanFromFen(value) : String(value)

/** Texts of steps and collection rules by id. */
type Labels = ReadonlyMap<string, Words>

function labelsOf(terms: DealTerms): Labels {
  const texts = new Map<string, Words>()
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      texts.set(step.id, step.text)
      if (step.action === 'if') [step.then, step.else].forEach(visit)
    }
  }
  for (const steps of Object.values(terms.waterfalls)) visit(steps ?? [])
  for (const { id, text } of terms.collection) texts.set(id, text)
  return texts
}

/** The tree as indented lines, amounts in yuan. */
export function explanationText(explanation: Explanation, language: 'zh' | 'en', depth = 0): string {
  const { label, amount, figure, clause, children } = explanation
  const value = amount === undefined ? (figure ?? '') : yuanFromFen(amount)
  const reference =
    clause === undefined || clause === '' ? '' : language === 'zh' ? ` 〔第${clause}条〕` : ` [clause ${clause}]`
  const line = `${'  '.repeat(depth)}${label[language]}${language === 'zh' ? '：' : ': '}${value}${reference}`
  return [line, ...children.map((child) => explanationText(child, language, depth + 1))].join('\n')
}
