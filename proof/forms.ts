import { lightBlockFields, lightBlockForm } from './cometbft/forms.ts'
import * as f from './form.ts'

/** The forms of headers, results, events and receipts, field by field. */
const id = f.matching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'an identifier')

export const headerForm = f.fields({
  chainId: id,
  height: f.count,
  previous: f.hash,
  timeMs: f.count,
  commandRoot: f.hash,
  eventRoot: f.hash,
  resultRoot: f.hash,
  stateRoot: f.hash,
  genesisHash: f.hash,
})

export const commandForm = f.fields({
  chainId: id,
  contract: id,
  method: id,
  args: f.object,
  commandId: id,
  participant: id,
  keyId: id,
  issuedAt: f.count,
  expiresAt: f.count,
  head: f.optional(f.fields({ height: f.count, root: f.hash })),
})

const refusal = f.fields({ code: f.text, kind: f.text, details: f.object })

export const resultForm = f.oneOf(
  'accepted',
  new Map([
    [true, f.fields({ commandId: id, digest: f.hash, accepted: f.literal(true), events: f.count })],
    [false, f.fields({ commandId: id, digest: f.hash, accepted: f.literal(false), refusal })],
  ]),
)

const cursor = f.fields({ height: f.count, index: f.count, event: f.count })
export const eventCoreFields = { cursor, commandId: id, contract: id, event: id, data: f.object }

const path = f.listOf(f.hash, 64)
const listProof = f.fields({ index: f.count, count: f.count, path })
const stateProof = f.fields({
  siblings: f.listOf(f.hash, 256),
  neighbour: f.nullOr(f.fields({ keyHash: f.hash, valueHash: f.hash })),
})

const signedHeader = { header: headerForm, signature: f.signature }
const anchor = f.oneOf(
  'kind',
  new Map([
    ['operator', f.fields({ kind: f.literal('operator'), ...signedHeader })],
    ['cometbft', f.fields({ kind: f.literal('cometbft'), ...lightBlockFields })],
  ]),
)

const roots = { commandRoot: f.hash, eventRoot: f.hash, resultRoot: f.hash }
const history = f.fields({ count: f.count, peaks: path })
const place = f.nullOr(f.fields({ height: f.count, ...roots, index: f.count, path, history, proof: stateProof }))

const found = f.oneOf(
  'present',
  new Map([
    [true, f.fields({ present: f.literal(true), value: f.any })],
    [false, f.fields({ present: f.literal(false), keyHash: f.hash })],
  ]),
)

const amount = f.matching(/^(0|[1-9][0-9]{0,18})$/, 'an amount of fen')
const assetFields = {
  deal: id,
  version: f.count,
  slot: f.count,
  terms: f.object,
  salt: f.hash,
  currentFen: amount,
  defaultedFen: amount,
  path: f.text,
}
const asset = f.oneOf(
  'kind',
  new Map([
    ['sluice/asset/1', f.fields({ kind: f.literal('sluice/asset/1'), ...assetFields, root: f.object })],
    ['sluice/asset/2', f.fields({ kind: f.literal('sluice/asset/2'), ...assetFields })],
  ]),
)
/** Of at most 256 siblings. */
const siblings = f.matching(/^[A-Za-z0-9_-]{0,10923}$/, 'siblings in base64url')
const batchProof: f.Form = (value, at) => (typeof value === 'string' ? siblings(value, at) : stateProof(value, at))
const MAX_BLOCKS = 1_000

/** What each kind of receipt holds besides its kind. */
const RECEIPTS: readonly (readonly [kind: string, fields: Readonly<Record<string, f.Form>>])[] = [
  ['command', { command: commandForm, result: resultForm, commandProof: listProof, resultPath: path, place, anchor }],
  ['event', { event: f.fields(eventCoreFields), proof: listProof, place, anchor }],
  ['key', { key: f.text, found, proof: stateProof, anchor }],
  ['topic', { topic: f.text, feed: f.fields({ count: f.count, hash: f.hash }), proof: stateProof, anchor }],
  ['expired', { command: commandForm, digest: f.hash, proof: stateProof, next: f.nullOr(f.fields(signedHeader)), anchor }], // prettier-ignore
  ['asset', { asset, batch: f.object, proof: batchProof, anchor }],
  ['validators', { blocks: f.listOf(lightBlockForm, MAX_BLOCKS) }],
]

export const receiptForm = f.oneOf(
  'kind',
  new Map(RECEIPTS.map(([kind, own]) => [kind, f.fields({ kind: f.literal(kind), ...own })])),
)
