import type { Json } from '#proof/json'

/** The address of one value of the replicated state, typed by what stands there. */
export interface Key<T> {
  readonly path: string
  /** Only for the type checker. */
  readonly holds?: T
}

/** `const holdingKey = keysOf<Holding>('receivable/holding')`, then `holdingKey(id)`. */
export const keysOf =
  <T>(prefix: string) =>
  (...parts: readonly string[]): Key<T> => ({ path: [prefix, ...parts].join('/') })

/** Synchronous and recorded. A key that is not at hand throws `KeyNotLoaded`, which only the executor catches. */
export type Read = <T>(key: Key<T>) => T | undefined

/** The executor loads the key and asks again: decide is pure, so asking twice is safe. */
export class KeyNotLoaded extends Error {
  override readonly name = 'KeyNotLoaded'
  constructor(readonly path: string) {
    super(`key not loaded: ${path}`)
  }
}

/** The only things that happen to state: a value is put, fields of an object are replaced, or a key is gone. */
export type Write =
  | { readonly op: 'put'; readonly key: string; readonly value: Json }
  | { readonly op: 'patch'; readonly key: string; readonly fields: { readonly [field: string]: Json } }
  | { readonly op: 'delete'; readonly key: string }

export const put = <T>(key: Key<T>, value: T): Write => ({ op: 'put', key: key.path, value: value as unknown as Json })
export const patch = <T>(key: Key<T>, fields: Partial<T>): Write => ({
  op: 'patch',
  key: key.path,
  fields: fields as unknown as { [field: string]: Json },
})
export const remove = (key: Key<unknown>): Write => ({ op: 'delete', key: key.path })

/** Values written but not yet committed, over a reader of those that are. A patch of a missing key is a defect. */
export class Overlay {
  readonly written = new Map<string, Json | undefined>()
  constructor(private readonly base: Read) {}

  readonly read: Read = <T>(key: Key<T>): T | undefined =>
    this.written.has(key.path) ? (this.written.get(key.path) as T | undefined) : this.base(key)

  write(write: Write): void {
    switch (write.op) {
      case 'put':
        this.written.set(write.key, write.value)
        return
      case 'delete':
        this.written.set(write.key, undefined)
        return
      case 'patch': {
        const before = this.read<Json>({ path: write.key })
        if (before === undefined || before === null || typeof before !== 'object' || Array.isArray(before)) {
          throw new Error(`patch of ${write.key}, which holds no object`)
        }
        this.written.set(write.key, { ...before, ...write.fields })
      }
    }
  }
}
