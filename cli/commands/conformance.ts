import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { outcomeLine, parseVectorFile, runCase, type VectorFile } from '#domain/conformance/run'

/**
 * Runs vector files and prints one line per case and a last line with the counts, as testdata/vectors/README.md defines.
 * @returns the exit status: 0 when nothing failed, 1 when a case failed, 2 when a file could not be read
 */
export async function conformanceCommand(
  files: readonly string[],
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Promise<number> {
  const counts = { PASS: 0, FAIL: 0, SKIP: 0 }
  const parsed: VectorFile[] = []
  for (const file of files) {
    try {
      parsed.push(parseVectorFile(JSON.parse(await readFile(file, 'utf8'))))
    } catch (error) {
      process.stderr.write(`sluice conformance: ${file}: ${error instanceof Error ? error.message : String(error)}\n`)
      return 2
    }
  }
  for (const file of parsed) {
    for (const vector of file.cases) {
      const outcome = runCase(vector, file)
      counts[outcome.verdict] += 1
      print(outcomeLine(outcome))
    }
  }
  print(`${counts.PASS} passed, ${counts.FAIL} failed, ${counts.SKIP} skipped`)
  return counts.FAIL > 0 ? 1 : 0
}

export function register(program: Command): void {
  program
    .command('conformance')
    .description('run conformance vector files through the domain engine')
    .argument('<files...>', 'vector files in JSON')
    .action(async (files: string[]) => {
      process.exitCode = await conformanceCommand(files)
    })
}
