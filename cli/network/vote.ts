import { randomBytes } from 'node:crypto'
import type { Action } from '#contracts/governance/actions'
import { ApiError, type Committed } from '#client/client'
import { addDays, isoDate } from '#domain/date'
import type { Say } from '#engines/say'
import type { JsonObject } from '#proof/json'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { asOperator, calling } from './as-operator.ts'
import { readManifest, type Manifest } from './manifest.ts'

/** How long the institutions of this machine have to agree: they do so at once. */
const DAYS_TO_AGREE = 7

/** Signs and sends one command of governance for an institution; answers the events. @throws ApiError when refused */
export type Perform = (
  institution: string,
  by: 'maker' | 'checker',
  method: string,
  args: JsonObject,
) => Promise<Pick<Committed, 'events'>>

/**
 * Has governance give a node's validator key its power: the first institution proposes, and one after another approves
 * until enough have. It is for a network whose institutions' keys lie on this machine; elsewhere each signs for itself.
 * @param today the ledger's business date
 * @returns who approved
 * @throws CommandFailure when all have approved that are there and it is not decided
 */
export async function decidePower(options: {
  readonly manifest: Manifest
  readonly organisation: string
  readonly power: number
  readonly institutions: readonly string[]
  readonly today: string
  readonly perform: Perform
  readonly say: Say
}): Promise<string[]> {
  const { manifest, organisation, power, institutions, today, perform, say } = options
  const action = setValidator(manifest, organisation, power)
  const [proposer] = institutions
  const proposal = `validator-${organisation}-${randomBytes(4).toString('hex')}`.slice(0, 60)
  const expiresOn = addDays(isoDate(today), DAYS_TO_AGREE)
  const reason = power > 0 ? `${organisation} runs a node and is to vote` : `${organisation} no longer votes`
  await perform(proposer!, 'maker', 'propose', { proposal, action, fromHeight: null, expiresOn, reason })
  say(`${proposer} proposes ${proposal}: power ${power} for the validator of ${organisation}`)
  const approved: string[] = []
  for (const institution of institutions) {
    const { events } = await perform(institution, 'checker', 'approve', { proposal, action, fromHeight: null })
    approved.push(institution)
    const isDecided = events.some(({ event }) => event === 'Enacted')
    say(`${institution} approves${isDecided ? ': decided' : ''}`)
    if (isDecided) return approved
  }
  throw new CommandFailure(`${approved.join(', ')} approved ${proposal}, which is not enough`)
}

function setValidator({ nodes }: Manifest, organisation: string, power: number): Action & JsonObject {
  const node = nodes.find(({ name }) => name === organisation)
  if (!node) {
    const how = `\`sluice network join --organisation ${organisation}\` gives it one`
    throw new CommandFailure(`${organisation} has no node of its own, hence no validator key; ${how}`, 2)
  }
  const publicKey = Buffer.from(node.publicKey, 'base64').toString('base64url')
  return { kind: 'setValidator', participant: organisation, publicKey, power }
}

/** `sluice network validator`: over the APIs of the nodes that run. */
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
  const perform: Perform = async (institution, by, method, args) => {
    const { client, node, url } = await asOperator(home, manifest, institution, { function: by }, ask)
    try {
      return await calling(node, url, () => client.perform(`governance.${method}`, args))
    } catch (error) {
      if (error instanceof ApiError) throw new CommandFailure(`${institution}: ${error.message}`, 1, { cause: error })
      throw error
    }
  }
  setValidator(manifest, organisation, power) // says what is missing before anything is sent
  const { client, node, url } = await asOperator(home, manifest, organisation, { function: 'viewer' })
  // As the ledger has them now: those of genesis may have been replaced since.
  const { institutions } = await calling(node, url, () => client.get<{ institutions: string[] }>('/v1/governance/institutions')) // prettier-ignore
  const { asOf: today } = await calling(node, url, () => client.get<{ asOf: string }>('/v1/business-dates/calendar'))
  await decidePower({ manifest, organisation, power, institutions, today, perform, say: print })
  print(power > 0 ? 'it votes from the next blocks on' : 'it follows without a vote from the next blocks on')
}
