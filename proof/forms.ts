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
const anchor = { header: headerForm, signature: f.signature }

const found = f.oneOf(
  'present',
  new Map([
    [true, f.fields({ present: f.literal(true), value: f.any })],
    [false, f.fields({ present: f.literal(false) })],
  ]),
)

export const receiptForm = f.oneOf(
  'kind',
  new Map([
    [
      'command',
      f.fields({
        ...anchor,
        kind: f.literal('command'),
        command: commandForm,
        result: resultForm,
        commandProof: listProof,
        resultPath: path,
      }),
    ],
    ['event', f.fields({ ...anchor, kind: f.literal('event'), event: f.fields(eventCoreFields), proof: listProof })],
    ['key', f.fields({ ...anchor, kind: f.literal('key'), key: f.text, found, proof: stateProof })],
    [
      'topic',
      f.fields({
        ...anchor,
        kind: f.literal('topic'),
        topic: f.text,
        feed: f.fields({ count: f.count, hash: f.hash }),
        proof: stateProof,
      }),
    ],
  ]),
)
