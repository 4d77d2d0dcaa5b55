import type { SluiceClient } from '#client/client'
import { asDescribed } from '#contracts/as-described'
import { boundDeal } from '#contracts/bound-object'
import { describe } from '#contracts/describe'
import { registry } from '#contracts/registry'
import { reviewOf, type Review } from '#contracts/review'
import type { Command } from '#proof/command'

/**
 * What a person is shown of a command, in the words of this page's own contracts, once the node has said that its own say
 * the same: else the command would do something else.
 * @throws DescribedOtherwise; SentenceError, CanonicalError: what cannot be said in full is not signed
 */
export async function review(command: Command, client: Pick<SluiceClient, 'contracts'>): Promise<Review> {
  const own = describe(registry)
  const { methods } = await client.contracts(boundDeal(command))
  asDescribed(own, methods, `${command.contract}.${command.method}`)
  return reviewOf(own, command)
}
