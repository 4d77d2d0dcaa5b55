import { writeFile } from 'node:fs/promises'

/** One measured figure, in the unit of its goal. */
export interface Figure {
  readonly id: string
  readonly what: string
  readonly value: number
  readonly unit: string
  /** As the goal is written: `≤ 10 ms`. */
  readonly goal: string
  /** To a named limit measured in the same run. */
  readonly ratio?: number
  readonly to?: string
}

/** Where a bench puts what it measured, and what it could not. */
export interface Figures {
  add(figure: Figure): void
  /** A figure that there is none of, which fails the run after everything else was measured. */
  lack(id: string, why: string): void
}

/** Prints one line a figure as it comes, and keeps them for `--json`. */
export class Report implements Figures {
  readonly figures: Figure[] = []
  /** Ids of what could not be measured. */
  readonly lacking: string[] = []

  constructor(private readonly print: (line: string) => void = (line) => process.stdout.write(`${line}\n`)) {}

  add(figure: Figure): void {
    this.figures.push(figure)
    const ratio = figure.ratio === undefined ? '' : `  (${short(figure.ratio)} of ${figure.to})`
    this.print(`${figure.id}  ${short(figure.value)} ${figure.unit}  goal ${figure.goal}${ratio}  ${figure.what}`)
  }

  lack(id: string, why: string): void {
    this.lacking.push(id)
    this.print(`${id}  not measured: ${why}`)
  }

  /** For a run smaller than the goals are for: its ids end in this, so that none of its figures passes for a goal's. */
  suffixed(suffix: string): Figures {
    return {
      add: (figure) => this.add({ ...figure, id: `${figure.id}${suffix}` }),
      lack: (id, why) => this.lack(`${id}${suffix}`, why),
    }
  }

  async write(file: string): Promise<void> {
    await writeFile(file, `${JSON.stringify(this.figures, null, 2)}\n`)
  }
}

const short = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3))

/** @param sorted ascending */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!

export interface Timing {
  readonly medianMs: number
  readonly firstMs: number
}

/** Times a function: the first call (cold) apart, the median of the calls after a warm-up. */
export function time(run: () => unknown, { runs = 31, warmUp = 20 }: { runs?: number; warmUp?: number } = {}): Timing {
  const once = (): number => {
    const start = process.hrtime.bigint()
    run()
    return Number(process.hrtime.bigint() - start) / 1e6
  }
  const firstMs = once()
  for (let i = 0; i < warmUp; i += 1) once()
  const times = Array.from({ length: runs }, once).sort((a, b) => a - b)
  return { firstMs, medianMs: times[Math.floor(times.length / 2)]! }
}
