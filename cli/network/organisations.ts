// Who founds a network: the organisations of the demonstration, or those of a file.
import { readFile } from 'node:fs/promises'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { KEY_FUNCTIONS, ROLES } from '#contracts/kernel/method'
import { BilingualText, Fields, Id, OneOf } from '#contracts/kernel/schema'
import { OPERATOR_KINDS } from '#contracts/membership/state'
import { isUscc } from '#domain/uscc'
import { MEMBERS, type Member } from '../demo/consortium.ts'
import { CommandFailure } from '../failure.ts'

const Organisation = Fields({
  id: Id,
  name: BilingualText,
  uscc: Type.String(),
  roles: Type.Array(OneOf(ROLES), { minItems: 1, uniqueItems: true }),
  operators: Type.Array(
    Fields({
      id: Id,
      kind: OneOf(OPERATOR_KINDS),
      functions: Type.Array(OneOf(KEY_FUNCTIONS), { minItems: 1, uniqueItems: true }),
    }),
    { minItems: 1 },
  ),
})
const Organisations = Type.Array(Organisation, { minItems: 1, maxItems: 200 })

/**
 * Reads `[{id, name: {zh, en}, uscc, roles, operators: [{id, kind, functions}]}]`; without a file, the demonstration's.
 * @throws CommandFailure naming the file and the place in it
 */
export async function readOrganisations(file: string | undefined): Promise<readonly Member[]> {
  if (file === undefined) return MEMBERS
  const fail = (where: string, problem: string): never => {
    throw new CommandFailure(`${file}${where === '' ? '' : ` at ${where}`}: ${problem}`, 2)
  }
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    return fail('', error instanceof SyntaxError ? `not JSON (${error.message})` : (error as Error).message)
  }
  if (!Value.Check(Organisations, value)) {
    const [first] = Value.Errors(Organisations, value)
    return fail(first?.instancePath ?? '', first?.message ?? 'does not fit the schema')
  }
  const seen = new Set<string>()
  return value.map(({ uscc, ...organisation }, index) => {
    if (!isUscc(uscc)) fail(`/${index}/uscc`, `${uscc} is no USCC (GB 32100-2015): form or check character`)
    if (seen.has(organisation.id)) fail(`/${index}/id`, `${organisation.id} is there twice`)
    seen.add(organisation.id)
    return { ...organisation, usccBody: uscc.slice(0, 17) }
  })
}
