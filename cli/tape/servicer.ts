// The servicer's part of a batch: what it ingested it proposes on the ledger, and holds ready for the custodian.
import { fileHash } from '#node/file-hash'
import { recipientOf, type Recipient, type RecipientStatement } from '#node/exchange/recipients'
import type { Manifest, Signed } from '#node/exchange/manifest'
import { headOf } from '#node/ingest/ingest'
import { packageStream } from '#node/ingest/package'
import { proposal } from '#node/ingest/recompute'
import type { TapeVersion } from '#node/ingest/store'
import { CommandFailure } from '../failure.ts'
import { toldWhy } from '../stack/refused.ts'
import { batchAt, batchesOf, inRole, keysBy, type BatchOnLedger } from './on-ledger.ts'
import type { Party } from './party.ts'
import type { OpenTape } from './tape.ts'

export interface Proposed {
  readonly version: TapeVersion
  /** As it stood already, from an earlier run; undefined when it was signed now. */
  readonly before: BatchOnLedger | undefined
}

/** The first version of the tape that the ledger has not decided. @throws CommandFailure when there is none to propose */
export async function propose({ party, deal, store }: OpenTape): Promise<Proposed> {
  const [version] = await store.unsettled(deal)
  if (!version) throw new CommandFailure(`the tape of ${deal} has no version that waits to be proposed: \`sluice ingest\` makes one`) // prettier-ignore
  const before = batchAt(await batchesOf(party.client, deal), version.version)
  if (!before) await party.client.perform('asset-registry.proposeBatch', proposal(version))
  else if (before.root.hash !== version.root.hash || before.contentHash !== version.contentHash)
    throw new CommandFailure(`version ${version.version} of ${deal} was proposed with root ${before.root.hash}; the tape has ${version.root.hash}`) // prettier-ignore
  return { version, before }
}

/**
 * Encrypts the package of a version to its recipients and holds it ready at the servicer's node.
 * @param file which the version was made from
 * @param to the plan's custodian by default
 */
export async function offer(
  { party, deal, store, exchange }: OpenTape,
  file: string,
  to: readonly string[],
): Promise<{ version: TapeVersion; manifest: Manifest }> {
  const hash = await fileHash(file).catch((error: Error) => {
    throw new CommandFailure(`${file}: ${error.message}`, 1, { cause: error })
  })
  const version = (await store.unsettled(deal)).find((each) => each.fileHash === hash)
  if (!version) throw new CommandFailure(`${file}: no version of ${deal} that waits for its custodian was made from it (SHA-256 ${hash})`) // prettier-ignore
  const participants = to.length > 0 ? to : [await inRole(party.client, deal, 'custodian')]
  const recipients: Recipient[] = []
  for (const participant of participants) recipients.push(await recipientAt(party, participant))
  const source = packageStream(headOf(version, file), file)
  const { body } = await exchange.offer({ content: version.contentHash, source, to: recipients, signer: party.signer })
  return { version, manifest: body }
}

/** The participant's own node says which key; membership, as the servicer's own node has it, says that the key is its. */
async function recipientAt(party: Party, participant: string): Promise<Recipient> {
  const url = party.urlOf(participant)
  const statement = await toldWhy(url, () =>
    party.at(url).get<Signed<RecipientStatement>>(`/v1/exchange/recipients/${encodeURIComponent(participant)}`),
  )
  return recipientOf(statement, participant, keysBy(party.client))
}
