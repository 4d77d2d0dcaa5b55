import type { Action } from '#contracts/governance/actions'
import { ApiError } from '#client/client'
import type { Say } from '#engines/say'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { answeringNode, asOperator, calling, headOf } from './as-operator.ts'
import { decide, type Institutions, type KnownProposal, type Perform } from './decide.ts'
import { consensusKey, readManifest, type Manifest, type NetworkNode } from './manifest.ts'
import { untilConsensusCounts } from './until-counted.ts'
import { words } from './words/index.ts'

/** The node of its own that an organisation has. @throws CommandFailure when it has none */
export function ownNode({ nodes }: Manifest, organisation: string): NetworkNode {
  const node = nodes.find(({ name }) => name === organisation)
  if (node) return node
  throw new CommandFailure(words('noOwnNode', { organisation }), 2)
}

/**
 * The institutions that decide now, as the ledger names them (those of genesis may have been replaced since), over the
 * APIs of the nodes that run: an institution whose own node is away speaks through another.
 * @param through the organisation whose node is asked
 * @param ask shown what each institution signs
 */
export async function institutionsOf(
  home: string,
  manifest: Manifest,
  { through, ask, print }: { readonly through: string; readonly ask: Ask; readonly print: Say },
): Promise<Institutions> {
  const perform: Perform = async (institution, by, method, args) => {
    const at = await answeringNode(manifest, institution)
    const { client, node, url } = await asOperator(home, manifest, institution, { function: by }, { ask, at })
    try {
      return await calling(node, url, () => client.perform(`governance.${method}`, args))
    } catch (error) {
      if (error instanceof ApiError)
        throw new CommandFailure(words('refusedTo', { institution, problem: error.message }), 1, { cause: error })
      throw error
    }
  }
  const at = await answeringNode(manifest, through)
  const { client, node, url } = await asOperator(home, manifest, through, { function: 'viewer' }, { at })
  const { institutions } = await calling(node, url, () => client.get<{ institutions: string[] }>('/v1/governance/institutions')) // prettier-ignore
  const { asOf: today } = await calling(node, url, () => client.get<{ asOf: string }>('/v1/business-dates/calendar'))
  const proposals = (): Promise<KnownProposal[]> =>
    calling(node, url, async () => {
      const found: KnownProposal[] = []
      const since = await headOf(client)
      for await (const one of client.all<KnownProposal>('/v1/governance/proposals', { at: since })) found.push(one)
      return found
    })
  return { institutions, today, perform, proposals, say: print }
}

/** `sluice network validator`: has governance give a node's validator key its power, or take it away. */
export async function setValidatorPower(options: {
  readonly home: string
  readonly organisation: string
  readonly power: number
  /** Shown what each institution signs. */
  readonly ask: Ask
  readonly print: Say
}): Promise<void> {
  const { home, organisation, power, ask, print } = options
  const manifest = await readManifest(home)
  const publicKey = consensusKey(ownNode(manifest, organisation).publicKey) // says what is missing before anything is sent
  const action: Action = { kind: 'setValidator', participant: organisation, publicKey, power }
  const reason = words(power > 0 ? 'voteReason' : 'noVoteReason', { organisation })
  const what = words('power', { power, organisation })
  const institutions = await institutionsOf(home, manifest, { through: organisation, ask, print })
  await decide({ action, subject: `validator-${organisation}`, words: what, reason }, institutions)
  await untilConsensusCounts({ home, manifest, today: institutions.today }, (powers) => (powers.get(publicKey) ?? 0) === power) // prettier-ignore
  print(words(power > 0 ? 'votesNow' : 'followsNow'))
}
