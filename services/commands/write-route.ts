import { Type, type TObject } from 'typebox'
import type { Registry } from '#contracts/kernel/execute'
import type { Ledger } from '#ledger-adapter/port'
import { ID_PATTERN } from '#proof/command'
import { routeOf, type Route } from '../kit/route.ts'
import { commandOf, mustMatch, SignedCommand } from './signed-command.ts'
import { Committed, submit } from './submit.ts'

export interface WriteDeps {
  readonly ledger: Ledger
}

/** The parameters of a path: each is an id, and an argument of the same name in the signed command. */
export function paramsOf(url: string): TObject {
  const names = [...url.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  return Type.Object(Object.fromEntries(names.map((name) => [name, Type.String({ pattern: ID_PATTERN })])))
}

/**
 * A business route for a command of one step: the signed command must be of this method, and its arguments must say
 * what the path says; then it goes straight to the ledger. No rule lives here.
 */
export function writeRoute(registry: Registry, tag: string, url: string, name: string): Route<WriteDeps> {
  const [contract = '', method = ''] = name.split('.')
  const params = paramsOf(url)
  return routeOf<WriteDeps>(tag)({
    method: 'POST',
    url,
    summary: registry.method(contract, method)?.sentence.en ?? name,
    schema: { params, body: SignedCommand(registry, name), response: { 201: Committed } },
    handler: async ({ params: path, body, caller }, { ledger }) => {
      mustMatch(commandOf(body).args, path as Record<string, string>)
      return submit(ledger, body, caller)
    },
  })
}
