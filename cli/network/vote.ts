import type { Action } from '#contracts/governance/actions'
import { ApiError } from '#client/client'
import type { Say } from '#engines/say'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { asOperator, calling } from './as-operator.ts'
import { decide, type Institutions, type Perform } from './decide.ts'
import { readManifest, type Manifest } from './manifest.ts'

function setValidator({ nodes }: Manifest, organisation: string, power: number): Action {
  const node = nodes.find(({ name }) => name === organisation)
  if (!node) {
    const how = `\`sluice network join --organisation ${organisation}\` gives it one`
    throw new CommandFailure(`${organisation} has no node of its own, hence no validator key; ${how}`, 2)
  }
  const publicKey = Buffer.from(node.publicKey, 'base64').toString('base64url')
  return { kind: 'setValidator', participant: organisation, publicKey, power }
}

/**
 * The institutions that decide now, as the ledger names them (those of genesis may have been replaced since), over the
 * APIs of the nodes that run.
 * @param through the organisation whose node is asked
 * @param ask shown what each institution signs
 */
export async function institutionsOf(
  home: string,
  manifest: Manifest,
  { through, ask, print }: { readonly through: string; readonly ask: Ask; readonly print: Say },
): Promise<Institutions> {
  const perform: Perform = async (institution, by, method, args) => {
    const { client, node, url } = await asOperator(home, manifest, institution, { function: by }, ask)
    try {
      return await calling(node, url, () => client.perform(`governance.${method}`, args))
    } catch (error) {
      if (error instanceof ApiError) throw new CommandFailure(`${institution}: ${error.message}`, 1, { cause: error })
      throw error
    }
  }
  const { client, node, url } = await asOperator(home, manifest, through, { function: 'viewer' })
  const { institutions } = await calling(node, url, () => client.get<{ institutions: string[] }>('/v1/governance/institutions')) // prettier-ignore
  const { asOf: today } = await calling(node, url, () => client.get<{ asOf: string }>('/v1/business-dates/calendar'))
  return { institutions, today, perform, say: print }
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
  const action = setValidator(manifest, organisation, power) // says what is missing before anything is sent
  const reason = power > 0 ? `${organisation} runs a node and is to vote` : `${organisation} no longer votes`
  const words = `power ${power} for the validator of ${organisation}`
  const institutions = await institutionsOf(home, manifest, { through: organisation, ask, print })
  await decide({ action, subject: `validator-${organisation}`, words, reason }, institutions)
  print(power > 0 ? 'it votes from the next blocks on' : 'it follows without a vote from the next blocks on')
}
