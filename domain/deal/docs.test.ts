// docs/deal-terms.schema.json and the table in docs/DEAL-TERMS.md are generated: scripts/deal-terms-docs.ts writes them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { dealA, dealB } from './example-deals.ts'
import { figuresTable, schemaDocument } from './docs.ts'
import { termsProblems } from './validate.ts'

const docs = join(import.meta.dirname, '../../docs')

describe('published documents', () => {
  const schema = JSON.parse(readFileSync(join(docs, 'deal-terms.schema.json'), 'utf8')) as object
  it('the schema in docs is the one the program uses', () => {
    expect(schema).toEqual(JSON.parse(JSON.stringify(schemaDocument())))
  })
  it('an independent validator accepts the worked deals by it and refuses a misspelt key', () => {
    const validate = new Ajv2020({ strict: false }).compile(schema)
    for (const terms of [dealA(), dealB()])
      expect([validate(JSON.parse(JSON.stringify(terms))), validate.errors]).toEqual([true, null])
    expect(validate({ ...dealA(), trigers: [] })).toBe(false)
  })
  it('the annotated example can be run', () => {
    const page = readFileSync(join(docs, 'DEAL-TERMS.md'), 'utf8')
    const example = /```jsonc\n([^]*?)```/.exec(page)![1]!
    // No text of the example holds two slashes.
    expect(termsProblems(JSON.parse(example.replaceAll(/\/\/ .*$/gm, '')))).toEqual([])
  })
  it('the table of figures is current', () => {
    expect(
      readFileSync(join(docs, 'DEAL-TERMS.md'), 'utf8').replaceAll(/ +\|/g, ' |').replaceAll(/-+\|/g, '-|'),
    ).toContain(figuresTable().replaceAll(/ +\|/g, ' |').replaceAll(/-+\|/g, '-|'))
  })
})
