import { SluiceClient, type ServedContracts } from '#client/client'
import { asDescribed, DescribedOtherwise } from '#contracts/as-described'
import { boundDeal } from '#contracts/bound-object'
import { describe } from '#contracts/describe'
import { registry } from '#contracts/registry'
import type { Keyring } from '#node/keys/keyring'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { clientSigner } from './keys.ts'

/** Asks a node. @throws CommandFailure when it does not answer as a node does */
export async function servedBy(url: string): Promise<ServedContracts> {
  try {
    const response = await fetch(new URL('/v1/contracts', url))
    const body = (await response.json()) as Partial<ServedContracts>
    if (response.ok && Array.isArray(body.versions) && Array.isArray(body.methods)) return body as ServedContracts
  } catch (error) {
    throw new CommandFailure(`${url}: no node answers`, 1, { cause: error })
  }
  throw new CommandFailure(`${url}: does not answer as a node does`)
}

/**
 * Asks only about what the node describes as this program does: a command that it will decide by other rules is shown to
 * nobody and not signed.
 * @param client of the node that the command goes to
 * @throws CommandFailure where it describes it otherwise; what the client throws
 */
export const askAsDescribed =
  (client: () => Pick<SluiceClient, 'contracts'>, ask: Ask): Ask =>
  async (review) => {
    const { contract, method } = review.command
    const { methods } = await client().contracts(boundDeal(review.command))
    try {
      asDescribed(describe(registry), methods, `${contract}.${method}`)
    } catch (error) {
      if (error instanceof DescribedOtherwise) throw new CommandFailure(error.message, 1, { cause: error })
      throw error
    }
    return ask(review)
  }

/** A client of a node that signs as one operator what the node describes as this program does. */
export function operatorClient(url: string, keyring: Keyring, operator: string, ask: Ask): SluiceClient {
  const client: SluiceClient = new SluiceClient({
    url,
    signer: clientSigner(
      keyring,
      operator,
      askAsDescribed(() => client, ask),
    ),
  })
  return client
}
