/** Steps that pay: interest, principal, what is left over, fees, transfers, and interest paid by a facility. */
import { fenOf } from '../deal/formula/compile.ts'
import { minFen, type Fen } from '../money.ts'
import { accrueTranche, applyInterest, applyPrincipal, interestOwed, principalDue } from './accrual.ts'
import { bookLedger } from './book-steps.ts'
import { calculateFee } from './fees.ts'
import type { CompiledStep, Formula, Live } from './live.ts'
import type { StepMark } from './live-types.ts'
import { draw, pay, sharesOf, type Claim, type PaySources, type Settle } from './pay.ts'

type SourcesOf = (live: Live) => PaySources

export function payInterest(
  mark: StepMark,
  indices: readonly number[],
  step: { accrue?: boolean | undefined; coupon?: number | undefined },
  sources: SourcesOf,
): CompiledStep {
  const strip = step.coupon
  const settle = interestSettled(strip)
  return (live) => {
    if (step.accrue === true) for (const index of indices) accrueTranche(live, index, live.accrueTo, true)
    pay(live, mark, sources(live), interestClaims(live, indices, strip), settle)
  }
}

const interestSettled =
  (strip?: number): Settle =>
  (live, index, amount) =>
    applyInterest(live, index, amount, strip)

const interestClaims = (live: Live, indices: readonly number[], strip?: number): Claim[] =>
  indices.map((index) => ({
    index,
    payee: live.program.tranches[index]!.payee,
    due: interestOwed(live.state.tranches[index]!, strip),
    inputs: live.tranches[index]!.inputs,
  }))

export function payPrincipal(mark: StepMark, indices: readonly number[], sources: SourcesOf): CompiledStep {
  return (live) => {
    const claims: Claim[] = []
    for (const index of indices) {
      const { balance } = live.state.tranches[index]!
      // Tranches already paid off are left out.
      if (balance <= 0n) continue
      const due = principalDue(live, index)
      claims.push({
        index,
        payee: live.program.tranches[index]!.payee,
        due,
        inputs: { balance, target: balance - due },
      })
    }
    if (claims.length > 0) pay(live, mark, sources(live), claims, applyPrincipal)
  }
}

export function payResidual(live: Live, mark: StepMark, index: number, sources: PaySources): void {
  const available = live.state.accounts[sources.account]!.balance
  const due = sources.limit === null ? available : minFen(available, sources.limit)
  const { payee } = live.program.tranches[index]!
  pay(live, mark, sources, [{ index, payee, due, inputs: { available } }], residualSettled)
}

const residualSettled: Settle = (live, index, amount) => {
  const record = live.tranches[index]!
  record.residual += amount
  record.touched = true
}

export function payFees(
  mark: StepMark,
  indices: readonly number[],
  calculate: boolean,
  sources: SourcesOf,
): CompiledStep {
  return (live) => {
    if (calculate) for (const index of indices) calculateFee(live, index)
    const claims = indices.map((index): Claim => {
      const { due } = live.state.fees[index]!
      return { index, payee: live.program.fees[index]!.payee, due, inputs: live.feeInputs[index]! }
    })
    pay(live, mark, sources(live), claims, feeSettled)
    if (!live.recordMovements) return
    for (const { index, due: before } of claims) {
      const { due } = live.state.fees[index]!
      live.movements.push({ date: live.date, of: 'fee', index, amount: before - due, balance: due })
    }
  }
}

const feeSettled: Settle = (live, index, amount) => {
  live.state.fees[index]!.due -= amount
  live.fees[index]!.paid += amount
}

const nothingSettled: Settle = () => undefined

export function transfer(
  live: Live,
  mark: StepMark,
  to: number,
  sources: PaySources,
  ledger: number | null,
  direction: 'debit' | 'credit',
): void {
  const { limit } = sources
  const due = limit === null ? live.state.accounts[sources.account]!.balance : limit > 0n ? limit : 0n
  const { payee } = live.program.accounts[to]!
  const claims = [{ index: to, payee, due, inputs: limit === null ? {} : { limit } }]
  const paid = pay(live, mark, sources, claims, nothingSettled)
  live.moved(to, paid)
  if (ledger !== null) bookLedger(live, ledger, direction, paid)
}

/** A facility pays due interest of tranches directly, pro rata, up to its available credit. */
export function facilityInterest(
  live: Live,
  mark: StepMark,
  facility: number,
  indices: readonly number[],
  limit: Formula | null,
): void {
  const { available } = live.state.facilities[facility]!
  const most: Fen = limit ? fenOf(limit, live, 'floor') : available
  const claims = interestClaims(live, indices)
  const shares = sharesOf(live, claims, minFen(most, available))
  claims.forEach((claim, i) => {
    if (shares[i]! > 0n) applyInterest(live, claim.index, draw(live, mark, facility, claim, shares[i]!))
  })
}
