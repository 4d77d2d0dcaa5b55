/// <reference lib="dom" />
import type { Language } from '#client/receipt-words'
import type { Json, JsonObject } from '#proof/json'
import { FieldError, skeletonOf, textOf, valueOf, type Argument } from './arguments.ts'
import { UNIT_WORDS, VISIBILITY_WORDS, WORDS } from './words.ts'

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

const FORM_ID = 'form'
const idOf = ({ name }: Argument): string => `arg-${name}`

/** A field for each argument of a method, and beside them their JSON: what is changed in one shows in the other. */
export class ArgumentForm {
  private shown: readonly Argument[] = []

  /** @param json where the arguments stand as a whole, which is what will be signed */
  constructor(
    private readonly json: HTMLTextAreaElement,
    private readonly changed: () => void,
  ) {
    json.addEventListener('input', () => {
      this.changed()
      this.fromJson()
    })
  }

  show(all: readonly Argument[], language: Language): void {
    this.shown = all
    this.json.value = JSON.stringify(skeletonOf(all), undefined, 2)
    this.redraw(language)
  }

  /** The same fields in another language. */
  redraw(language: Language): void {
    const place = document.getElementById(FORM_ID)!
    place.replaceChildren(...this.shown.flatMap((one) => this.field(one, language)))
    this.fromJson()
  }

  private field(argument: Argument, language: Language): HTMLElement[] {
    const { name, form, isOptional, isNullable, described, note } = argument
    const words = WORDS[language]
    const label = document.createElement('label')
    label.htmlFor = idOf(argument)
    const control = controlOf(argument)
    control.id = label.htmlFor
    control.addEventListener('input', () => {
      this.changed()
      this.toJson(language)
    })
    const said = [
      ...(described.unit ? [UNIT_WORDS[language][described.unit]] : []),
      ...(form === 'json' ? ['JSON'] : []),
      ...(isOptional || isNullable ? [words['may-be-empty'] ?? ''] : []),
      VISIBILITY_WORDS[language][described.visibility],
    ]
    label.textContent = `${name} · ${said.join(' · ')}`
    const problem = document.createElement('p')
    problem.id = `${label.htmlFor}-problem`
    problem.className = 'problem'
    control.setAttribute('aria-describedby', problem.id)
    if (note !== '') control.title = note
    return [label, control, problem]
  }

  /** What cannot be read is said at its field and stays out of the JSON, so that it cannot be signed. */
  private toJson(language: Language): void {
    const args: Record<string, Json> = {}
    let isWhole = true
    for (const argument of this.shown) {
      let problem = ''
      try {
        const value = valueOf(argument, controlAt(argument).value)
        if (value !== undefined) args[argument.name] = value
      } catch (error) {
        if (!(error instanceof FieldError)) throw error
        isWhole = false
        problem = WORDS[language][error.code] ?? error.code
      }
      document.getElementById(`${idOf(argument)}-problem`)!.textContent = problem
    }
    this.json.value = isWhole ? JSON.stringify(args, undefined, 2) : ''
  }

  /** Half-written JSON leaves the fields as they are. */
  private fromJson(): void {
    let args: JsonObject
    try {
      args = JSON.parse(this.json.value) as JsonObject
    } catch {
      return
    }
    if (typeof args !== 'object' || args === null) return
    for (const argument of this.shown) {
      controlAt(argument).value = textOf(argument, Object.hasOwn(args, argument.name) ? args[argument.name] : undefined)
      document.getElementById(`${idOf(argument)}-problem`)!.textContent = ''
    }
  }
}

const controlAt = (argument: Argument): Control => document.getElementById(idOf(argument)) as Control

function controlOf({ form, choices, isNullable, isOptional }: Argument): Control {
  if (form === 'choice' || form === 'boolean') {
    const select = document.createElement('select')
    const offered = form === 'boolean' ? ['false', 'true'] : choices
    for (const one of [...(isNullable || isOptional ? [''] : []), ...offered]) select.append(new Option(one, one))
    return select
  }
  if (form === 'json') {
    const area = document.createElement('textarea')
    area.rows = 4
    area.spellcheck = false
    return area
  }
  const input = document.createElement('input')
  input.autocomplete = 'off'
  input.spellcheck = false
  if (form === 'integer') input.inputMode = 'numeric'
  return input
}
