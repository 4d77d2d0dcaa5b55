// The custodian's part of a batch: it pulls the package, comes to the root by itself, and attests or rejects. This process
// is given the custodian's own database and the package, and nothing of the servicer's.
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { ExchangeError } from '#node/exchange/errors'
import { pull } from '#node/exchange/pull'
import { BatchError, IngestError } from '#node/ingest/errors'
import type { Ingested } from '#node/ingest/ingest'
import { attestation, recompute } from '#node/ingest/recompute'
import { settleBatch } from '#node/ingest/settle'
import { isThere } from '#node/is-there'
import { CommandFailure } from '../failure.ts'
import { toldWhy } from '../stack/refused.ts'
import { receivedFolder } from '../stack/tapes.ts'
import { batchAt, batchesOf, decidedHow, keysBy, type BatchOnLedger } from './on-ledger.ts'
import { reportIngest, reportPull } from './progress.ts'
import type { OpenTape } from './tape.ts'

/** Fetches the package of a batch from the node that offers it. @param from its address; by the proposer otherwise */
export async function pullPackage(
  { party }: OpenTape,
  batch: BatchOnLedger,
  from: string | undefined,
): Promise<{ path: string; receivedAt: number }> {
  const url = from ?? party.urlOf(batch.proposedBy)
  const { token } = party.at(url)
  try {
    const { path, receipt } = await toldWhy(url, async () =>
      pull({
        url,
        token,
        content: batch.contentHash,
        from: batch.proposedBy,
        folder: receivedFolder(party.place),
        key: await party.exchangeKey(),
        signer: party.signer,
        keyOf: keysBy(party.client),
        onProgress: reportPull(),
      }),
    )
    return { path, receivedAt: receipt.body.receivedAt }
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error
    const hint = error.details['status'] === 404 ? `: ${batch.proposedBy} offers no such package there (\`sluice tape offer\`)` : '' // prettier-ignore
    throw new CommandFailure(`${url}: ${error.message}${hint}`, 1, { cause: error })
  }
}

/** What the custodian comes to; `differs` in words for the ledger: no cell of the file, hence nothing of a person. */
export type Recomputed = { readonly done: Ingested } | { readonly differs: string; readonly error: Error }

/** @throws CommandFailure when the package has not been pulled */
export async function recomputeBatch({ party, store }: OpenTape, batch: BatchOnLedger): Promise<Recomputed> {
  const path = join(receivedFolder(party.place), batch.contentHash)
  if (!(await isThere(path)))
    throw new CommandFailure(`the package of version ${batch.version} is not here: \`sluice tape pull\` fetches it`)
  const { folder } = party.place
  try {
    return { done: await recompute({ store, folder, batch, content: createReadStream(path), onProgress: reportIngest }) } // prettier-ignore
  } catch (error) {
    if (error instanceof BatchError && isDifference(error))
      return { differs: `recomputed otherwise: ${error.message}`.slice(0, MAX_REASON), error }
    if (!(error instanceof IngestError)) throw error
    const [{ row, column, code } = { row: 1, column: '', code: error.code }] = error.problems
    return { differs: `the tape is wrong: row ${row}, column ${column}: ${code}`, error }
  }
}

/** Of a rejection's reason on the ledger (contracts/deal/fields.ts). */
const MAX_REASON = 500

/** Between what was proposed and what was sent. That the custodian's own tape is not where it should be is none. */
const isDifference = ({ code, details }: BatchError): boolean =>
  code === 'BAD_PACKAGE' || code === 'TOO_MANY_LEVELS' || (code === 'TREE_DIFFERS' && 'proposed' in details)

/** Signs the root that this process came to. @throws CommandFailure when it is another than the one proposed */
export async function attest(tape: OpenTape, batch: BatchOnLedger): Promise<Ingested> {
  requireWaiting(batch)
  const found = await recomputeBatch(tape, batch)
  if ('differs' in found)
    throw new CommandFailure(`${found.differs}\nnothing was signed; \`sluice tape reject\` turns the batch down`, 1, { cause: found.error }) // prettier-ignore
  const { position } = await tape.party.client.perform('asset-registry.attest', attestation(found.done))
  await settled(tape, batch.version, position)
  return found.done
}

/** @param reason what was recomputed otherwise, unless given @throws CommandFailure when nothing differs and none is */
export async function reject(tape: OpenTape, batch: BatchOnLedger, reason: string | undefined): Promise<string> {
  requireWaiting(batch)
  const words = reason ?? (await differenceIn(tape, batch))
  const { deal, version } = batch
  const { position } = await tape.party.client.perform('asset-registry.reject', { deal, version, reason: words })
  await settled(tape, version, position)
  return words
}

async function differenceIn(tape: OpenTape, batch: BatchOnLedger): Promise<string> {
  const found = await recomputeBatch(tape, batch)
  if ('differs' in found) return found.differs
  throw new CommandFailure('it was recomputed as proposed; to reject it nevertheless, give --reason', 2)
}

function requireWaiting(batch: BatchOnLedger): void {
  if (batch.state !== 'proposed') throw new CommandFailure(decidedHow(batch))
}

/** The tape follows at once; the custodian's node would see to it as well. */
async function settled({ party, deal, held }: OpenTape, version: number, at: string): Promise<void> {
  const batch = batchAt(await batchesOf(party.client, deal, at), version)
  if (batch) await settleBatch(held, batch)
}
