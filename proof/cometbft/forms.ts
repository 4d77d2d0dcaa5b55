import * as f from '../form.ts'

/** The forms of types.ts, field by field. */
const MAX_VALIDATORS = 1_000

const chainId = f.matching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,49}$/, 'a chain id of at most 50 characters')
const appHash = f.matching(/^(?:[0-9a-f]{2}){0,64}$/, 'at most 64 bytes of hex')
const address = f.matching(/^[0-9a-f]{40}$/, 'an address of 40 hex digits')
const publicKey = f.matching(/^[A-Za-z0-9_-]{43}$/, 'a public key of 43 base64url characters')
const nanos: f.Form = (value, path) => {
  f.count(value, path)
  if ((value as number) >= 1_000_000_000) throw new f.FormError(path, 'less than a second')
}
const small: f.Form = (value, path) => {
  f.count(value, path)
  if ((value as number) >= 2 ** 31) throw new f.FormError(path, 'less than 2^31')
}
const positive: f.Form = (value, path) => {
  f.count(value, path)
  if (value === 0) throw new f.FormError(path, 'more than nothing')
}

export const timestampForm = f.fields({ seconds: f.count, nanos })
const parts = f.fields({ total: small, hash: f.hash })

export const cometHeaderForm = f.fields({
  version: f.fields({ block: f.count, app: f.count }),
  chainId,
  height: positive,
  time: timestampForm,
  lastBlockId: f.nullOr(f.fields({ hash: f.hash, parts })),
  lastCommitHash: f.hash,
  dataHash: f.hash,
  validatorsHash: f.hash,
  nextValidatorsHash: f.hash,
  consensusHash: f.hash,
  appHash,
  lastResultsHash: f.hash,
  evidenceHash: f.hash,
  proposerAddress: address,
})

const voteForm = { time: timestampForm, signature: f.signature }
const signatureForm = f.oneOf(
  'vote',
  new Map([
    ['block', f.fields({ vote: f.literal('block'), ...voteForm })],
    ['nil', f.fields({ vote: f.literal('nil'), ...voteForm })],
  ]),
)

export const commitForm = f.fields({
  round: small,
  parts,
  signatures: f.listOf(f.nullOr(signatureForm), MAX_VALIDATORS),
})

export const validatorsForm = f.listOf(f.fields({ publicKey, power: positive }), MAX_VALIDATORS)

export const lightBlockFields = { header: cometHeaderForm, commit: commitForm, validators: validatorsForm }
export const lightBlockForm = f.fields(lightBlockFields)
