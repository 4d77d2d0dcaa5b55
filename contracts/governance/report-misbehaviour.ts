import { doubleVoteFault } from '#proof/cometbft/index'
import { PUBLIC } from '../kernel/event.ts'
import { KEY_FUNCTIONS, method } from '../kernel/method.ts'
import { Fields } from '../kernel/schema.ts'
import { DoubleVoteFields } from './double-vote.ts'
import { refuse } from './errors.ts'
import { misbehaviourReported } from './events.ts'
import { misbehaviourKey, validatorsKey } from './state.ts'

/**
 * A member brings a validator's votes for two blocks at one place of the chain; any key of any member does, since the
 * two signatures prove it by themselves and each node checks them. The ledger records whose validator it was and does
 * nothing else: whether it goes on voting, the institutions decide.
 */
export const reportMisbehaviour = method({
  contract: 'governance',
  method: 'reportMisbehaviour',
  sentence: {
    zh: '报告验证节点 {validator} 在高度 {height} 第 {round} 轮重复投票（{type}）',
    en: 'Report that validator {validator} voted twice at height {height}, round {round} ({type})',
  },
  args: Fields(DoubleVoteFields),
  by: { functions: KEY_FUNCTIONS },
  reads: (args) => [misbehaviourKey(args), validatorsKey],
  decide(read, { args, caller }, { chainId }) {
    const { validator, height } = args
    // Those that vote, voted in the block before, or will: one that left long ago votes no more.
    const known = (read(validatorsKey) ?? []).flatMap(({ value }) => value)
    const found = known.find(({ publicKey }) => publicKey === validator)
    if (!found) return refuse('VALIDATOR_NOT_FOUND', { validator })
    if (read(misbehaviourKey(args))) refuse('ALREADY_REPORTED', { validator, height })
    const fault = doubleVoteFault(chainId, args)
    if (fault !== undefined) refuse('NOT_MISBEHAVIOUR', { validator, height, fault })
    return [
      misbehaviourReported.of({ ...args, participant: found.participant, reporter: caller.participant }, [PUBLIC]),
    ]
  },
})
