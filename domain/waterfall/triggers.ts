/** Trigger tests: figures, breach, how long, consequence. Both usual denominators are shown (DOMAIN.md §2). */
import { daysBetween } from '../date.ts'
import { holds, type ValueType } from '../deal/formula/compile.ts'
import { divide, isZero, ratio, ZERO, type Rate } from '../rate.ts'
import type { Live, TriggerProgram } from './live.ts'
import type { TriggerResult } from './period.ts'

const quotient = (a: Rate, b: Rate): Rate => (isZero(b) ? ZERO : divide(a, b))

/** Tests the triggers of one moment in order of their names; the last status set rules. */
export function testTriggers(live: Live, at: 'before-waterfall' | 'after-waterfall'): void {
  const due = live.program.triggers
    .map((trigger, index) => ({ trigger, index }))
    .filter(({ trigger }) => trigger.terms.at === at)
    .sort((a, b) => (a.trigger.terms.id < b.trigger.terms.id ? -1 : 1))
  for (const { trigger, index } of due) {
    if (trigger.statuses && !trigger.statuses.includes(live.state.status)) continue
    testTrigger(live, trigger, index)
  }
}

function testTrigger(live: Live, trigger: TriggerProgram, index: number): void {
  const { terms } = trigger
  const state = live.state.triggers[index]!
  if (state.fired && !terms.curable) return
  const numerator = trigger.numerator.read(live)
  const denominator = trigger.denominator ? (trigger.denominator.read(live) as Rate) : null
  const value = denominator ? quotient(numerator as Rate, denominator) : numerator
  const threshold = trigger.threshold.read(live)
  const type: ValueType = denominator ? 'number' : trigger.numerator.type
  const breached = holds(terms.test.op, type, value, threshold)
  if (breached) {
    state.breachedSince ??= live.date
    state.testsInBreach += 1
    state.testsInCure = 0
  } else {
    state.breachedSince = null
    state.testsInBreach = 0
    state.testsInCure += 1
  }
  const daysInBreach = state.breachedSince === null ? 0 : daysBetween(state.breachedSince, live.date)
  const fires =
    breached && !state.fired && daysInBreach >= (terms.forDays ?? 0) && state.testsInBreach >= (terms.forTests ?? 1)
  const cured = state.fired && terms.curable && !breached && state.testsInCure >= (terms.cureTests ?? 1)
  const again = breached && state.fired && live.program.behaviour.triggersAct === 'each-test'
  const consequence = (fires || again ? terms.then.status : cured ? terms.then.cured : undefined) ?? null
  if (fires) [state.fired, state.firedOn] = [true, live.date]
  if (cured) [state.fired, state.firedOn] = [false, null]
  const shown = trigger.shown.map(({ name, denominator: other }) => {
    const below = other.read(live) as Rate
    return { name, denominator: below, value: quotient(numerator as Rate, below) }
  })
  const result: TriggerResult = {
    id: terms.id,
    event: terms.event,
    clause: terms.clause,
    date: live.date,
    numerator: figure(numerator),
    denominator,
    value: figure(value),
    shown,
    threshold: figure(threshold),
    op: terms.test.op,
    breached,
    daysInBreach,
    testsInBreach: state.testsInBreach,
    fired: state.fired,
    cured,
    consequence,
  }
  live.triggerResults.push(result)
  const from = live.state.status
  if (consequence !== null) live.state.status = consequence
  if (!fires && !cured && live.state.status === from) return
  live.events.push({
    event: terms.event,
    date: live.date,
    clause: terms.clause,
    trigger: terms.id,
    from,
    to: live.state.status,
  })
}

/** Conditions are shown as 1 and 0. */
const figure = (value: Rate | string | boolean): Rate | string =>
  typeof value === 'boolean' ? ratio(value ? 1n : 0n) : value
