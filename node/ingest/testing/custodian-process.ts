// The custodian's recomputation in a process of its own, with a database of its own: it is given the batch as the ledger
// has it and the package, nothing else.
import { createReadStream } from 'node:fs'
import type { Batch } from '#contracts/asset-registry/state'
import { attestation, recompute } from '../recompute.ts'
import { TapeStore } from '../store.ts'

const { databaseUrl, folder, batch, path } = JSON.parse(process.argv[2]!) as {
  databaseUrl: string
  folder: string
  batch: Batch
  path: string
}
const store = await TapeStore.open(databaseUrl)
try {
  const done = await recompute({ store, folder, batch, content: createReadStream(path) })
  process.stdout.write(JSON.stringify({ attest: attestation(done) }))
} catch (error) {
  process.stdout.write(JSON.stringify({ refused: (error as Error).message }))
}
await store.close()
