import { Type, type TSchema } from 'typebox'
import { bookKey } from '#contracts/asset-registry/state'
import { dealTopic, REGULATOR } from '#contracts/kernel/event'
import { parseCursor, type EventCursor } from '#ledger-adapter/port'
import { readOne } from '#node/read-state'
import { assetReceipt } from '#proof/asset-receipt'
import { canonicalJson } from '#proof/canonical'
import { ID_PATTERN, MAX_LIFETIME_MS, type Command } from '#proof/command'
import type { Json } from '#proof/json'
import type { KeyReceipt } from '#proof/receipt'
import { batchKeyOf } from '#proof/verify-asset'
import { AnySignedCommand } from '../commands/signed-command.ts'
import { forbidden, badRequest, notFound } from '../kit/problem.ts'
import { routeOf, type Route } from '../kit/route.ts'
import { At } from '../reading/routes.ts'
import { mustRead, reach, topicsOfEvent, type ProofDeps } from './access.ts'

/** A proof shows what it proves: the same rule of visibility as for the thing itself. */
const route = routeOf<ProofDeps>('proofs')
const Id = Type.String({ pattern: ID_PATTERN })
const Name = Type.String({ minLength: 1, maxLength: 200 })
const Height = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const AtHeight = Type.Optional(Type.Integer({ ...Height, description: 'after that block: one of the last 1,000' }))
const querystring = Type.Object({ at: At }, { additionalProperties: false })
const ofState = Type.Object({ at: At, height: AtHeight }, { additionalProperties: false })

/** The receipt's own schema is `proof/forms.ts`; here its kind alone, so that the answer is not taken apart twice. */
const receiptOf = (kind: string): { 200: TSchema } => ({
  200: Type.Object(
    { kind: Type.Literal(kind) },
    { additionalProperties: true, description: `proof/receipt.ts, kind ${kind}; verify it with proof/verify-receipt.ts or \`sluice verify\`` }, // prettier-ignore
  ),
})
const heightOf = ({ height }: { height?: number }) => (height === undefined ? {} : { height })

const command = route({
  method: 'GET',
  url: '/v1/proofs/commands/{id}',
  summary: "Receipt of one's own command",
  schema: { params: Type.Object({ id: Id }), querystring, response: receiptOf('command') },
  async handler({ params, query, caller }, deps) {
    await reach(deps, query.at)
    return deps.ledger.prove({ kind: 'command', participant: caller.participant, commandId: params.id })
  },
})

const event = route({
  method: 'GET',
  url: '/v1/proofs/events/{id}',
  summary: 'Proof that an event happened; the id is its cursor',
  schema: { params: Type.Object({ id: Name }), querystring, response: receiptOf('event') },
  async handler({ params: { id }, query, caller }, deps) {
    const cursor = cursorOf(id)
    await reach(deps, query.at)
    await mustRead(deps, caller, await topicsOfEvent(deps.ledger, cursor), () => notFound('event', id))
    return deps.ledger.prove({ kind: 'event', cursor })
  },
})

function cursorOf(id: string): EventCursor {
  try {
    return parseCursor(id)
  } catch {
    throw badRequest('BAD_REQUEST', [{ field: '/path/id', problem: 'height.index.event expected' }])
  }
}

const topic = route({
  method: 'GET',
  url: '/v1/proofs/topics/{id}',
  summary: 'Proof of how many events a topic has, and of their chained hash',
  schema: { params: Type.Object({ id: Name }), querystring: ofState, response: receiptOf('topic') },
  async handler({ params: { id }, query, caller }, deps) {
    await reach(deps, query.at)
    await mustRead(deps, caller, [id], () => notFound('topic', id))
    return deps.ledger.prove({ kind: 'topic', topic: id, ...heightOf(query) })
  },
})

const key = route({
  method: 'GET',
  url: '/v1/proofs/keys/{key}',
  summary: 'Proof of what stands under a key of the state, or that nothing does: for who may read every topic',
  schema: {
    params: Type.Object({ key: Type.String({ minLength: 1, maxLength: 1_000 }) }),
    querystring: ofState,
    response: receiptOf('key'),
  },
  async handler({ params, query, caller }, deps) {
    await reach(deps, query.at)
    await mustRead(deps, caller, [REGULATOR], () => notFound('key', params.key))
    return deps.ledger.prove({ kind: 'key', key: params.key, ...heightOf(query) })
  },
})

const expired = route({
  method: 'POST',
  url: '/v1/proofs/expired',
  summary: "Proof that one's own command expired without trace; while its id would still be remembered",
  schema: {
    querystring,
    body: Type.Object({ command: AnySignedCommand.properties.command }, { additionalProperties: false }),
    response: receiptOf('expired'),
  },
  async handler({ body, query, caller }, deps) {
    const asked = body.command as Command
    const { participant, chainId, issuedAt, expiresAt } = asked
    if (participant !== caller.participant) {
      throw forbidden('ANOTHER_PARTICIPANT', `the command is of ${participant}, the token of ${caller.participant}`)
    }
    if (chainId !== deps.ledger.chainId) {
      throw badRequest('WRONG_CHAIN', [{ field: '/body/command/chainId', problem: `this is ${deps.ledger.chainId}` }])
    }
    if (expiresAt < issuedAt || expiresAt - issuedAt > MAX_LIFETIME_MS) {
      const problem = `from issuedAt to ${MAX_LIFETIME_MS} ms after it`
      throw badRequest('BAD_LIFETIME', [{ field: '/body/command/expiresAt', problem }])
    }
    await reach(deps, query.at)
    return deps.ledger.prove({ kind: 'expired', command: asked })
  },
})

const asset = route({
  method: 'GET',
  url: '/v1/proofs/deals/{deal}/assets/{asset}',
  summary: 'Proof that an asset is in its batch with its terms and balances: where this organisation holds the tape',
  schema: {
    params: Type.Object({ deal: Id, asset: Name }),
    querystring: Type.Object(
      {
        at: At,
        version: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'of the batch; the effective one by default' })), // prettier-ignore
      },
      { additionalProperties: false },
    ),
    response: receiptOf('asset'),
  },
  async handler({ params, query, caller }, deps) {
    const { ledger, assets } = deps
    const missing = () => notFound('asset', `${params.deal}/${params.asset}`)
    await reach(deps, query.at)
    await mustRead(deps, caller, [dealTopic(params.deal)], missing)
    const version = query.version ?? (await readOne(ledger, bookKey(params.deal)))?.effective ?? undefined
    const asked = { participant: caller.participant, ...params }
    const proof = await assets?.prove(version === undefined ? asked : { ...asked, version })
    if (!proof) throw missing()
    const batch = await ledger.prove({ kind: 'key', key: batchKeyOf(proof.deal, proof.version) })
    const inState = batch as unknown as KeyReceipt
    // On the tape already, not yet proposed on the ledger.
    if (!inState.found.present) throw notFound('batch', `${proof.deal}/${proof.version}`)
    return assetReceipt(inState, proof)
  },
})

const validators = route({
  method: 'GET',
  url: '/v1/proofs/validators',
  summary: 'Headers by which a verifier follows from the validators of a height to those of now',
  schema: {
    querystring: Type.Object(
      { at: At, from: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'the height of the verifier’s trust; 1 by default' })) }, // prettier-ignore
      { additionalProperties: false },
    ),
    response: receiptOf('validators'),
  },
  async handler({ query }, deps) {
    await reach(deps, query.at)
    return deps.ledger.prove({ kind: 'validators', from: query.from ?? 1 })
  },
})

/** The bytes of an answer are those that a verifier is given: it refuses a receipt that is not canonical JSON. */
const inCanonicalForm = (one: Route<ProofDeps>): Route<ProofDeps> => ({
  ...one,
  async handler(request, deps) {
    const receipt = await one.handler(request, deps)
    void request.reply.type('application/json; charset=utf-8').serializer((answer: Json) => canonicalJson(answer))
    return receipt
  },
})

export const proofRoutes: readonly Route<ProofDeps>[] = [command, event, topic, key, expired, asset, validators].map(
  inCanonicalForm,
)
