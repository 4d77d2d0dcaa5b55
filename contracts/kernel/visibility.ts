/**
 * Who learns a field from a node (LEDGER.md §7):
 * - `public`: every member of the consortium;
 * - `parties`: who may read a topic of the event, which its contract names, and the regulator; an argument, who sent it
 *   and whoever may read the events that it ends up in;
 * - `commitment`: a hash of something that is not on the ledger. Who may read it learns whether two things are the same,
 *   and can test a guess unless the thing is salted.
 *
 * It says what a node's interface tells. Every organisation that runs a node holds every command in its own database:
 * parties that may not see one another's amounts run separate ledgers (LEDGER.md §5).
 */
export type Visibility = 'public' | 'parties' | 'commitment'

/** What a contract says of its fields, once for all of its methods and events. */
export interface Disclosure {
  /** Of every field that no other line speaks of. */
  readonly fields: 'public' | 'parties'
  /** Methods and events that are otherwise than `fields` says. */
  readonly except?: readonly string[]
  /** Fields, wherever they stand, that are a hash of what is not on the ledger. */
  readonly commitments?: readonly string[]
}

/** What is said of the fields of one method or event: by name, `commitment` or as the whole. */
export const visibilityOf =
  ({ fields, except = [], commitments = [] }: Disclosure, name: string) =>
  (field: string): Visibility => {
    if (commitments.includes(field)) return 'commitment'
    if (!except.includes(name)) return fields
    return fields === 'public' ? 'parties' : 'public'
  }
