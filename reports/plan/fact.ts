/** A committed event as reports are handed it; they know neither ledger nor contracts. */
export interface Fact {
  readonly contract: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}
