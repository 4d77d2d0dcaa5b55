import type { ContractVersion, Executable, Execution } from '#contracts/kernel/execute'
import type { BlockFacts, Caller } from '#contracts/kernel/method'
import { defective } from '#contracts/kernel/refusal'
import type { Key, Read } from '#contracts/kernel/state'
import { canonicalJson, MAX_DEPTH } from '#proof/canonical'
import type { Json } from '#proof/json'
import type { Written } from './changes.ts'

/** What a version of the contracts answers to a command, within the bounds that hold for every contract. */
export const decided = (
  version: ContractVersion,
  read: Read,
  { command, caller, context }: { command: Executable; caller: Caller; context: BlockFacts },
): Checked => checkedExecution(version.execute(boundedRead(read), command, caller, context))

/** Distinct keys that one command may read. Counted by what decide asks, so that every node counts the same. */
const MAX_READS = 20_000

function boundedRead(read: Read): Read {
  let asked: string[] | Set<string> = []
  return <T>(key: Key<T>): T | undefined => {
    if (asked instanceof Set) asked.add(key.path)
    // Told apart only when there are so many.
    else if (asked.push(key.path) > MAX_READS) asked = new Set(asked)
    if (asked instanceof Set && asked.size > MAX_READS)
      throw new Error(`more than ${MAX_READS} keys read by one command`)
    return read(key)
  }
}

/** Leaves room for the envelopes that carry what a contract says: events, results, receipts. */
const MAX_CONTENT_DEPTH = MAX_DEPTH - 8

/** An execution with what it says in canonical text too, so that each is written once. */
export interface Checked {
  readonly execution: Execution
  readonly written: ReadonlyMap<string, Written>
  /** Texts of what the events say. */
  readonly eventTexts: readonly string[]
}
const NOTHING = { written: new Map<string, Written>(), eventTexts: [] }

/** What a contract answers must be canonical JSON and keep out of the ledger's own keys; else it is a defect of its own. */
function checkedExecution(execution: Execution): Checked {
  try {
    if (!execution.accepted) {
      const { refusal, defect } = execution
      // Whatever a version of the contracts says of its own defects: engines word them as they like (ADR 040).
      if (refusal.kind === 'invariant') return flawed(defect ?? JSON.stringify(refusal))
      canonicalJson(refusal as unknown as Json, MAX_CONTENT_DEPTH)
      return { execution, ...NOTHING }
    }
    const eventTexts = execution.events.map(({ data, topics }) => {
      topics.forEach((topic) => checkName(topic, 'topic'))
      return canonicalJson(data, MAX_CONTENT_DEPTH)
    })
    const written = new Map<string, Written>()
    for (const [key, value] of execution.written) written.set(key, { value, text: checkWritten(key, value) })
    return { execution, written, eventTexts }
  } catch (error) {
    return flawed(error)
  }
}

const flawed = (problem: unknown): Checked => ({ execution: defective(problem), ...NOTHING })

/** Keys and topics stand in databases and addresses: ASCII that is seen, since engines differ in what is a letter. */
function checkName(name: string, what: string): void {
  if (!/^[!-~]{1,400}$/.test(name)) throw new Error(`${what} ${JSON.stringify(name)} is not a name`)
}

/** @returns the value's canonical text */
export function checkWritten(key: string, value: Json | undefined): string | undefined {
  checkName(key, 'key')
  if (/^(sys|feed)\//.test(key)) throw new Error(`key ${key} is the ledger's own`)
  return value === undefined ? undefined : canonicalJson(value, MAX_CONTENT_DEPTH)
}
