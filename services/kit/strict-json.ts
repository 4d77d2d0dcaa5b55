/** What a JSON text says in two ways, or in a way that another reader takes otherwise. */
export interface Flaw {
  readonly code: 'DUPLICATE_NAME' | 'BAD_NAME' | 'BAD_NUMBER'
  /** JSON pointer to the field at fault. */
  readonly path: string
  readonly problem: string
}

/** As RFC 8785 writes the numbers that the ledger knows: `1e3`, `1.0` and `-0` are other spellings of other things. */
const WHOLE = /^(0|-?[1-9][0-9]{0,15})$/
const NUMBER = /[-+.0-9eE]+/y
const SPACE = /[ \t\n\r]*/y

/**
 * The first flaw of a text that is JSON and not deeply nested (`parseBody` has seen to both). Without one the text has one
 * meaning, so writing its value again in canonical form loses nothing of what was sent: of two fields of one name
 * JSON.parse keeps the last, and a signature may have been made over the first.
 */
export function flawOf(text: string): Flaw | undefined {
  const reader = new Reader(text)
  reader.value()
  return reader.flaw
}

class Reader {
  flaw: Flaw | undefined
  private at = 0
  private readonly path: (string | number)[] = []

  constructor(private readonly text: string) {}

  /** Reads one value and the white space around it; stops at the first flaw. */
  value(): void {
    this.space()
    const first = this.text[this.at]
    if (first === '{') this.object()
    else if (first === '[') this.list()
    else if (first === '"') this.string()
    else if (first === 't' || first === 'n') this.at += 4
    else if (first === 'f') this.at += 5
    else this.number()
    this.space()
  }

  private object(): void {
    const names = new Set<string>()
    this.at += 1
    this.space()
    while (this.text[this.at] !== '}') {
      const name = this.string()
      this.path.push(name)
      if (name === '__proto__') return this.fail('BAD_NAME', 'a field named __proto__')
      if (names.has(name)) return this.fail('DUPLICATE_NAME', 'this name stands twice')
      names.add(name)
      this.space()
      this.at += 1 // the colon
      this.value()
      if (this.flaw) return
      this.path.pop()
      this.separator()
    }
    this.at += 1
  }

  private list(): void {
    this.at += 1
    this.space()
    for (let index = 0; this.text[this.at] !== ']'; index += 1) {
      this.path.push(index)
      this.value()
      if (this.flaw) return
      this.path.pop()
      this.separator()
    }
    this.at += 1
  }

  private separator(): void {
    if (this.text[this.at] !== ',') return
    this.at += 1
    this.space()
  }

  /** Its content, escapes resolved: two spellings of one name are one name. */
  private string(): string {
    const begin = this.at
    let isEscaped = false
    for (this.at += 1; this.text[this.at] !== '"'; this.at += 1) {
      if (this.text[this.at] !== '\\') continue
      isEscaped = true
      this.at += 1
    }
    this.at += 1
    const literal = this.text.slice(begin, this.at)
    return isEscaped ? (JSON.parse(literal) as string) : literal.slice(1, -1)
  }

  private number(): void {
    NUMBER.lastIndex = this.at
    const [token = ''] = NUMBER.exec(this.text) ?? []
    this.at += token.length
    if (WHOLE.test(token) && Number.isSafeInteger(Number(token))) return
    this.fail('BAD_NUMBER', `${token.slice(0, 30)}: a whole number within 2^53, written plainly`)
  }

  private space(): void {
    SPACE.lastIndex = this.at
    SPACE.test(this.text)
    this.at = SPACE.lastIndex
  }

  private fail(code: Flaw['code'], problem: string): void {
    const path = this.path.map((part) => `/${String(part).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    this.flaw = { code, path: path.join(''), problem }
  }
}
