/** Something in an exported ledger is not as it must be; the message is what a person is told. */
export class NotHolding extends Error {}

export const holds = (condition: boolean, reason: string): void => {
  if (!condition) throw new NotHolding(reason)
}
