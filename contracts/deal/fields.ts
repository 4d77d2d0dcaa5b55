import { Type } from 'typebox'

/** Fields that the contracts of a plan share besides the kernel's. */

/** Fen that cannot be negative. */
export const AmountText = Type.String({ pattern: '^(0|[1-9][0-9]{0,17})$', description: 'Whole fen, not negative.' })
export const Reason = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  description: 'Why, in words; no personal data.',
})
export const PeriodId = Type.String({ pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$', description: 'Month of collection.' })
export const Count = Type.Integer({ minimum: 0, maximum: 1_000_000_000 })

/** Holders of a tranche and invited investors of a plan; bounds so that no value on the ledger grows without end. */
export const MAX_HOLDERS = 200
export const MAX_TRANCHES = 20
export const MAX_FEES = 50
export const MAX_ACCOUNTS = 20
