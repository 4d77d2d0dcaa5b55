import { Type } from 'typebox'
import { Fields, HashString, Height, OneOf, OrNull } from '../kernel/schema.ts'

const Small = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })
/** Ed25519: CometBFT's validators sign with no other. */
const ConsensusKey = Type.String({ pattern: '^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$' })
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{85}[AQgw]$' })

const VoteFields = Fields({
  block: OrNull(Fields({ hash: HashString, parts: Fields({ total: Small, hash: HashString }) })),
  time: Fields({ seconds: Height, nanos: Type.Integer({ minimum: 0, maximum: 999_999_999 }) }),
  signature: Signature,
})

/** The form of proof/cometbft's DoubleVote. */
export const DoubleVoteFields = {
  validator: ConsensusKey,
  height: Height,
  round: Small,
  type: OneOf(['prevote', 'precommit']),
  votes: Type.Tuple([VoteFields, VoteFields]),
}
