import { publicKeyProblem } from '#proof/public-key'
import { operatorsSet } from '../calendar/events.ts'
import { calendarOperators, calendarOperatorsKey } from '../calendar/state.ts'
import { PUBLIC, type Stage } from '../kernel/event.ts'
import type { Key } from '../kernel/state.ts'
import { admit, endKey, remove, replaceKey, setRoles } from '../membership/members.ts'
import { rolesAt } from '../membership/roles.ts'
import { participantKey } from '../membership/state.ts'
import { MAX_VALIDATORS, type Action } from './actions.ts'
import { refuse } from './errors.ts'
import { bundleActivated, institutionsSet, parametersSet, validatorKeyRotated, validatorsSet } from './events.ts'
import { lastValue, scheduled, type Schedule } from './schedule.ts'
import { bundlesKey, founded, institutionsKey, parametersKey, retiredValidatorKey, validatorsKey, type Validator } from './state.ts' // prettier-ignore

export interface When {
  /** From which height it holds; later than `height`. */
  readonly fromHeight: number
  /** Of the block that decides it. */
  readonly height: number
}

/** Does what was decided. Refuses what the state at hand does not allow, whoever approved. */
export function perform(stage: Stage, action: Action, when: When): void {
  switch (action.kind) {
    case 'admit':
      return admit(stage, action, when.fromHeight)
    case 'remove':
      return removeMember(stage, action.participant, when)
    case 'setRoles':
      return setRoles(stage, action, when)
    case 'replaceKey':
      return replaceKey(stage, action, when.fromHeight)
    case 'revokeKey':
      return endKey(stage, action, when.fromHeight)
    case 'setInstitutions':
      return setInstitutions(stage, action, when)
    case 'setCalendarOperators':
      return setCalendarOperators(stage, action, when)
    case 'setValidator':
      return setValidator(stage, action, when)
    case 'rotateValidatorKey':
      return rotateValidatorKey(stage, action, when)
    case 'activateBundle': {
      if (lastValue(founded(stage.read, bundlesKey)) === action.bundle) {
        return refuse('NOTHING_CHANGES', { bundle: action.bundle })
      }
      return stage.emit(bundleActivated, { schedule: [...next(stage, bundlesKey, action.bundle, when)] }, [PUBLIC])
    }
    case 'setParameters': {
      const value = { ...lastValue(founded(stage.read, parametersKey)), ...action.parameters }
      return stage.emit(parametersSet, { schedule: [...next(stage, parametersKey, value, when)] }, [PUBLIC])
    }
  }
}

/** Refuses CHANGE_PENDING. */
function next<T>(stage: Stage, key: Key<Schedule<T>>, value: T, when: When): Schedule<T> {
  return later(founded(stage.read, key), key.path, value, when)
}

function later<T>(schedule: Schedule<T>, what: string, value: T, when: When): Schedule<T> {
  return scheduled(schedule, value, when) ?? refuse('CHANGE_PENDING', { what, fromHeight: schedule.at(-1)!.fromHeight })
}

function removeMember(stage: Stage, participant: string, when: When): void {
  const decides = founded(stage.read, institutionsKey).filter(isCurrentOrLater(when.height))
  if (decides.some(({ value }) => value.institutions.includes(participant))) {
    refuse('STILL_AN_INSTITUTION', { participant })
  }
  const votes = founded(stage.read, validatorsKey)
  if (lastValue(votes).some((validator) => validator.participant === participant)) {
    refuse('STILL_A_VALIDATOR', { participant })
  }
  const rolls = calendarOperators(stage.read).filter(isCurrentOrLater(when.height))
  if (rolls.some(({ value }) => value.includes(participant))) refuse('STILL_A_CALENDAR_OPERATOR', { participant })
  remove(stage, { participant }, when)
}

const isCurrentOrLater =
  (height: number) =>
  <T>(_: T, at: number, schedule: Schedule<unknown>): boolean =>
    at === schedule.length - 1 || schedule[at + 1]!.fromHeight > height

function requireMember(stage: Stage, participant: string, when: When): void {
  const member = stage.read(participantKey(participant))
  if (!member || rolesAt(member, when.fromHeight).length === 0) refuse('PARTICIPANT_NOT_FOUND', { participant })
}

function setInstitutions(stage: Stage, action: Action & { kind: 'setInstitutions' }, when: When): void {
  const { institutions, needed } = action
  if (needed < 2 || needed >= institutions.length) {
    refuse('NEEDED_OUT_OF_RANGE', { needed, institutions: institutions.length })
  }
  for (const participant of institutions) requireMember(stage, participant, when)
  const value = { institutions, needed }
  const schedule = next(stage, institutionsKey, value, when).map(({ fromHeight, value }) => ({
    fromHeight,
    value: { institutions: [...value.institutions], needed: value.needed },
  }))
  stage.emit(institutionsSet, { schedule }, [PUBLIC])
}

/** Genesis names who rolls the date; where those lost their keys, or must not any longer, others take over. */
function setCalendarOperators(
  stage: Stage,
  { operators }: Action & { kind: 'setCalendarOperators' },
  when: When,
): void {
  for (const participant of operators) requireMember(stage, participant, when)
  const before = calendarOperators(stage.read)
  if (lastValue(before).join() === operators.join()) refuse('NOTHING_CHANGES', { operators: [...operators] })
  const schedule = later(before, calendarOperatorsKey.path, operators, when)
  const data = schedule.map(({ fromHeight, value }) => ({ fromHeight, value: [...value] }))
  stage.emit(operatorsSet, { schedule: data }, [PUBLIC])
}

/** A participant may have several validators; a consensus key belongs to one. Power 0 takes it away. */
function setValidator(stage: Stage, action: Action & { kind: 'setValidator' }, when: When): void {
  const { participant, publicKey, power } = action
  const before = lastValue(founded(stage.read, validatorsKey))
  const known = before.find((one) => one.publicKey === publicKey)
  if (known && known.participant !== participant) refuse('VALIDATOR_KEY_TAKEN', { participant: known.participant })
  if (!known && power === 0) refuse('VALIDATOR_NOT_FOUND', { participant, publicKey })
  if (known?.power === power) refuse('NOTHING_CHANGES', { participant, power })
  if (power > 0) requireMember(stage, participant, when)
  if (power > 0) requireUsable(stage, publicKey)
  const others = before.filter((one) => one.publicKey !== publicKey)
  const after: Validator[] = power > 0 ? [...others, { participant, publicKey, power }] : others
  if (before.length > 0 && after.length === 0) refuse('NO_VALIDATOR_LEFT', { participant })
  if (after.length > MAX_VALIDATORS) refuse('TOO_MANY_VALIDATORS', { most: MAX_VALIDATORS })
  decideValidators(stage, after, when)
}

/**
 * One key takes the place of another in one step: were it two, five would be counted in between and one of them be
 * offline. The key before is spent for good, since it may be replaced because somebody else has it.
 */
function rotateValidatorKey(stage: Stage, action: Action & { kind: 'rotateValidatorKey' }, when: When): void {
  const { participant, publicKey, successor } = action
  const schedule = founded(stage.read, validatorsKey)
  const before = lastValue(schedule)
  const validator = before.find((one) => one.publicKey === publicKey && one.participant === participant)
  if (!validator) return refuse('VALIDATOR_NOT_FOUND', { participant, publicKey })
  requireUsable(stage, successor)
  // Also one that is about to leave, or left a moment ago: consensus may still count it.
  const taken = schedule.flatMap(({ value }) => value).find((one) => one.publicKey === successor)
  if (taken) refuse('VALIDATOR_KEY_TAKEN', { participant: taken.participant })
  const others = before.filter((one) => one !== validator)
  decideValidators(stage, [...others, { ...validator, publicKey: successor }], when)
  stage.emit(validatorKeyRotated, { participant, publicKey, successor, fromHeight: when.fromHeight }, [PUBLIC])
}

/** Refuses BAD_VALIDATOR_KEY (not a usable point of Ed25519, LEDGER.md §2), VALIDATOR_KEY_RETIRED. */
function requireUsable(stage: Stage, publicKey: string): void {
  const problem = publicKeyProblem('ed25519', publicKey)
  if (problem !== undefined) refuse('BAD_VALIDATOR_KEY', { publicKey, problem })
  const retired = stage.read(retiredValidatorKey(publicKey))
  if (retired) refuse('VALIDATOR_KEY_RETIRED', { participant: retired.participant, fromHeight: retired.fromHeight })
}

function decideValidators(stage: Stage, validators: Validator[], when: When): void {
  validators.sort((a, b) => (a.publicKey < b.publicKey ? -1 : 1))
  const schedule = next<readonly Validator[]>(stage, validatorsKey, validators, when).map(({ fromHeight, value }) => ({
    fromHeight,
    value: [...value],
  }))
  stage.emit(validatorsSet, { schedule }, [PUBLIC])
}
