import { Type, type TSchema } from 'typebox'
import { CONVENTIONS, type Conventions } from '../conventions.ts'
import { firstDifference } from './compare.ts'
import type { Compute } from './compute.ts'
import { COMPUTES } from './compute/index.ts'
import { firstProblem, inputProblems } from './strict.ts'

export interface VectorCase {
  readonly id: string
  readonly input: Readonly<Record<string, unknown>>
  readonly expected?: unknown
  readonly ignore?: readonly string[]
  readonly tolerance?: Readonly<Record<string, number>>
  readonly disputed?: boolean
  readonly why?: string
}

export interface VectorFile {
  readonly profile: string
  readonly compare: { readonly tolerance: number }
  readonly cases: readonly VectorCase[]
}

export interface CaseOutcome {
  readonly id: string
  readonly verdict: 'PASS' | 'FAIL' | 'SKIP'
  /** Empty for PASS. */
  readonly detail: string
}

/** The line that the runner prints. */
export const outcomeLine = ({ id, verdict, detail }: CaseOutcome): string =>
  verdict === 'PASS' ? `PASS ${id}` : `${verdict} ${id}: ${detail}`

const Case = Type.Object({
  id: Type.String(),
  input: Type.Record(Type.String(), Type.Unknown()),
  expected: Type.Unknown(),
  ignore: Type.Optional(Type.Array(Type.String())),
  tolerance: Type.Optional(Type.Record(Type.String(), Type.Number({ minimum: 0 }))),
  disputed: Type.Optional(Type.Boolean()),
})

const File = Type.Object({
  profile: Type.String(),
  compare: Type.Object({ tolerance: Type.Number({ minimum: 0 }) }),
  cases: Type.Array(Type.Unknown()),
})

/** Keys for people (`provenance`, `notes`, …) are free outside `input`. */
const shapeProblem = (schema: TSchema, value: unknown) =>
  inputProblems(schema, value).find(({ kind }) => kind !== 'unknown key')

export class VectorFileError extends Error {
  override readonly name = 'VectorFileError'
}

/**
 * Reads the outer shape of a vector file; the cases are checked one by one when they run.
 * @throws VectorFileError with the pointer of what is wrong
 */
export function parseVectorFile(json: unknown): VectorFile {
  const problem = shapeProblem(File, json)
  if (problem) throw new VectorFileError(`${problem.pointer || '/'} ${problem.message}`)
  return json as VectorFile
}

const fail = (id: string, detail: string): CaseOutcome => ({ id, verdict: 'FAIL', detail })

/** Runs one case; whatever goes wrong in it is its FAIL, never an exception. */
export function runCase(vector: VectorCase, file: Pick<VectorFile, 'profile' | 'compare'>): CaseOutcome {
  const id = typeof vector?.id === 'string' ? vector.id : '(no id)'
  try {
    if (vector.disputed === true) return { id, verdict: 'SKIP', detail: String(vector.why ?? 'disputed') }
    const malformed = shapeProblem(Case, vector)
    if (malformed) return fail(id, `${malformed.pointer} ${malformed.message}`)
    const conventions = Object.hasOwn(CONVENTIONS, file.profile)
      ? CONVENTIONS[file.profile as keyof typeof CONVENTIONS]
      : undefined
    if (!conventions) return fail(id, `/profile unknown word ${JSON.stringify(file.profile)}`)
    return runChecked(vector, file.compare.tolerance, conventions)
  } catch (error) {
    return fail(id, error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error))
  }
}

function runChecked(vector: VectorCase, defaultTolerance: number, conventions: Conventions): CaseOutcome {
  const { compute: name, ...input } = vector.input
  const compute: Compute | undefined = typeof name === 'string' ? COMPUTES.get(name) : undefined
  if (!compute) {
    return fail(
      vector.id,
      name === undefined ? '/input/compute missing key' : `/input/compute unknown word ${JSON.stringify(name)}`,
    )
  }
  const problem = firstProblem(inputProblems(compute.schema, input, ['input']))
  if (problem) return fail(vector.id, `${problem.pointer} ${problem.message}`)
  const got = compute.run(input, conventions)
  const difference = firstDifference(vector.expected, got, {
    ...(vector.ignore && { ignore: vector.ignore }),
    ...(vector.tolerance && { tolerance: vector.tolerance }),
    defaultTolerance,
  })
  if (!difference) return { id: vector.id, verdict: 'PASS', detail: '' }
  const { pointer, expected } = difference
  const shown = (value: unknown): string => (value === undefined ? 'nothing' : json(value))
  return fail(vector.id, `${pointer} expected ${shown(expected)} got ${shown(difference.got)}`)
}

/** JSON, with the numbers JSON has no word for spelled out instead of becoming null. */
const json = (value: unknown): string =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : JSON.stringify(value)

/** All outcomes, in the order of the cases. */
export const runFile = (file: VectorFile): CaseOutcome[] => file.cases.map((vector) => runCase(vector, file))
