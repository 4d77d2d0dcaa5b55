import type { BatchKind, TapeStore, TapeVersion } from './store.ts'

export interface IngestOptions {
  readonly store: TapeStore
  /** The organisation's working folder: trees, and what a job keeps between its steps. */
  readonly folder: string
  readonly file: string
  readonly deal: string
  readonly kind: BatchKind
  readonly asOf: string
  /** Its number, given by who repeats another's batch; else the next one. */
  readonly version?: number
  /** Given by who repeats another's batch; else random, and forgotten once the batch is effective. */
  readonly saltSeed?: string
  /** Slots for 2^levels assets; twice as many as the first file has, unless said. */
  readonly levels?: number
  /** Forgets an unfinished job of another file instead of refusing. */
  readonly restart?: boolean
  readonly maxErrors?: number
  /** What DuckDB may use before it spills to disk. */
  readonly memoryMb?: number
  readonly segmentRows?: number
  readonly onProgress?: (progress: Progress) => void
  /** Looks at the version before it is there; throwing refuses it, and nothing is taken over. */
  readonly confirm?: (version: TapeVersion) => void
}

export interface Progress {
  readonly stage: 'parse' | 'load' | 'index' | 'tree' | 'resume'
  readonly rows?: number
  readonly of?: number
  readonly percent?: number
  readonly rowsPerSecond?: number
}
