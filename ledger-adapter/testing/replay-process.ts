import { readFile } from 'node:fs/promises'
import { replay } from './replay.ts'

// A cold process: executes the exported ledger in the file it is given and prints the hash of each header.
const lines = (await readFile(process.argv[2]!, 'utf8')).trimEnd().split('\n')
process.stdout.write(JSON.stringify(await replay(lines, Math.random)))
