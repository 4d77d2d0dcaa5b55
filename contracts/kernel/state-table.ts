import { refuseCall } from './refusal.ts'

/** One row of a state machine: `{ from: 'held', on: 'split', to: 'split' }`. */
export interface Transition<S extends string, E extends string> {
  readonly from: S
  readonly on: E
  readonly to: S
}

/** A state machine as a table; what the table does not list is refused as WRONG_STATE. */
export class StateTable<S extends string, E extends string> {
  readonly states: readonly S[]
  readonly triggers: readonly E[]

  constructor(readonly rows: readonly Transition<S, E>[]) {
    this.states = [...new Set(rows.flatMap(({ from, to }) => [from, to]))]
    this.triggers = [...new Set(rows.map(({ on }) => on))]
    const seen = new Set(rows.map(({ from, on }) => `${from} ${on}`))
    if (seen.size !== rows.length) throw new Error('a state table lists one pair of state and command twice')
  }

  /** The state after; refuses WRONG_STATE with what stands and what was asked. */
  next(state: S, on: E, what: string): S {
    const row = this.rows.find((candidate) => candidate.from === state && candidate.on === on)
    return row ? row.to : refuseCall('WRONG_STATE', { what, state, on })
  }
}
