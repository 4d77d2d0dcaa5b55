/** Turns the steps of a waterfall into functions over the running deal. Each action is one compiler below. */
import { fenOf } from '../deal/formula/compile.ts'
import type { SimpleStep, Step } from '../deal/terms.ts'
import { parseFen } from '../money.ts'
import { parseRate } from '../rate.ts'
import { accrueAndBook, bookLedgers, fund, writeOff } from './book-steps.ts'
import { calculateFee } from './fees.ts'
import { accrueFacility, collectCap, drawFacility, repayFacility, settleSwap } from './hedges.ts'
import type { CompiledStep, Compiler, Formula, Live } from './live.ts'
import type { StepMark } from './live-types.ts'
import { purchase, sellPool } from './market.ts'
import type { PaySources } from './pay.ts'
import { facilityInterest, payFees, payInterest, payPrincipal, payResidual, transfer } from './pay-steps.ts'
import type { Transfer } from './period.ts'

export function compileSteps(compiler: Compiler, steps: readonly Step[], path: string): CompiledStep[] {
  return steps.map((step, index) => {
    const at = `${path}/${index}`
    const run = step.action === 'if' ? compileIf(compiler, step, at) : compileSimple(compiler, step, at)
    const when = step.when === undefined ? null : compiler.formula(step.when, `${at}/when`, 'flag')
    return (live) => {
      live.run += 1
      if (when && when.read(live) !== true) return
      run(live)
      live.assertConserved(step.id)
    }
  })
}

function compileIf(compiler: Compiler, step: Step & { action: 'if' }, path: string): CompiledStep {
  const test = compiler.formula(step.if, `${path}/if`, 'flag')
  const yes = compileSteps(compiler, step.then, `${path}/then`)
  const no = compileSteps(compiler, step.else, `${path}/else`)
  return (live) => {
    for (const run of test.read(live) === true ? yes : no) run(live)
  }
}

function compileSimple(compiler: Compiler, step: SimpleStep, path: string): CompiledStep {
  const mark: StepMark = { id: step.id, clause: step.clause, action: step.action }
  const one = (kind: 'account' | 'ledger' | 'facility', name: string, key: string): number =>
    compiler.find(kind, name, `${path}/${key}`)[0]!
  const tranches = (names: readonly string[]): readonly number[] => [
    ...new Set(names.flatMap((name, i) => compiler.find('tranche', name, `${path}/tranches/${i}`))),
  ]
  const fees = (names: readonly string[]): readonly number[] =>
    names.map((name, i) => compiler.find('fee', name, `${path}/fees/${i}`)[0]!)
  const tranche = (name: string): number => compiler.find('tranche', name, `${path}/tranche`)[0]!
  const money = (text: string | undefined, key: string): Formula | null =>
    text === undefined ? null : compiler.formula(text, `${path}/${key}`, 'money')

  switch (step.action) {
    case 'accrue-interest': {
      const indices = tranches(step.tranches)
      return (live) => {
        for (const index of indices) accrueAndBook(live, mark, index)
      }
    }
    case 'calculate-fee': {
      const indices = fees(step.fees)
      return (live) => {
        for (const index of indices) {
          calculateFee(live, index)
          const { due } = live.state.fees[index]!
          live.book(mark, live.program.fees[index]!.payee, due, due, live.feeInputs[index])
        }
      }
    }
    case 'pay-interest':
      return payInterest(mark, tranches(step.tranches), step, sourcesOf(compiler, step, path, 'interest'))
    case 'pay-principal':
      return payPrincipal(mark, tranches(step.tranches), sourcesOf(compiler, step, path, 'principal'))
    case 'pay-residual': {
      const index = tranche(step.tranche)
      const sources = sourcesOf(compiler, step, path, 'residual')
      return (live) => payResidual(live, mark, index, sources(live))
    }
    case 'pay-fee':
      return payFees(mark, fees(step.fees), step.calculate === true, sourcesOf(compiler, step, path, 'fee'))
    case 'transfer': {
      const to = one('account', step.to, 'to')
      const ledger = step.book ? one('ledger', step.book.ledger, 'book/ledger') : null
      const sources = sourcesOf(compiler, step, path, 'transfer')
      return (live) => transfer(live, mark, to, sources(live), ledger, step.book?.direction ?? 'debit')
    }
    case 'book-ledger': {
      const amount = money(step.amount, 'amount')!
      const ledgers = step.ledgers.map(({ ledger, cap }, i) => ({
        index: one('ledger', ledger, `ledgers/${i}/ledger`),
        cap: money(cap, `ledgers/${i}/cap`)!,
      }))
      return (live) => bookLedgers(live, mark, step.direction, amount, ledgers)
    }
    case 'write-off': {
      const amount = money(step.amount, 'amount')!
      const index = tranche(step.tranche)
      return (live) => writeOff(live, mark, index, fenOf(amount, live, live.program.behaviour.money))
    }
    case 'fund': {
      const index = tranche(step.tranche)
      const to = one('account', step.to, 'to')
      const amount = parseFen(step.amount)
      return (live) => fund(live, mark, index, to, amount)
    }
    case 'purchase': {
      const account = one('account', step.from, 'from')
      const limit = money(step.limit, 'limit')
      const price = { performing: parseRate(step.price.performing), defaulted: parseRate(step.price.defaulted) }
      return (live) => purchase(live, mark, account, limit ? fenOf(limit, live, 'floor') : null, price)
    }
    case 'sell-pool': {
      const account = one('account', step.to, 'to')
      const price = { performing: parseRate(step.price.performing), defaulted: parseRate(step.price.defaulted) }
      return (live) => sellPool(live, mark, account, price)
    }
    case 'facility-accrue': {
      const indices = step.facilities.map((name, i) => one('facility', name, `facilities/${i}`))
      return (live) => {
        for (const index of indices) accrueFacility(live, mark, index)
      }
    }
    case 'facility-repay': {
      const [account, index] = [one('account', step.from, 'from'), one('facility', step.facility, 'facility')]
      return (live) => repayFacility(live, mark, account, index, step.order)
    }
    case 'facility-pay-interest': {
      const index = one('facility', step.facility, 'facility')
      const to = tranches(step.tranches)
      const limit = money(step.limit, 'limit')
      return (live) => facilityInterest(live, mark, index, to, limit)
    }
    case 'facility-draw': {
      const [account, index] = [one('account', step.to, 'to'), one('facility', step.facility, 'facility')]
      const limit = money(step.limit, 'limit')
      return (live) => drawFacility(live, mark, account, index, limit ? fenOf(limit, live, 'floor') : null)
    }
    case 'swap-settle': {
      const account = one('account', step.account, 'account')
      const index = position(compiler.terms.swaps, step.swap, `${path}/swap`, compiler)
      return (live) => settleSwap(live, mark, account, index)
    }
    case 'cap-collect': {
      const account = one('account', step.to, 'to')
      const index = position(compiler.terms.caps, step.cap, `${path}/cap`, compiler)
      return (live) => collectCap(live, mark, account, index)
    }
  }
}

const position = (
  list: readonly { id: string }[] | undefined,
  name: string,
  path: string,
  compiler: Compiler,
): number => {
  const index = (list ?? []).findIndex(({ id }) => id === name)
  if (index < 0)
    compiler.missing(
      path,
      name,
      (list ?? []).map(({ id }) => id),
    )
  return index
}

interface PayTerms {
  readonly from: string
  readonly limit?: string | undefined
  readonly order?: 'pro-rata' | 'sequential' | undefined
  readonly support?: readonly ({ account: string } | { facility: string })[] | undefined
}

function sourcesOf(
  compiler: Compiler,
  step: PayTerms,
  path: string,
  kind: Transfer['kind'],
): (live: Live) => PaySources {
  const account = compiler.find('account', step.from, `${path}/from`)[0]!
  const limit = step.limit === undefined ? null : compiler.formula(step.limit, `${path}/limit`, 'money')
  const support = (step.support ?? []).map((source, i) =>
    'account' in source
      ? { account: compiler.find('account', source.account, `${path}/support/${i}/account`)[0]! }
      : { facility: compiler.find('facility', source.facility, `${path}/support/${i}/facility`)[0]! },
  )
  const fixed = { account, support, order: step.order ?? 'pro-rata', kind } as const
  if (!limit) {
    const always: PaySources = { ...fixed, limit: null }
    return () => always
  }
  return (live) => ({ ...fixed, limit: fenOf(limit, live, 'floor') })
}
