/**
 * What terms are compiled into. `L` is the running deal (live.ts): left open here, so that the deal may know its program
 * without the two files importing each other.
 */
import type { IsoDate } from '../date.ts'
import type { DayCount } from '../day-count.ts'
import type { Pattern } from '../dates/pattern.ts'
import type { Compiled, ValueType } from '../deal/formula/compile.ts'
import type { CouponTerms, DealTerms, FeeTerms, PrincipalTerms, TriggerTerms } from '../deal/terms.ts'
import type { Source, Status, WaterfallName } from '../deal/words.ts'
import type { Fen } from '../money.ts'
import type { Rate } from '../rate.ts'
import type { Behaviour } from './behaviour.ts'
import type { Payee } from './period.ts'

/** Names to positions; a group stands for its members. */
export interface Names {
  readonly tranche: ReadonlyMap<string, readonly number[]>
  readonly pool: ReadonlyMap<string, readonly number[]>
  readonly account: ReadonlyMap<string, readonly number[]>
  readonly fee: ReadonlyMap<string, readonly number[]>
  readonly ledger: ReadonlyMap<string, readonly number[]>
  readonly facility: ReadonlyMap<string, readonly number[]>
}

/** A compiled formula over the running deal `L`. */
export type FormulaOf<L> = Compiled<L>

/** A place of the terms that cannot be run, with its path and a sentence. */
export class TermsError extends Error {
  override readonly name = 'TermsError'
  constructor(
    /** JSON pointer into the document. */
    readonly path: string,
    readonly reason: string,
    readonly code = 'BAD_TERMS',
  ) {
    super(`${code} at ${path === '' ? '/' : path}: ${reason}`)
  }
}

export interface CouponProgram<L> {
  readonly type: CouponTerms['type']
  readonly dayCount: DayCount
  readonly initial: Rate
  readonly notional: FormulaOf<L> | null
  readonly interestOnInterest: Rate | null
  readonly floating: { index: string; spread: Rate; floor: Rate | null; cap: Rate | null } | null
  readonly reference: { of: FormulaOf<L>; factor: Rate } | null
  readonly resets: Pattern | null
}

/** Amounts per unit: what holders get is cut to so many decimals of a yuan a unit, interest left over goes to an account. */
export interface PerUnit {
  readonly decimals: number
  readonly residue: number
}

export interface TrancheProgram<L> {
  readonly id: string
  /** How records name it as a payee: one object for all of them. */
  readonly payee: Payee
  readonly index: number
  readonly original: Fen
  /** Number of units sold, where amounts are counted per unit. */
  readonly units: bigint | null
  readonly opening: Fen
  readonly principal: PrincipalTerms
  readonly coupons: readonly CouponProgram<L>[]
  readonly accrueFrom: IsoDate
  readonly stepUp: { from: IsoDate; spread: Rate; dates: Pattern | null } | null
}

export interface FeeProgram<L> {
  readonly id: string
  /** How records name it as a payee: one object for all of them. */
  readonly payee: Payee
  readonly terms: FeeTerms
  readonly start: IsoDate
  readonly amount: Fen
  readonly rate: Rate | null
  readonly of: FormulaOf<L> | null
  readonly dates: Pattern | null
  readonly entries: readonly (readonly [IsoDate, Fen])[]
  readonly cap: FormulaOf<L> | null
  readonly dayCount: DayCount
}

export interface TriggerProgram<L> {
  readonly terms: TriggerTerms
  readonly numerator: FormulaOf<L>
  readonly denominator: FormulaOf<L> | null
  readonly threshold: FormulaOf<L>
  readonly shown: readonly { readonly name: string; readonly denominator: FormulaOf<L> }[]
  readonly statuses: readonly Status[] | null
}

export interface AccountProgram<L> {
  readonly id: string
  /** How records name it as a payee: one object for all of them. */
  readonly payee: Payee
  readonly opening: Fen
  readonly target: FormulaOf<L> | null
  readonly interest: { rate: Rate; dayCount: DayCount; dates: Pattern; accruedTo: IsoDate } | null
}

export interface LegProgram {
  readonly rate: Rate | null
  readonly index: string | null
  readonly spread: Rate
}

export interface SwapProgram<L> {
  readonly id: string
  readonly pay: LegProgram
  readonly receive: LegProgram
  readonly notional: FormulaOf<L>
  readonly dates: Pattern
  readonly dayCount: DayCount
  readonly start: IsoDate
  readonly settle: { dates: Pattern; account: number } | null
}

export interface CapProgram<L> {
  readonly id: string
  readonly index: string
  readonly strike: readonly (readonly [IsoDate, Rate])[]
  readonly notional: FormulaOf<L>
  readonly dates: Pattern
  readonly start: IsoDate
  readonly end: IsoDate
}

export interface FacilityProgram {
  readonly id: string
  readonly credit: Fen
  readonly revolving: boolean
  readonly drawnRate: Rate
  readonly unusedRate: Rate
  readonly start: IsoDate
}

export interface CollectionProgram {
  readonly id: string
  readonly clause: string
  readonly sources: readonly Source[]
  readonly pools: readonly number[]
  readonly to: readonly { readonly account: number; readonly share: Rate }[]
}

export type CompiledStep<L> = (live: L) => void

export interface Program<L> {
  readonly terms: DealTerms
  readonly behaviour: Behaviour
  readonly names: Names
  readonly perUnit: PerUnit | null
  /** Year fraction by a day count, with the calendar and the end that some of them need. */
  readonly fraction: (dayCount: DayCount, start: IsoDate, end: IsoDate) => Rate
  /** Start of the deal's running: the last collection of a deal already running, else the cut-off. */
  readonly start: IsoDate
  readonly closing: IsoDate
  readonly statedMaturity: IsoDate
  readonly pools: readonly { readonly id: string; readonly initial: Fen }[]
  readonly tranches: readonly TrancheProgram<L>[]
  readonly accounts: readonly AccountProgram<L>[]
  readonly fees: readonly FeeProgram<L>[]
  readonly facilities: readonly FacilityProgram[]
  readonly swaps: readonly SwapProgram<L>[]
  readonly caps: readonly CapProgram<L>[]
  readonly collection: readonly CollectionProgram[]
  readonly waterfalls: Readonly<Partial<Record<WaterfallName, readonly CompiledStep<L>[]>>>
  readonly triggers: readonly TriggerProgram<L>[]
  readonly call: FormulaOf<L> | null
  readonly inspections: readonly { readonly id: string; readonly dates: Pattern; readonly formula: FormulaOf<L> }[]
  /** Figures that some formula averages over periods, with the key of their series in the state. */
  readonly series: ReadonlyMap<FormulaOf<L>, string>
}

/** What the compiler of steps needs. */
export interface Compiler<L> {
  readonly terms: DealTerms
  readonly behaviour: Behaviour
  readonly names: Names
  formula(text: string, path: string, wanted?: ValueType): FormulaOf<L>
  /** Positions of a name. @throws TermsError with the path */
  find(kind: keyof Names, name: string, path: string): readonly number[]
  /** @throws TermsError always */
  missing(path: string, name: string, known: readonly string[]): never
}
