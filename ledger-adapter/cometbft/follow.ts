import { followLightBlock, millisOf, type LightBlock, type TrustedValidators } from '#proof/cometbft/index'
import { verifyVoteNative } from '../application/verify-native.ts'

/** What a receipt may hold (proof/forms.ts); who needs more asks again from the last of them. */
const MAX_BLOCKS = 1_000

type BlockAt = (height: number) => LightBlock | Promise<LightBlock>

/**
 * The headers by which a light client gets from one height to the latest.
 * The first is that of `from` itself, so that whoever trusts its validators learns its hash and the next validators.
 * @throws Error when the headers do not follow from one another: the node that was asked is wrong
 */
export async function blocksToFollow(
  latest: LightBlock,
  blockAt: (height: number) => Promise<LightBlock>,
  from: number,
): Promise<readonly LightBlock[]> {
  const { chainId, height: to } = latest.header
  const at: BlockAt = (height) => (height === to ? latest : blockAt(height))
  const first = await at(from)
  const trusted = { height: from, timeMs: millisOf(first.header.time), validators: first.validators, nextValidatorsHash: first.header.nextValidatorsHash } // prettier-ignore
  return [first, ...(await followed(chainId, trusted, to, at, MAX_BLOCKS - 1)).blocks]
}

/**
 * Trust in the validators of one height becomes trust in the header and the validators of a later one.
 * @throws Error when that header does not follow: the node that was asked is wrong
 */
export async function followTo(
  chainId: string,
  from: TrustedValidators,
  to: number,
  blockAt: BlockAt,
): Promise<TrustedValidators> {
  // The header of the height itself first: it says who validates the next one.
  let trusted = from.nextValidatorsHash === undefined ? (await followed(chainId, from, from.height, blockAt, 1)).trusted : from // prettier-ignore
  while (trusted.height < to) trusted = (await followed(chainId, trusted, to, blockAt, MAX_BLOCKS)).trusted
  return trusted
}

/**
 * It skips as far as a third of the validators that it knows still sign, and halves the way where they do not (light
 * client specification of CometBFT, bisection).
 */
async function followed(
  chainId: string,
  from: TrustedValidators,
  to: number,
  blockAt: BlockAt,
  most: number,
): Promise<{ readonly blocks: readonly LightBlock[]; readonly trusted: TrustedValidators }> {
  const blocks: LightBlock[] = []
  let trusted = from
  for (let target = to; blocks.length < most;) {
    if (trusted.height === to && trusted.nextValidatorsHash !== undefined) break
    const block = await blockAt(target)
    const verdict = followLightBlock(chainId, trusted, block, undefined, verifyVoteNative)
    if (verdict.ok) {
      blocks.push(block)
      trusted = verdict.trusted
      target = to
    } else {
      if (verdict.reason !== 'TOO_LITTLE_OVERLAP' || target <= trusted.height + 1) {
        throw new Error(`header ${target} does not follow from ${trusted.height}: ${verdict.reason}`)
      }
      target = Math.floor((trusted.height + target) / 2)
    }
  }
  return { blocks, trusted }
}
