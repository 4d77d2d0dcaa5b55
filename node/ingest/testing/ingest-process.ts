// One run of an ingest in a process of its own, to be killed: a line for each step, the answer as the last.
import { ingest, type IngestOptions } from '../ingest.ts'
import { TapeStore } from '../store.ts'

const { databaseUrl, ...options } = JSON.parse(process.argv[2]!) as Omit<IngestOptions, 'store'> & {
  databaseUrl: string
}
const store = await TapeStore.open(databaseUrl)
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
say({ stage: 'begin' })
say({ done: await ingest({ ...options, store, onProgress: say }) })
await store.close()
