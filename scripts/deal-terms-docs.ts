// Writes docs/deal-terms.schema.json and the generated part of docs/DEAL-TERMS.md (the table of figures).
// npm run build && node dist/scripts/deal-terms-docs.js
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '../engines/paths.ts'
import { figuresTable, schemaDocument } from '../domain/deal/docs.ts'

const docs = join(checkout, 'docs')
writeFileSync(join(docs, 'deal-terms.schema.json'), `${JSON.stringify(schemaDocument(), null, 1)}\n`)
const page = join(docs, 'DEAL-TERMS.md')
const [before, rest = ''] = readFileSync(page, 'utf8').split('<!-- figures -->')
const after = rest.split('<!-- end of figures -->')[1] ?? ''
writeFileSync(page, `${before}<!-- figures -->\n\n${figuresTable()}\n\n<!-- end of figures -->${after}`)
