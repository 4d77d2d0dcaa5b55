// One run of a settlement in a process of its own, to be killed: a line when it begins, the answer as the last.
import type { Batch } from '#contracts/asset-registry/state'
import { settleBatch } from '../settle.ts'
import { TapeStore } from '../store.ts'

const { databaseUrl, folder, batch } = JSON.parse(process.argv[2]!) as {
  databaseUrl: string
  folder: string
  batch: Batch
}
const store = await TapeStore.open(databaseUrl)
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
say({ stage: 'begin' })
say({ done: { settled: await settleBatch({ store, folder, removePackage: () => Promise.resolve() }, batch) } })
await store.close()
