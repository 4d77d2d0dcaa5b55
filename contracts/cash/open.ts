import { Stage } from '../kernel/event.ts'
import { method } from '../kernel/method.ts'
import { Fields, Id, OneOf } from '../kernel/schema.ts'
import { participantKey } from '../membership/state.ts'
import { openAccount } from './accounts.ts'
import { BANKS } from './banks.ts'
import { ACCOUNT_KINDS, accountKey } from './state.ts'

/** A bank mirrors an account it keeps for a participant. Accounts of a deal are opened by the deal itself. */
export const open = method({
  contract: 'cash',
  method: 'open',
  sentence: { zh: '为 {owner} 开立账户 {account}（{kind}）', en: 'Open account {account} ({kind}) for {owner}' },
  args: Fields({ account: Id, kind: OneOf(ACCOUNT_KINDS), owner: Id }),
  by: BANKS,
  reads: ({ account, owner }) => [accountKey(account), participantKey(owner)],
  decide(read, { args: { account, kind, owner }, caller }) {
    const stage = new Stage(read)
    openAccount(stage, { id: account, kind, owner, bank: caller.participant })
    return stage.events
  },
})
