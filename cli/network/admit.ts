// `sluice network admit`: a new member of the consortium, on the ledger and in the network's folder.
import { join } from 'node:path'
import type { Action } from '#contracts/governance/actions'
import { sleep, type Say } from '#engines/say'
import { claim } from '#engines/claim'
import type { Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { spoken } from '../language.ts'
import { keyIdOf, type Member } from '../demo/consortium.ts'
import { administratorOf, keyOnLedger, listed, missingOperators, recordedOf, requireFreeUscc, usccOf, type Operator, type Recorded } from './admission.ts' // prettier-ignore
import { answeringNode, asOperator, calling, headOf } from './as-operator.ts'
import { decide, refusalCode } from './decide.ts'
import { changeManifest, keysFolder, nodeNamed, readManifest, type Manifest, type NetworkNode } from './manifest.ts'
import { KeysToAdd, waitingFolder } from './organisation-keys.ts'
import { failIn, readOrganisation, type Fail } from './organisations.ts'
import { institutionsOf } from './vote.ts'
import { words } from './words/index.ts'

const SEEN_WITHIN_MS = 60_000

export interface AdmitOptions {
  readonly home: string
  /** One organisation, in the form of organisations.ts. */
  readonly file: string
  /** Whose node serves it; the one that serves the fewest unless it is named. */
  readonly host?: string
  /** Shown what each institution signs. */
  readonly ask: Ask
  readonly print: Say
}

/**
 * Admits an organisation: makes its keys, has governance decide, lets its administrator add its other operators, and gives
 * it a host until it joins with a node of its own. Every step is taken where the ledger, or the folder, does not show that
 * it was: cut short anywhere and asked again it goes on, and asked again for the same it changes nothing.
 * @throws CommandFailure naming the first field in which the ledger, or its keys, have it otherwise
 */
export async function admitOrganisation(options: AdmitOptions): Promise<void> {
  const fail = failIn(options.file)
  const member = await readOrganisation(options.file)
  const administrator = administratorOf(member, fail)
  const manifest = await readManifest(options.home)
  const host = hostOf(manifest, member.id, options.host)
  // Two at once would ask governance twice, and make two keys for one operator.
  const held = await claim(join(options.home, 'admit.claim.json'), 'admitting an organisation')
  try {
    await admit({ ...options, fail, member, administrator, manifest, host })
  } finally {
    held.release()
  }
}

interface Asked extends Omit<AdmitOptions, 'host'> {
  readonly fail: Fail
  readonly member: Member
  readonly administrator: Operator
  readonly manifest: Manifest
  /** Whose node serves it, or is to. */
  readonly host: NetworkNode
}

async function admit(asked: Asked): Promise<void> {
  const { home, member, manifest, host, fail, print } = asked
  const { id } = member
  const at = await answeringNode(manifest, host.name)
  const { client, node, url } = await asOperator(home, manifest, host.name, { function: 'viewer' }, { at })
  const recorded = (since?: string) =>
    calling(node, url, async () => recordedOf(client, id, since ?? (await headOf(client))))

  const keys = await KeysToAdd.of(home, id)
  const before = await recorded()
  if (before && keys.areNone) throw new CommandFailure(words('keysMissing', { id, folder: keysFolder(home, id) })) // prettier-ignore
  if (!before) await calling(node, url, async () => requireFreeUscc(client, member, await headOf(client), fail))
  const admission: Admission = { ...asked, keys, at, recorded }
  const after = before ?? (await decideAdmission(admission))
  const added = await addOperators(admission, after)
  const served = await changeManifest(home, (now) => withOrganisation(now, id, host.name))
  const isNew = !manifest.organisations.some((one) => one.id === id)
  const by = served.organisations.find((one) => one.id === id)!.node
  if (!isNew && before && added.length === 0) return print(words('memberAlready', { id, node: by })) // prettier-ignore
  print(by === id ? words('memberServed', { id }) : words('memberHosted', { id, node: by }))
  const services = added.filter(({ kind }) => kind === 'service').map((each) => each.id)
  if (!isNew && services.length > 0) print(words('signsFromNextStart', { services: services.join(', ') }))
}

interface Admission extends Asked {
  readonly keys: KeysToAdd
  /** The node that is asked and told. */
  readonly at: NetworkNode
  /** What the ledger says now, or at a position. */
  readonly recorded: (since?: string) => Promise<Recorded | undefined>
}

function hostOf(manifest: Manifest, id: string, wanted: string | undefined): NetworkNode {
  const there = manifest.organisations.find((one) => one.id === id)
  if (there && wanted !== undefined && wanted !== there.node)
    throw new CommandFailure(words('hostedElsewhere', { id, node: there.node, wanted }), 2) // prettier-ignore
  const name = there?.node ?? wanted
  if (name !== undefined) return nodeNamed(manifest, name, wanted === undefined ? '' : words('hostField'))
  const load = (node: NetworkNode): number => manifest.organisations.filter((one) => one.node === node.name).length
  return manifest.nodes.reduce((least, node) => (load(node) < load(least) ? node : least))
}

const withOrganisation = (now: Manifest, id: string, node: string): Manifest =>
  now.organisations.some((one) => one.id === id) ? now : { ...now, organisations: [...now.organisations, { id, node }] }

/** A key for each operator; one that a run before has made stays, and must be for what is asked for now. */
async function keysFor({ home, member, keys, fail }: Admission, operators: readonly Operator[]) {
  const made = await keys.make({ ...member, operators })
  for (const { id, functions } of operators) {
    const [has, wanted] = [made.get(id)!.functions, functions].map(listed)
    if (has === wanted) continue
    fail(fieldOf(member, id), words('keyForOther', { id, wanted: wanted!, has: has!, folder: waitingFolder(home, member.id) })) // prettier-ignore
  }
  return made
}

/** Where the file names an operator; the list of them where it is the administrator who is added to it. */
function fieldOf({ operators }: Member, id: string): string {
  const index = operators.findIndex((one) => one.id === id)
  return index < 0 ? '/operators' : `/operators/${index}/functions`
}

async function decideAdmission(admission: Admission): Promise<Recorded> {
  const { home, manifest, member, administrator, host, ask, print } = admission
  const { id: operator, kind } = administrator
  const keyId = keyIdOf(operator)
  const made = await keysFor(admission, [administrator])
  const key = { keyId, curve: 'ed25519' as const, publicKey: made.get(operator)!.publicKey }
  const { id: participant, name, roles } = member
  const about = { participant, name, uscc: usccOf(member), roles: [...roles] }
  const action: Action = { kind: 'admit', ...about, administrator: { operator, kind, key } }
  const what = words('memberAs', { participant, name: name[spoken()], roles: roles.join(', ') })
  const reason = words('memberReason', { participant })
  const institutions = await institutionsOf(home, manifest, { through: host.name, ask, print })
  try {
    await decide({ action, subject: `admit-${participant}`, words: what, reason }, institutions)
  } catch (error) {
    // A run that was cut short had sent the deciding approval, and it came to be committed meanwhile.
    if (refusalCode(error) !== 'PARTICIPANT_EXISTS') throw error
  }
  for (const until = Date.now() + SEEN_WITHIN_MS; ; await sleep(200)) {
    const recorded = await admission.recorded()
    if (recorded) return recorded
    if (Date.now() > until) throw new CommandFailure(words('notKnownYet', { participant, node: admission.at.name })) // prettier-ignore
  }
}

/** Answers who were added. */
async function addOperators(admission: Admission, recorded: Recorded): Promise<readonly Operator[]> {
  const { home, manifest, member, administrator, keys, at, fail, print } = admission
  const publicKeyOf = (operator: string) => keys.publicKeyOf(operator)
  const missingIn = (found: Recorded) => missingOperators(member, found, { administrator, publicKeyOf, fail })
  const takeKnown = (found: Recorded) => keys.take(({ keyId, publicKey }) => keyOnLedger(found, keyId) === publicKey)
  await takeKnown(recorded)
  const missing = missingIn(recorded)
  if (missing.length === 0) return missing
  const made = await keysFor(admission, missing)
  const own = await asOperator(home, manifest, member.id, { operator: administrator.id }, { ask: admission.ask, at })
  let position: string | undefined
  for (const { id: operator, kind, functions, limitFen } of missing) {
    const { keyId, curve, publicKey } = made.get(operator)!
    const limit = limitFen === undefined ? {} : { limitFen }
    const key = { keyId, curve, publicKey, functions: [...functions], ...limit }
    const args = { participant: member.id, operator, kind, key, fromHeight: null }
    try {
      ;({ position } = await calling(at, own.url, () => own.client.perform('membership.addOperator', args)))
    } catch (error) {
      if (refusalCode(error) !== 'OPERATOR_EXISTS') throw error // added meanwhile, by what a run before had sent
    }
    print(words('addsOperator', { administrator: administrator.id, participant: member.id, operator, functions: functions.join(', ') })) // prettier-ignore
  }
  const after = await admission.recorded(position)
  if (!after || missingIn(after).length > 0) throw new Error(`operators of ${member.id} were added and are not there`)
  await takeKnown(after)
  return missing
}
