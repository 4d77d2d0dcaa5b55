import { Type } from 'typebox'
import type { Description, MethodDescription } from '#contracts/describe'
import { mayRead } from '#contracts/entitlement'
import { dealObject } from '#contracts/calendar/state'
import { bundleAt, institutionsAt } from '#contracts/governance/read'
import { bundlesKey, pinKey, validatorsKey } from '#contracts/governance/state'
import type { Executed, Ledger } from '#ledger-adapter/port'
import { LedgerEntitlement } from '#node/feed/entitlement'
import { readState } from '#node/read-state'
import { ID_PATTERN } from '#proof/command'
import type { Hash } from '#proof/hash'
import { bearerOf, type Authenticator, type SignedIn } from '../kit/caller.ts'
import { languageOf, type Language } from '../kit/language.ts'
import { notFound } from '../kit/problem.ts'
import { routeOf, type Route } from '../kit/route.ts'
import { AnySignedCommand } from './signed-command.ts'
import { Committed, positionText, submit } from './submit.ts'

export interface CommandDeps {
  readonly ledger: Ledger
  /** What a version of the contracts says of itself. */
  readonly descriptionOf: (bundle: Hash | null) => Description
  readonly authenticator: Authenticator
}
const route = routeOf<CommandDeps>('ledger')
const Id = Type.String({ pattern: ID_PATTERN })

const submitCommand = route({
  method: 'POST',
  url: '/v1/commands',
  summary: 'Any signed command, straight to the ledger',
  schema: { body: AnySignedCommand, response: { 201: Committed } },
  handler: ({ body, caller }, { ledger }) => submit(ledger, body, caller),
})

const commandOutcome = route({
  method: 'GET',
  url: '/v1/commands/{id}',
  summary: 'What became of a command, with its receipt: for who sent it and who may read its events',
  schema: {
    params: Type.Object({ id: Id }),
    querystring: Type.Object(
      {
        participant: Type.Optional(
          Type.String({ pattern: ID_PATTERN, description: "whose command; the caller's own by default" }),
        ),
      },
      { additionalProperties: false },
    ),
    response: {
      200: Type.Object({
        participant: Type.String(),
        commandId: Type.String(),
        digest: Type.String(),
        position: Type.String(),
        accepted: Type.Boolean(),
        refusal: Type.Optional(Type.Any()),
        events: Type.Array(Type.Any()),
        receipt: Type.Any({ description: 'proof/receipt.ts; verify it with proof/verify-receipt.ts' }),
      }),
    },
  },
  async handler({ params, query, caller }, { ledger }) {
    const { participant = caller.participant } = query
    const name = { participant, commandId: params.id }
    const executed = await ledger.outcome(name)
    if (!executed) throw notFound('command', params.id)
    const isAuthor = participant === caller.participant
    const events = await visibleEvents(ledger, executed, caller)
    if (!isAuthor && events.length === 0) throw notFound('command', params.id)
    const { commandId, digest, outcome } = executed
    const refusal = outcome.accepted ? {} : { refusal: outcome.refusal }
    // The receipt carries the whole command: it goes to its author alone.
    const proof = isAuthor ? await ledger.prove({ kind: 'command', ...name }) : null
    return {
      participant,
      commandId,
      digest,
      position: positionText(executed),
      accepted: outcome.accepted,
      ...refusal,
      events,
      receipt: proof,
    }
  },
})

async function visibleEvents(ledger: Ledger, { outcome }: Executed, { participant }: SignedIn) {
  if (!outcome.accepted) return []
  const topics = [...new Set(outcome.events.flatMap((event) => event.topics.map(({ topic }) => topic)))]
  const readable = await new LedgerEntitlement(ledger, mayRead).readable(participant, topics)
  return outcome.events.flatMap(({ cursor, contract, event, data, topics: entries }) => {
    const mine = entries.filter(({ topic }) => readable.has(topic))
    return mine.length > 0 ? [{ cursor, contract, event, data, topics: mine }] : []
  })
}

const served = new WeakMap<Description, Map<Language, string>>()

/** The methods and events of a version, as the fields of the answer that they are. Half a megabyte: written once. */
function servedText(description: Description, language: Language): string {
  const texts = served.get(description) ?? new Map<Language, string>()
  served.set(description, texts)
  let text = texts.get(language)
  if (text === undefined) {
    const { contracts } = description
    const methods = contracts.flatMap((contract) => contract.methods.map((method) => methodOf(method, language)))
    const events = contracts.flatMap(({ name, events: own }) =>
      own.map(({ event, ...rest }) => ({ name: `${name}.${event}`, ...rest })),
    )
    text = JSON.stringify({ methods, events }).slice(1, -1)
    texts.set(language, text)
  }
  return text
}

const methodOf = ({ sentence, roles, functions, ...rest }: MethodDescription, language: Language) => ({
  ...rest,
  sentence: sentence[language],
  sentences: sentence,
  by: { roles, functions },
})

const contracts = route({
  method: 'GET',
  url: '/v1/contracts',
  summary:
    'Every method and event: fields with units and who learns them, who may call, the sentence a signer agrees to',
  open: true,
  schema: {
    querystring: Type.Object(
      {
        deal: Type.Optional(Type.String({ pattern: ID_PATTERN, description: 'signed in: what decides its commands' })),
      },
      { additionalProperties: false },
    ),
    response: {
      200: Type.Object({
        chainId: Type.String(),
        bundle: Type.Union([Type.String(), Type.Null()], {
          description: 'the version that decides the next block, or the deal; null: sources',
        }),
        versions: Type.Array(Type.Any(), { description: 'which version from which height, as governance decided' }),
        methods: Type.Array(Type.Any()),
        events: Type.Array(Type.Any()),
      }),
    },
  },
  async handler({ query: { deal }, request, reply }, { ledger, descriptionOf, authenticator }) {
    // Whether there is such a deal is not for everybody.
    if (deal !== undefined) await authenticator.authenticate(bearerOf(request))
    const { bundle, versions } = await readState(ledger, (read, height) => {
      const pin = deal === undefined ? undefined : read(pinKey(dealObject(deal)))
      return { bundle: pin ? pin.bundle : bundleAt(read, height + 1), versions: [...(read(bundlesKey) ?? [])] }
    })
    const head = JSON.stringify({ chainId: ledger.chainId, bundle, versions }).slice(0, -1)
    const language = languageOf(request.headers['accept-language'])
    void reply.type('application/json; charset=utf-8').serializer(String)
    return `${head},${servedText(descriptionOf(bundle), language)}}`
  },
})

const institutions = route({
  method: 'GET',
  url: '/v1/governance/institutions',
  summary: 'Who decides about the consortium in the next block, and how many of them are needed',
  open: true,
  schema: { response: { 200: Type.Object({ institutions: Type.Array(Type.String()), needed: Type.Integer() }) } },
  async handler(_context, { ledger }) {
    const { institutions: ids, needed } = await readState(ledger, (read, height) => institutionsAt(read, height + 1))
    return { institutions: [...ids], needed }
  },
})

const validators = route({
  method: 'GET',
  url: '/v1/governance/validators',
  summary: 'Who votes in consensus, from which height on, as governance decided; consensus counts it two blocks later',
  open: true,
  schema: {
    response: {
      200: Type.Object({
        schedule: Type.Array(
          Type.Object({
            fromHeight: Type.Integer(),
            validators: Type.Array(
              Type.Object({ participant: Type.String(), publicKey: Type.String(), power: Type.Integer() }),
            ),
          }),
        ),
      }),
    },
  },
  async handler(_context, { ledger }) {
    const schedule = await readState(ledger, (read) => read(validatorsKey) ?? [])
    return { schedule: schedule.map(({ fromHeight, value }) => ({ fromHeight, validators: [...value] })) }
  },
})

const head = route({
  method: 'GET',
  url: '/v1/head',
  summary: 'The last committed block',
  open: true,
  schema: {
    response: {
      200: Type.Object({
        chainId: Type.String(),
        height: Type.Integer(),
        timeMs: Type.Integer(),
        headerHash: Type.String(),
      }),
    },
  },
  handler: async (_request, { ledger }) => ({ chainId: ledger.chainId, ...(await ledger.head()) }),
})

export const commandRoutes: readonly Route<CommandDeps>[] = [
  submitCommand,
  commandOutcome,
  contracts,
  institutions,
  validators,
  head,
]
