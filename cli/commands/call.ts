import type { Command } from 'commander'
import type { SluiceClient } from '#client/client'
import { openKeyring } from '#node/keys/keyring'
import type { Ask } from '#node/keys/person'
import { devKeys, devNode, type DevNode } from '../demo/address.ts'
import { canonicalJson } from '#proof/canonical'
import type { Json } from '#proof/json'
import { CommandFailure } from '../failure.ts'
import { askOnTerminal } from '../stack/ask.ts'
import { toldWhy } from '../stack/refused.ts'
import { operatorClient } from '../stack/served-contracts.ts'

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
    .option('--lang <zh|en>', 'the language of units and words; by LANG when not given')
    .option('--canonical', 'print canonical JSON on one line: a receipt as `sluice verify` takes it')
    .action(async (who: string, method: string, path: string, body: string | undefined, options: Options) => {
      const answer = await call({ who, method: method.toUpperCase(), path, body, options })
      const text = options.canonical ? canonicalJson(answer as Json) : JSON.stringify(answer, null, 2)
      process.stdout.write(`${text}\n`)
    })
}

interface Options {
  readonly yes?: true
  readonly lang?: string
  readonly canonical?: true
}

interface Call {
  readonly who: string
  readonly method: string
  readonly path: string
  readonly body: string | undefined
  readonly options: Options
}

async function call({ who, method, path, body, options }: Call): Promise<unknown> {
  const dev = await devNode()
  const client = await clientOf(dev, who, askOnTerminal(options))
  const json = body === undefined ? {} : parse(body)
  return toldWhy(dev.url, async () => {
    if (method === 'GET') return client.get(path)
    if (method === 'POST') return client.post(path, json)
    if (method === 'SIGN') return client.perform(path, json)
    throw new CommandFailure(`${method} is none of GET, POST, SIGN`, 2)
  })
}

async function clientOf(dev: DevNode, who: string, ask: Ask): Promise<SluiceClient> {
  const [participant, operator] = who.split('/')
  if (!participant || !operator) throw new CommandFailure(`${who} is not of the form participant/operator`, 2)
  const keyring = await openKeyring(devKeys(dev, participant), participant, dev.passphrase)
  return operatorClient(dev.url, keyring, operator, ask)
}

function parse(body: string): Record<string, never> {
  try {
    return JSON.parse(body) as Record<string, never>
  } catch {
    throw new CommandFailure('the body is not JSON', 2)
  }
}
