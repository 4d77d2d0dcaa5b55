import { mkdirSync, readFileSync, writeFileSync, appendFileSync, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'vitest'

/**
 * Compares text with a file under testdata/goldens. The flag UPDATE_GOLDENS writes the file instead, and its value is the
 * reason, which is kept beside it: `UPDATE_GOLDENS='deal terms name their clause' npx vitest run contracts/describe`.
 */
export function expectGolden(name: string, text: string): void {
  const file = new URL(`../../testdata/goldens/${name}`, import.meta.url).pathname
  const reason = process.env.UPDATE_GOLDENS
  if (reason !== undefined) {
    if (reason.trim().length < 10) throw new Error('UPDATE_GOLDENS must say why the golden changes, in a few words')
    mkdirSync(dirname(file), { recursive: true })
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return
    writeFileSync(file, text)
    appendFileSync(`${dirname(file)}/CHANGES.md`, `- ${name}: ${reason.trim()}\n`)
    return
  }
  if (!existsSync(file)) throw new Error(`no golden ${name}; make it with UPDATE_GOLDENS='why'`)
  expect(text, `differs from ${file}; where that is meant, run again with UPDATE_GOLDENS='why'`).toBe(
    readFileSync(file, 'utf8'),
  )
}
