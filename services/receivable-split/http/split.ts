import type { Registry } from '#contracts/kernel/execute'
import { commandOf, mustMatch, SignedCommand } from '../../commands/signed-command.ts'
import { Started } from '../../commands/submit.ts'
import { paramsOf } from '../../commands/write-route.ts'
import { routeOf, type Route } from '../../kit/route.ts'
import type { Splitting } from '../application/splitting.ts'

export interface SplitDeps {
  readonly splitting: Splitting
}

const url = '/v1/holdings/{holding}/splits'

export const splitRoute = (registry: Registry): Route<SplitDeps> =>
  routeOf<SplitDeps>('receivable-split')({
    method: 'POST',
    url,
    summary: 'Split a holding: the signed command is carried by a workflow, and both sides are told',
    schema: { params: paramsOf(url), body: SignedCommand(registry, 'receivable.split'), response: { 202: Started } },
    handler: async ({ params, body, caller }, { splitting }) => {
      mustMatch(commandOf(body).args, params as Record<string, string>)
      return splitting.request(body, caller)
    },
  })
