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

/** Prints one line a figure as it comes, and keeps them for `--json`. */
export class Report {
  readonly figures: Figure[] = []

  constructor(private readonly print: (line: string) => void = (line) => process.stdout.write(`${line}\n`)) {}

  add(figure: Figure): void {
    this.figures.push(figure)
    const ratio = figure.ratio === undefined ? '' : `  (${short(figure.ratio)} of ${figure.to})`
    this.print(`${figure.id}  ${short(figure.value)} ${figure.unit}  goal ${figure.goal}${ratio}  ${figure.what}`)
  }

  async write(file: string): Promise<void> {
    await writeFile(file, `${JSON.stringify(this.figures, null, 2)}\n`)
  }
}

const short = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3))

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
