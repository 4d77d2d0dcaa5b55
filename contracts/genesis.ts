import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { isIsoDate } from '#domain/date'
import { isUscc } from '#domain/uscc'
import type { JsonObject } from '#proof/json'
import { foundingDocument } from '#proof/predecessor'
import { CURVES, publicKeyProblem, type Curve } from '#proof/public-key'
import { Needed, InstitutionIds, MAX_VALIDATORS, SomeParameters, ValidatorFields } from './governance/actions.ts'
import { bundleActivated, institutionsSet, parametersSet, validatorsSet } from './governance/events.ts'
import { DEFAULT_PARAMETERS } from './governance/state.ts'
import { calendarOpened } from './calendar/events.ts'
import { CLOCKS } from './calendar/state.ts'
import { PUBLIC, type EventRecord } from './kernel/event.ts'
import { BilingualText, DateString, Fields, HashString, Id, OneOf, OrNull, Text } from './kernel/schema.ts'
import {
  consortiumFounded,
  Functions,
  keyRegistered,
  LimitFen,
  operatorAdded,
  participantAdmitted,
  PublicKey,
  Roles,
  UsccText,
} from './membership/events.ts'
import { OPERATOR_KINDS, unsuitableFunction } from './membership/state.ts'

const GenesisKey = Fields({
  keyId: Id,
  curve: OneOf(CURVES),
  publicKey: PublicKey,
  functions: Functions,
  limitFen: LimitFen,
})
const GenesisOperator = Fields({
  id: Id,
  kind: OneOf(OPERATOR_KINDS),
  keys: Type.Array(GenesisKey, { minItems: 1, maxItems: 50 }),
})
const GenesisParticipant = Fields({
  id: Id,
  name: BilingualText,
  uscc: UsccText,
  roles: Roles,
  operators: Type.Array(GenesisOperator, { minItems: 1, maxItems: 200 }),
})

/** Who decides about the consortium from the first block on: any `needed` of the institutions. */
const GenesisGovernance = Fields({
  institutions: InstitutionIds,
  needed: Needed,
  /** Others than the usual limits. */
  parameters: Type.Optional(SomeParameters),
  /** Who votes in consensus at first; none on an embedded ledger. */
  validators: Type.Array(ValidatorFields, { maxItems: MAX_VALIDATORS }),
  /** The version of the contracts, SHA-256 of its bundle; null: the sources that every node is built from. */
  bundle: OrNull(HashString),
})

/** The first facts of a ledger, as its founders agree on them. Its hash is the root of everything after. */
export const GenesisDocument = Fields({
  name: Text,
  clock: OneOf(CLOCKS),
  startDate: DateString,
  calendarOperators: Type.Array(Id, { minItems: 1, maxItems: 100, uniqueItems: true }),
  participants: Type.Array(GenesisParticipant, { minItems: 1, maxItems: 1000 }),
  ledgerOperator: Fields({ publicKey: PublicKey }),
  governance: GenesisGovernance,
})
export type GenesisDocument = Static<typeof GenesisDocument>

export class GenesisError extends Error {
  override readonly name = 'GenesisError'
  readonly code = 'BAD_GENESIS'
  constructor(
    /** JSON pointer into the document */
    readonly path: string,
    readonly problem: string,
  ) {
    super(`BAD_GENESIS at ${path || '/'}: ${problem}`)
  }
}

/**
 * Checks a document of unknown origin.
 * @throws GenesisError naming the path and the problem
 */
export function parseGenesis(value: unknown): GenesisDocument {
  if (!Value.Check(GenesisDocument, value)) {
    const [first] = Value.Errors(GenesisDocument, value)
    throw new GenesisError(first?.instancePath ?? '', first?.message ?? 'does not fit the schema')
  }
  if (!isIsoDate(value.startDate)) throw new GenesisError('/startDate', `no such day: ${value.startDate}`)
  checkPublicKey('ed25519', value.ledgerOperator.publicKey, '/ledgerOperator/publicKey')
  const participants = new Unique()
  const usccs = new Unique()
  const publicKeys = new Unique()
  value.participants.forEach((participant, p) => {
    const at = `/participants/${p}`
    participants.add(participant.id, `${at}/id`)
    if (!isUscc(participant.uscc))
      throw new GenesisError(`${at}/uscc`, 'not a USCC (GB 32100-2015): form or check character')
    usccs.add(participant.uscc, `${at}/uscc`)
    const operators = new Unique()
    const keyIds = new Unique()
    participant.operators.forEach((operator, o) => {
      operators.add(operator.id, `${at}/operators/${o}/id`)
      operator.keys.forEach((key, k) => {
        keyIds.add(key.keyId, `${at}/operators/${o}/keys/${k}/keyId`)
        const unsuitable = unsuitableFunction(operator.kind, key.functions)
        if (unsuitable) {
          throw new GenesisError(`${at}/operators/${o}/keys/${k}/functions`, `a service cannot be ${unsuitable}`)
        }
        checkPublicKey(key.curve, key.publicKey, `${at}/operators/${o}/keys/${k}/publicKey`)
        publicKeys.add(key.publicKey, `${at}/operators/${o}/keys/${k}/publicKey`)
      })
    })
  })
  value.calendarOperators.forEach((id, i) => {
    if (!participants.has(id)) throw new GenesisError(`/calendarOperators/${i}`, `no participant ${id}`)
  })
  checkGovernance(value.governance, participants)
  return value
}

function checkGovernance({ institutions, needed, validators }: GenesisDocument['governance'], members: Unique): void {
  const at = '/governance'
  if (needed >= institutions.length) {
    throw new GenesisError(`${at}/needed`, `${needed} of ${institutions.length}: one institution must be able to fail`)
  }
  institutions.forEach((id, i) => {
    if (!members.has(id)) throw new GenesisError(`${at}/institutions/${i}`, `no participant ${id}`)
  })
  const keys = new Unique()
  validators.forEach(({ participant, publicKey, power }, i) => {
    const here = `${at}/validators/${i}`
    if (!members.has(participant)) throw new GenesisError(`${here}/participant`, `no participant ${participant}`)
    checkPublicKey('ed25519', publicKey, `${here}/publicKey`)
    keys.add(publicKey, `${here}/publicKey`)
    if (power < 1) throw new GenesisError(`${here}/power`, 'at least 1')
  })
}

function checkPublicKey(curve: Curve, text: string, path: string): void {
  const problem = publicKeyProblem(curve, text)
  if (problem !== undefined) throw new GenesisError(path, problem)
}

class Unique {
  private readonly first = new Map<string, string>()
  add(text: string, path: string): void {
    const before = this.first.get(text)
    if (before !== undefined) throw new GenesisError(path, `${text} stands at ${before} already`)
    this.first.set(text, path)
  }
  has(text: string): boolean {
    return this.first.has(text)
  }
}

/** The document that block 0 follows from: its own, or that of the ledger that the chain continues. */
export const foundingGenesis = (document: JsonObject): GenesisDocument => parseGenesis(foundingDocument(document))

/**
 * The events of block 0: who the members are, and where the calendar begins. Keys are valid from height 0. A chain that
 * continues another has that one's.
 * @throws GenesisError
 */
export function genesisEvents(document: GenesisDocument): EventRecord[] {
  const founding = foundingGenesis(document as unknown as JsonObject)
  const { name, clock, startDate, calendarOperators, participants, ledgerOperator, governance } = founding
  return [
    consortiumFounded.of({ name, ledgerOperator: { curve: 'ed25519', ...ledgerOperator } }, [PUBLIC]),
    ...participants.flatMap((participant) => [
      participantAdmitted.of(
        {
          participant: participant.id,
          name: participant.name,
          uscc: participant.uscc,
          roles: participant.roles,
          fromHeight: 0,
        },
        [PUBLIC],
      ),
      ...participant.operators.flatMap((operator) => operatorEvents(participant.id, operator)),
    ]),
    calendarOpened.of({ clock, date: startDate, operators: calendarOperators }, [PUBLIC]),
    ...governanceEvents(governance),
  ]
}

function governanceEvents(governance: GenesisDocument['governance']): EventRecord[] {
  const { institutions, needed, parameters = {}, validators, bundle } = governance
  const from0 = <T>(value: T) => ({ schedule: [{ fromHeight: 0, value }] })
  const byKey = [...validators].sort((a, b) => (a.publicKey < b.publicKey ? -1 : 1))
  return [
    institutionsSet.of(from0({ institutions, needed }), [PUBLIC]),
    validatorsSet.of(from0(byKey), [PUBLIC]),
    bundleActivated.of(from0(bundle), [PUBLIC]),
    parametersSet.of(from0({ ...DEFAULT_PARAMETERS, ...parameters }), [PUBLIC]),
  ]
}

function operatorEvents(participant: string, { id, kind, keys }: Static<typeof GenesisOperator>): EventRecord[] {
  return [
    operatorAdded.of({ participant, operator: id, kind }, [PUBLIC]),
    ...keys.map((key) => keyRegistered.of({ participant, operator: id, ...key, fromHeight: 0 }, [PUBLIC])),
  ]
}
