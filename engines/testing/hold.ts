// A process to be killed by tests: starts one engine, says what it started in a line of JSON, and stays until it ends in
// the way asked for. Run as: hold.ts ENGINE FOLDER [throw|exit]
import { startPostgres } from '../postgres.ts'
import { startTemporal } from '../temporal.ts'

const [engine, dataDir = '', ending] = process.argv.slice(2)

const started =
  engine === 'temporal' ? (await startTemporal({ dataDir })).address : (await startPostgres({ dataDir })).url
process.stdout.write(`${JSON.stringify(started)}\n`)

if (ending === 'throw') throw new Error('thrown on purpose')
if (ending === 'exit') process.exit(3)
if (ending === undefined) setInterval(() => undefined, 60_000)
