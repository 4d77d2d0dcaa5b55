// Progress goes to standard error: standard output is the answer's.
import { yuanFromFen } from '#domain/money'
import type { PullProgress } from '#node/exchange/pull'
import type { Progress } from '#node/ingest/options'
import type { RootRecord } from '#contracts/asset-registry/state'

export function reportIngest({ stage, rows, of, percent, rowsPerSecond }: Progress): void {
  const what = {
    parse: `checking ${(percent ?? 0).toFixed(0)} %`,
    load: `loading ${rows} of ${of} rows, ${rowsPerSecond} rows/s`,
    index: `indexing ${rows} rows`,
    tree: `writing the tree of ${rows} slots`,
    resume: `going on with an unfinished job${rows ? `: ${rows} rows already checked` : ''}`,
  }[stage]
  process.stderr.write(`${what}\n`)
}

export const mebibytes = (bytes: number): string => (bytes / (1 << 20)).toFixed(1)

const LINE_EVERY_MS = 1_000

/** A line at the beginning and the end, and each second between. */
export function reportPull(write: (line: string) => void = (line) => void process.stderr.write(line)) {
  let saidAt = -Infinity
  return ({ bytes, of, before, bytesPerSecond }: PullProgress): void => {
    const now = performance.now()
    if (now - saidAt < LINE_EVERY_MS && bytes < of) return
    saidAt = now
    const left = before > 0 ? `, ${mebibytes(before)} MiB were here already` : ''
    write(`pulled ${mebibytes(bytes)} of ${mebibytes(of)} MiB, ${mebibytes(bytesPerSecond)} MiB/s${left}\n`)
  }
}

export const rootLines = (root: RootRecord, changed: number): string[] => [
  `  root      ${root.hash}`,
  `  assets    ${root.count} in 2^${root.levels} slots, ${changed} changed`,
  `  original  ${yuanFromFen(BigInt(root.originalFen))}`,
  `  current   ${yuanFromFen(BigInt(root.currentFen))}`,
  `  defaulted ${yuanFromFen(BigInt(root.defaultedFen))}`,
]
