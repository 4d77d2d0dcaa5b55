import type { JsonObject } from '#proof/json'
import type { Ledger } from '../port.ts'
import { signTest, testCommand } from './fixture.ts'

const EXPIRES_ON = '2011-01-15'
let proposals = 0

/** Three of five institutions agree, each by the key of a person of its own. Answers the height of the last approval. */
export async function decide(ledger: Ledger, action: JsonObject): Promise<number> {
  const proposal = `p-${(proposals += 1)}`
  const asked = { proposal, action, fromHeight: null }
  const send = async (method: string, args: JsonObject, participant: string, keyId: string) => {
    const command = testCommand(ledger.chainId, `governance.${method}`, args, { participant, keyId })
    const { outcome, position } = await ledger.submit(signTest(command))
    if (!outcome.accepted) throw new Error(JSON.stringify(outcome.refusal))
    return position.height
  }
  await send('propose', { ...asked, expiresOn: EXPIRES_ON, reason: 'test' }, 'manager', 'maker-key')
  await send('approve', asked, 'custodian', 'checker-key')
  await send('approve', asked, 'bank', 'checker-key')
  return send('approve', asked, 'exchange', 'checker-key')
}
