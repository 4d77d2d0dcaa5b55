import { Type } from 'typebox'
import { contractEvents } from '../../actus/contract.ts'
import { CYCLE_PATTERN } from '../../actus/schedule.ts'
import { ACTUS_DATE_PATTERN, type ActusDate, type ActusTerms, type Observed } from '../../actus/terms.ts'
import { defineCompute } from '../compute.ts'
import { closed } from '../schema/common.ts'

const date = Type.String({ pattern: ACTUS_DATE_PATTERN })
const cycle = Type.String({ pattern: CYCLE_PATTERN })
const word = (...words: string[]) => Type.Enum(words)
const maybe = Type.Optional

const ActusTermsSchema = Type.Object(
  {
    contractType: word('PAM', 'LAM', 'NAM', 'ANN'),
    contractRole: word('RPA', 'RPL'),
    currency: Type.String(),
    statusDate: date,
    contractDealDate: date,
    initialExchangeDate: date,
    maturityDate: maybe(date),
    notionalPrincipal: Type.Number(),
    nominalInterestRate: Type.Number(),
    premiumDiscountAtIED: maybe(Type.Number()),
    accruedInterest: maybe(Type.Number()),
    dayCountConvention: word('A365', 'A360', 'AA', '30E360'),
    endOfMonthConvention: maybe(word('SD', 'EOM')),
    calendar: maybe(word('MF', 'NC')),
    businessDayConvention: maybe(word('SCF', 'SCMP', 'CSF', 'CSMF', 'SCMF')),
    cycleAnchorDateOfInterestPayment: maybe(date),
    cycleOfInterestPayment: maybe(cycle),
    capitalizationEndDate: maybe(date),
    cycleAnchorDateOfPrincipalRedemption: maybe(date),
    cycleOfPrincipalRedemption: maybe(cycle),
    nextPrincipalRedemptionPayment: maybe(Type.Number()),
    amortizationDate: maybe(date),
    cycleAnchorDateOfRateReset: maybe(date),
    cycleOfRateReset: maybe(cycle),
    marketObjectCodeOfRateReset: maybe(Type.String()),
    rateSpread: maybe(Type.Number()),
    rateMultiplier: maybe(Type.Number()),
    nextResetRate: maybe(Type.Number()),
    fixingDays: maybe(word('P0D', 'P2D')),
    interestCalculationBase: maybe(word('NT', 'NTIED', 'NTL')),
    interestCalculationBaseAmount: maybe(Type.Number()),
    cycleAnchorDateOfInterestCalculationBase: maybe(date),
    cycleOfInterestCalculationBase: maybe(cycle),
    purchaseDate: maybe(date),
    priceAtPurchaseDate: maybe(Type.Number()),
    terminationDate: maybe(date),
    priceAtTerminationDate: maybe(Type.Number()),
    scalingEffect: maybe(word('INO', 'IOO')),
    marketObjectCodeOfScalingIndex: maybe(Type.String()),
    scalingIndexAtContractDealDate: maybe(Type.Number()),
    notionalScalingMultiplier: maybe(Type.Number()),
    interestScalingMultiplier: maybe(Type.Number()),
    cycleAnchorDateOfScalingIndex: maybe(date),
    cycleOfScalingIndex: maybe(cycle),
  },
  closed,
)

const COLUMNS = ['date', 'type', 'payoff', 'currency', 'notional', 'rate', 'accrued'] as const

const events = defineCompute(
  'contractEvents',
  Type.Object(
    {
      terms: ActusTermsSchema,
      to: maybe(date),
      observed: maybe(Type.Record(Type.String(), Type.Array(Type.Tuple([date, Type.Number()])))),
    },
    closed,
  ),
  ({ terms, to, observed }) => ({
    events: {
      columns: [...COLUMNS],
      // The schema has checked every word and date; the domain's types are narrower than text.
      rows: contractEvents(terms as ActusTerms, observed as Observed | undefined, to as ActusDate | undefined).map(
        (event) => COLUMNS.map((column) => event[column]),
      ),
    },
  }),
)

export const ACTUS_COMPUTES = [events]
