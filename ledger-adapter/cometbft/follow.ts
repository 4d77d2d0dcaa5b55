import { followLightBlock, millisOf, type LightBlock, type TrustedValidators } from '#proof/cometbft/index'

/** What a receipt may hold (proof/forms.ts); who needs more asks again from the last of them. */
const MAX_BLOCKS = 1_000

/**
 * The headers by which a light client gets from one height to the latest: it skips as far as a third of the validators
 * that it knows still sign, and halves the way where they do not (light client specification of CometBFT, bisection).
 * The first is that of `from` itself, so that whoever trusts its validators learns its hash and the next validators.
 * @throws Error when the headers do not follow from one another: the node that was asked is wrong
 */
export async function blocksToFollow(
  latest: LightBlock,
  blockAt: (height: number) => Promise<LightBlock>,
  from: number,
): Promise<readonly LightBlock[]> {
  const { chainId, height: to } = latest.header
  const at = (height: number): LightBlock | Promise<LightBlock> => (height === to ? latest : blockAt(height))
  const first = await at(from)
  const blocks = [first]
  let trusted: TrustedValidators = { height: from, timeMs: millisOf(first.header.time), validators: first.validators, nextValidatorsHash: first.header.nextValidatorsHash } // prettier-ignore
  for (let target = to; trusted.height < to && blocks.length < MAX_BLOCKS;) {
    const block = await at(target)
    const verdict = followLightBlock(chainId, trusted, block)
    if (verdict.ok) {
      blocks.push(block)
      trusted = verdict.trusted
      target = to
    } else {
      if (verdict.reason !== 'TOO_LITTLE_OVERLAP') {
        throw new Error(`header ${target} does not follow from ${trusted.height}: ${verdict.reason}`)
      }
      target = Math.floor((trusted.height + target) / 2)
    }
  }
  return blocks
}
