// Who founds a network, the organisations of the demonstration or those of a file; and who is admitted to it later.
import { readFile } from 'node:fs/promises'
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { KEY_FUNCTIONS, ROLES } from '#contracts/kernel/method'
import { BilingualText, Fields, Id, OneOf } from '#contracts/kernel/schema'
import { LimitFen } from '#contracts/membership/events'
import { OPERATOR_KINDS, unsuitableFunction } from '#contracts/membership/state'
import { isUscc } from '#domain/uscc'
import { MEMBERS, type Member } from '../demo/consortium.ts'
import { CommandFailure } from '../failure.ts'
import { words } from './words/index.ts'

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
      limitFen: LimitFen,
    }),
    { minItems: 1 },
  ),
})
type Organisation = Static<typeof Organisation>
const Organisations = Type.Array(Organisation, { minItems: 1, maxItems: 200 })

/** Where a file does not fit, and why. @throws CommandFailure */
export type Fail = (where: string, problem: string) => never
export const failIn =
  (file: string): Fail =>
  (where, problem) => {
    throw new CommandFailure(
      where === '' ? words('problemIn', { file, problem }) : words('problemAt', { file, where, problem }),
      2,
    )
  }

/**
 * Reads `[{id, name: {zh, en}, uscc, roles, operators: [{id, kind, functions, limitFen?}]}]`; without a file, the demonstration's.
 * @throws CommandFailure naming the file and the place in it
 */
export async function readOrganisations(file: string | undefined): Promise<readonly Member[]> {
  if (file === undefined) return MEMBERS
  const fail = failIn(file)
  const seen = new Set<string>()
  return (await valueOf(file, Organisations, fail)).map((organisation, index) => {
    if (seen.has(organisation.id)) fail(`/${index}/id`, words('twice', { id: organisation.id }))
    seen.add(organisation.id)
    return memberOf(organisation, `/${index}`, fail)
  })
}

/** Reads one organisation, in the same form. @throws CommandFailure naming the file and the place in it */
export async function readOrganisation(file: string): Promise<Member> {
  const fail = failIn(file)
  return memberOf(await valueOf(file, Organisation, fail), '', fail)
}

async function valueOf<const S extends TSchema>(file: string, schema: S, fail: Fail): Promise<Static<S>> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    return fail(
      '',
      error instanceof SyntaxError ? words('noJson', { problem: error.message }) : (error as Error).message,
    )
  }
  if (Value.Check(schema, value)) return value
  const [first] = Value.Errors(schema, value)
  const allowed =
    first?.keyword === 'enum' ? words('oneOf', { allowed: first.params.allowedValues.join(', ') }) : undefined
  return fail(
    first?.instancePath ?? '',
    allowed ?? (first ? words('misfitBy', { problem: first.message }) : words('misfit')),
  )
}

function memberOf({ uscc, ...organisation }: Organisation, at: string, fail: Fail): Member {
  if (!isUscc(uscc)) fail(`${at}/uscc`, words('noUscc', { uscc }))
  const seen = new Set<string>()
  for (const [index, { id, kind, functions }] of organisation.operators.entries()) {
    if (seen.has(id)) fail(`${at}/operators/${index}/id`, words('twice', { id }))
    seen.add(id)
    const unsuitable = unsuitableFunction(kind, functions)
    if (unsuitable) fail(`${at}/operators/${index}/functions`, words('unsuitable', { wanted: unsuitable }))
  }
  return { ...organisation, usccBody: uscc.slice(0, 17) }
}
