import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { ApiError, SluiceClient } from '#client/client'
import { openKeyring } from '#node/keys/keyring'
import { addressFile } from '../demo/dev.ts'
import { readRecord } from '../demo/run-record.ts'
import { SentenceError } from '#contracts/describe'
import { NotAgreed, type Ask } from '#node/keys/person'
import { CommandFailure } from '../failure.ts'
import { askOnTerminal } from '../stack/ask.ts'
import { clientSigner } from '../stack/keys.ts'
import { askAsDescribed } from '../stack/served-contracts.ts'

/** `sluice call WHO METHOD PATH [BODY]`: one request to the node of `sluice dev`, signed in as one of its operators. */
export function register(program: Command): void {
  program
    .command('call')
    .description('call the node of `sluice dev` as one of its operators, e.g. pacific-asset/maker GET /v1/deals')
    .argument('<who>', 'participant/operator')
    .argument('<method>', 'GET, or POST with a body, or SIGN to sign and send a command')
    .argument('<path>', 'path, or with SIGN the command, e.g. receivable.split')
    .argument('[body]', 'JSON')
    .option('--yes', 'sign what is shown without asking')
    .option('--lang <zh|en>', 'the language of units and words', 'en')
    .action(async (who: string, method: string, path: string, body: string | undefined, options: Options) => {
      const answer = await call({ who, method: method.toUpperCase(), path, body, options })
      process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    })
}

interface Options {
  readonly yes?: true
  readonly lang: string
}

interface Call {
  readonly who: string
  readonly method: string
  readonly path: string
  readonly body: string | undefined
  readonly options: Options
}

async function call({ who, method, path, body, options }: Call): Promise<unknown> {
  const client = await clientOf(who, askOnTerminal(options))
  const json = body === undefined ? {} : parse(body)
  try {
    if (method === 'GET') return await client.get(path)
    if (method === 'POST') return await client.post(path, json)
    if (method === 'SIGN') return await client.perform(path, json)
  } catch (error) {
    if (error instanceof ApiError)
      throw new CommandFailure(`${error.message}\n${JSON.stringify(error.problem, null, 2)}`)
    if (error instanceof NotAgreed) throw new CommandFailure('not signed, nothing was sent')
    if (error instanceof SentenceError)
      throw new CommandFailure(`not signed, since it cannot be shown: ${error.message}`)
    throw error
  }
  throw new CommandFailure(`${method} is none of GET, POST, SIGN`, 2)
}

async function clientOf(who: string, ask: Ask): Promise<SluiceClient> {
  const [participant, operator] = who.split('/')
  if (!participant || !operator) throw new CommandFailure(`${who} is not of the form participant/operator`, 2)
  let address: { url: string; folder: string }
  try {
    address = JSON.parse(await readFile(addressFile(), 'utf8')) as typeof address
  } catch {
    throw new CommandFailure('no node to call: start one with `npm run dev`')
  }
  const record = await readRecord(dirname(addressFile()))
  const keyring = await openKeyring(join(address.folder, 'keys', participant), participant, record?.passphrase ?? '')
  const asked = askAsDescribed(() => client, ask)
  const client: SluiceClient = new SluiceClient({ url: address.url, signer: clientSigner(keyring, operator, asked) })
  return client
}

function parse(body: string): Record<string, never> {
  try {
    return JSON.parse(body) as Record<string, never>
  } catch {
    throw new CommandFailure('the body is not JSON', 2)
  }
}
