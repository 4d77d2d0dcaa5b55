import { canonicalJson } from '#proof/canonical'
import type { Json, JsonObject } from '#proof/json'
import type { Description, MethodDescription } from './describe.ts'
import type { Sentence } from './kernel/method.ts'

/** A method as a node serves it under `/v1/contracts`. */
export type ServedMethod = JsonObject

/** What a node's contracts say of a method is not what the signer's own say: it would do something else than is shown. */
export class DescribedOtherwise extends Error {
  override readonly name = 'DescribedOtherwise'
  constructor(
    readonly method: string,
    readonly reason: keyof typeof WORDS,
  ) {
    super(WORDS[reason].en.replace('{method}', method))
  }

  words(language: keyof Sentence): string {
    return WORDS[this.reason][language].replace('{method}', this.method)
  }
}

const WORDS = {
  unknownHere: { zh: '本程序没有方法 {method}，未签署', en: '{method}: no such method in this program; not signed' },
  unknownThere: { zh: '该节点没有方法 {method}，未签署', en: '{method}: no such method at this node; not signed' },
  differs: {
    zh: '该节点的合约对 {method} 的说明与本程序不同，未签署',
    en: "{method}: this node's contracts describe it otherwise than this program's; not signed",
  },
} as const satisfies Record<string, Sentence>

/**
 * Whoever signs is shown a command as the contracts of their own program describe it, so that no node can put other words
 * before them. Ask this first: where the version that will decide the command says something else of the method, what is
 * shown is not what would happen.
 * @param served what the node says of the version that decides the command
 * @throws DescribedOtherwise
 */
export function asDescribed(own: Description, served: readonly ServedMethod[], method: string): void {
  const mine = own.contracts.flatMap(({ methods }) => methods).find(({ name }) => name === method)
  if (!mine) throw new DescribedOtherwise(method, 'unknownHere')
  const theirs = served.find(({ name }) => name === method)
  if (!theirs) throw new DescribedOtherwise(method, 'unknownThere')
  if (canonicalJson(asServed(mine)) !== canonicalJson(only(theirs))) throw new DescribedOtherwise(method, 'differs')
}

const asServed = ({ sentence, clauses = {}, args, fields, roles, functions, limited }: MethodDescription): Json =>
  JSON.parse(
    JSON.stringify({ sentences: sentence, clauses, args, fields, by: { roles, functions }, limited: limited ?? null }),
  ) as Json

const only = ({
  sentences = null,
  clauses = {},
  args = null,
  fields = null,
  by = null,
  limited = null,
}: ServedMethod): Json => ({
  sentences,
  clauses,
  args,
  fields,
  by,
  limited,
})
