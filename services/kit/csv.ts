import { stringify } from 'csv-stringify/sync'

/** One table as RFC 4180 text with CRLF and a header line. Cells that a spreadsheet would run as a formula are quoted as text. */
export function csvOf<C extends string>(columns: readonly C[], rows: readonly Readonly<Record<C, unknown>>[]): string {
  return stringify([columns, ...rows.map((row) => columns.map((column) => cell(row[column])))], {
    record_delimiter: 'windows',
  })
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value)
  // A leading apostrophe disarms =, +, @ and a minus that is not a number (OWASP, "CSV injection"); the library's own
  // option would disarm negative amounts too.
  return /^[=+@\t\r]/.test(text) || (text.startsWith('-') && !/^-\d+(\.\d+)?$/.test(text)) ? `'${text}` : text
}
