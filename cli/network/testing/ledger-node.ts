// An organisation's node with its ledger alone and the contract `notes`, as a process that a test starts and kills:
// HOME and NODE name it, DATABASE_URL its database. It answers on its node's HTTP port:
//   POST /submit (signed bytes) → {height, index} | {error}; GET /outcome?participant=&id=, /head, /events?after= → JSON
import { createServer, type IncomingMessage } from 'node:http'
import { messageOf } from '#engines/say'
import { LedgerError, parseCursor, type Ledger } from '#ledger-adapter/port'
import { misbehaviourReporter } from '#node/misbehaviour/reporter'
import { testRegistry } from '#ledger-adapter/testing/fixture'
import { keyringOf } from '../as-operator.ts'
import { nodeNamed, readManifest } from '../manifest.ts'
import { openNodeLedger } from '../node-ledger.ts'

const { NETWORK_HOME: home = '', NETWORK_NODE: node = '', DATABASE_URL: databaseUrl = '' } = process.env

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of request as AsyncIterable<Uint8Array>) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function answer(ledger: Ledger, request: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://node')
  if (pathname === '/submit') return (await ledger.submit(await bodyOf(request))).position
  if (pathname === '/outcome') {
    const [participant = '', commandId = ''] = ['participant', 'id'].map((name) => searchParams.get(name) ?? '')
    return (await ledger.outcome({ participant, commandId })) ?? null
  }
  if (pathname === '/events') {
    const after = searchParams.get('after')
    return ledger.events(after === null ? undefined : parseCursor(after), { limit: 1_000 })
  }
  return ledger.head()
}

const { ports } = nodeNamed(await readManifest(home), node)
const tell = (text: string): void => console.error(text)
const ledger = await openNodeLedger({
  home,
  node,
  databaseUrl,
  registry: testRegistry,
  onMisbehaviour: misbehaviourReporter([await keyringOf(home, node)], tell),
  onProblem: (where, error) => console.error(`${where}: ${messageOf(error)}`),
  onFailed: () => process.exit(1),
})
const server = createServer((request, response) => {
  const send = (status: number, value: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  answer(ledger, request).then(
    (value) => send(200, value),
    (error: unknown) =>
      send(503, error instanceof LedgerError ? { error: error.code, outcomeKnown: error.outcomeKnown } : { error: messageOf(error) }), // prettier-ignore
  )
})
server.listen(ports.http, '127.0.0.1')
process.once('SIGTERM', () => {
  server.closeAllConnections()
  server.close()
  void ledger.close().then(() => process.exit(0))
})
