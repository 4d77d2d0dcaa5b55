import type { CommandResult, SignedHeader } from './block.ts'
import type { Command } from './command.ts'
import type { EventCore } from './feed.ts'
import * as f from './form.ts'
import { eventCoreFields, headerForm, resultForm } from './forms.ts'
import type { Json } from './json.ts'

/** Empty where no operator signs. */
const operatorSignature: f.Form = (value, path) => (value === '' ? undefined : f.signature(value, path))

/** The lines of an exported ledger, each strict: no field that is not known. */
export const lineForm = f.oneOf(
  'kind',
  new Map<Json, f.Form>([
    ['ledger', f.fields({ kind: f.any, format: f.count, chainId: f.text, genesis: f.object })],
    [
      'block',
      f.fields({
        kind: f.any,
        header: headerForm,
        signature: operatorSignature,
        commands: f.count,
        events: f.count,
        changes: f.count,
      }),
    ],
    ['command', f.fields({ kind: f.any, signed: f.object, result: resultForm })],
    ['event', f.fields({ kind: f.any, ...eventCoreFields, topics: f.listOf(f.text, 1000) })],
    ['put', f.fields({ kind: f.any, key: f.text, value: f.any })],
    ['delete', f.fields({ kind: f.any, key: f.text })],
    ['receipt', f.fields({ kind: f.any, receipt: f.object })],
    ['ended', f.fields({ kind: f.any, signature: f.signature })],
    ['end', f.fields({ kind: f.any, height: f.count, headerHash: f.hash })],
  ]),
)

/** A block of which lines are still to come. */
export interface OpenBlock extends SignedHeader {
  readonly counts: { readonly commands: number; readonly events: number; readonly changes: number }
  readonly commands: { readonly command: Command; readonly result: CommandResult }[]
  readonly events: (EventCore & { readonly topics: readonly string[] })[]
  readonly changes: Map<string, Json | undefined>
}
