// `sluice network validator --rotate` (docs/adr/035).
import type { Action } from '#contracts/governance/actions'
import { cometStatus } from '#engines/cometbft/rpc'
import { sleep, type Say } from '#engines/say'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { answeringNode, calling, keyringOf } from './as-operator.ts'
import { decide, type Institutions } from './decide.ts'
import { consensusKey, readManifest, type Manifest, type NetworkNode } from './manifest.ts'
import { untilConsensusCounts } from './until-counted.ts'
import { nextKey, nextKeyFile, publicKeyIn, votingKeyFile } from './validator-key.ts'
import { institutionsOf, ownNode } from './vote.ts'
import { words } from './words/index.ts'

const SWAPPED_WITHIN_MS = 120_000

/**
 * Gives a node's validator another key: makes it, has governance decide that it takes the place of the one before, waits
 * until consensus counts it, and until the network's supervisor has swapped the files. Cut short anywhere and asked again,
 * it goes on with the key that it made.
 * @throws CommandFailure when the organisation has no vote, or the supervisor does not swap
 */
export async function rotateValidatorKey(options: {
  readonly home: string
  readonly organisation: string
  /** Shown what each institution signs. */
  readonly ask: Ask
  readonly print: Say
}): Promise<void> {
  const { home, organisation, ask, print } = options
  const manifest = await readManifest(home)
  const node = ownNode(manifest, organisation)
  const institutions = await institutionsOf(home, manifest, { through: organisation, ask, print })
  const successor = await decided(home, manifest, organisation, institutions)
  await untilConsensusCounts({ home, manifest, today: institutions.today }, (powers) => powers.has(successor))
  await untilSwapped(home, node, successor)
  print(words('keyVotes', { organisation, successor }))
}

/** The key that governance lets follow: asked for now, or decided on when this was cut short. */
async function decided(
  home: string,
  manifest: Manifest,
  organisation: string,
  institutions: Institutions,
): Promise<string> {
  const [own, waiting] = await Promise.all(
    [votingKeyFile, nextKeyFile].map(async (file) => {
      const key = await publicKeyIn(file(home, organisation))
      return key === undefined ? undefined : consensusKey(key)
    }),
  )
  const isValidator = await validatorKeysOf(manifest, organisation)
  if (waiting !== undefined && isValidator(waiting)) {
    institutions.say(words('keyDecided', { key: waiting }))
    return waiting
  }
  if (own === undefined || !isValidator(own)) {
    throw new CommandFailure(words('noVote', { organisation }), 2)
  }
  const successor = consensusKey(await nextKey(home, organisation))
  const action: Action = { kind: 'rotateValidatorKey', participant: organisation, publicKey: own, successor }
  const what = words('key', { organisation, successor })
  const reason = words('keyReason', { organisation })
  const asks = await canPropose(home, organisation)
  await decide({ action, subject: `rotate-${organisation}`, words: what, reason, ...(asks && { proposer: organisation }) }, institutions) // prettier-ignore
  return successor
}

/** Which keys governance knows as those of the organisation's validators, as decided last. */
async function validatorKeysOf(manifest: Manifest, organisation: string): Promise<(publicKey: string) => boolean> {
  const node = await answeringNode(manifest, organisation)
  const url = `http://127.0.0.1:${node.ports.http}`
  const { schedule } = await calling(node, url, async () => {
    const response = await fetch(`${url}/v1/governance/validators`)
    return (await response.json()) as Schedule
  })
  const own = schedule.at(-1)?.validators.filter(({ participant }) => participant === organisation) ?? []
  return (publicKey) => own.some((one) => one.publicKey === publicKey)
}

interface Schedule {
  readonly schedule: readonly {
    readonly validators: readonly { readonly participant: string; readonly publicKey: string }[]
  }[]
}

/** Whose validator it is asks by its own maker; where it has none, an institution proposes. */
async function canPropose(home: string, organisation: string): Promise<boolean> {
  const { signers } = await keyringOf(home, organisation)
  return signers.some(({ functions }) => functions.includes('maker'))
}

async function untilSwapped(home: string, { name, ports }: NetworkNode, successor: string): Promise<void> {
  const rpc = `http://127.0.0.1:${ports.rpc}`
  const isSwapped = async (): Promise<boolean> => {
    const own = await publicKeyIn(votingKeyFile(home, name))
    if (own === undefined || consensusKey(own) !== successor) return false
    const status = await cometStatus(rpc).catch(() => undefined)
    return status !== undefined && status.votingPower > 0
  }
  for (const until = Date.now() + SWAPPED_WITHIN_MS; !(await isSwapped()); await sleep(200)) {
    if (Date.now() < until) continue
    throw new CommandFailure(words('notSwapped', { successor, name })) // prettier-ignore
  }
}
