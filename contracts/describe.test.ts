import { describe as suite, expect, it } from 'vitest'
import type { TSchema } from 'typebox'
import { describe, placeholdersOf, SentenceError, sentenceOf } from './describe.ts'
import { registry } from './registry.ts'
import { expectGolden } from './testing/golden.ts'
import { ended, newVersion } from './deal/testing/chapters.ts'
import { PUBLIC } from './kernel/event.ts'
import { accepted, ISSUE, offered, SPLIT } from './receivable/testing/story.ts'

/** What stands at a path of a schema: the way that `sentenceOf` goes through arguments. */
function schemaAt(schema: TSchema | undefined, path: string): TSchema | undefined {
  let at = schema as (TSchema & { properties?: Record<string, TSchema>; type?: string }) | undefined
  for (const step of path.split('.')) {
    if (at?.type === 'array' && step === 'length') return { type: 'integer' }
    at = at?.properties?.[step]
  }
  return at
}

suite('the self-description', () => {
  it('names every method and event of every contract once', () => {
    const { contracts } = describe(registry)
    expect(contracts.map(({ name }) => name).sort()).toEqual(
      [...new Set(registry.contracts.map(({ name }) => name))].sort(),
    )
    const methods = contracts.flatMap(({ methods }) => methods.map(({ name }) => name))
    expect(methods.sort()).toEqual(
      registry
        .allMethods()
        .map(({ contract, method }) => `${contract}.${method}`)
        .sort(),
    )
  })

  const contracts = describe(registry).contracts
  const events = contracts.flatMap(({ name, events }) => events.map((one) => [`${name}.${one.event}`, one] as const))
  const methods = contracts.flatMap(({ methods }) => methods.map((one) => [one.name, one] as const))

  it('says of each field who learns it, and names no method, event or field that is not there', () => {
    for (const { name, disclosure } of registry.contracts) {
      const own = contracts.find((one) => one.name === name)!
      const parts = [...own.methods, ...own.events]
      const names = [
        ...own.methods.map((one) => one.name.slice(name.length + 1)),
        ...own.events.map(({ event }) => event),
      ]
      for (const exception of disclosure.except ?? []) expect(names, name).toContain(exception)
      const leaves = parts.flatMap(({ fields }) => fields.map(({ path }) => path.split('/').at(-1)))
      for (const field of disclosure.commitments ?? []) expect(leaves, name).toContain(field)
    }
    for (const [name, { fields }] of [...methods, ...events]) {
      const given = (registry.allMethods().find((one) => `${one.contract}.${one.method}` === name)?.args ??
        registry.contracts.flatMap((one) => one.events).find((one) => `${one.contract}.${one.event}` === name)!
          .schema) as { properties: object }
      const top = fields.map(({ path }) => path).filter((path) => !path.slice(1).includes('/'))
      expect(top.sort(), name).toEqual(
        Object.keys(given.properties)
          .map((field) => `/${field}`)
          .sort(),
      )
    }
  })

  it('says the unit of every amount', () => {
    for (const [name, { fields }] of [...methods, ...events]) {
      for (const { path, unit } of fields) {
        const isAmount = /fen$/i.test(path) && !fields.some((other) => other.path.startsWith(`${path}/`))
        expect(unit === 'fen', `${name} ${path}`).toBe(isAmount)
      }
    }
    expect(methods.flatMap(([, { fields }]) => fields.filter(({ unit }) => unit === 'fen')).length).toBeGreaterThan(10)
  })

  it('calls public what goes to the topic that everyone reads, and nothing else', () => {
    const split = accepted()
    split.does('supplier-1:maker', 'receivable.split', SPLIT)
    const told = [ended().world, newVersion().world, split, offered()].flatMap(({ events }) => events)
    const isPublic = new Map(
      events.map(([name, { fields }]) => [name, fields.every(({ visibility }) => visibility === 'public')]),
    )
    for (const { contract, event, topics } of told) {
      expect(isPublic.get(`${contract}.${event}`) ?? false, `${contract}.${event}`).toBe(topics.includes(PUBLIC))
    }
    expect(new Set(told.map(({ contract, event }) => `${contract}.${event}`)).size).toBeGreaterThan(40)
  })

  it('has event schemas that change only on purpose', () => {
    const schemas = Object.fromEntries(
      describe(registry).contracts.flatMap(({ name, events }) =>
        events.map(({ event, schema }) => [`${name}.${event}`, schema]),
      ),
    )
    expectGolden('event-schemas.json', `${JSON.stringify(schemas, null, 2)}\n`)
  })
})

suite('every method', () => {
  it.each(registry.allMethods().map((method) => [`${method.contract}.${method.method}`, method] as const))(
    '%s has a sentence in both languages about fields that it has, and refuses unknown fields',
    (_, { sentence, args }) => {
      const either = (path: string) => path.replace(/^name\.en$/, 'name.zh')
      const words = (text: string) => placeholdersOf(text).map((field) => `${either(field.path)}:${field.form}`)
      expect(words(sentence.en).sort()).toEqual(words(sentence.zh).sort())
      for (const { path, form } of [...placeholdersOf(sentence.zh), ...placeholdersOf(sentence.en)]) {
        const found = schemaAt(args, path) as { pattern?: string } | undefined
        expect(found, path).toBeDefined()
        if (form === 'yuan') expect(found?.pattern, `${path} in yuan`).toContain('[1-9][0-9]{0,')
      }
      expect((args as { additionalProperties?: unknown }).additionalProperties).toBe(false)
    },
  )
})

suite('every clause', () => {
  const clauses = registry.allMethods().flatMap(({ contract, method, clauses = {}, args }) =>
    Object.entries(clauses).flatMap(([field, kinds]) => {
      const { anyOf } = schemaAt(args, field) as { anyOf?: (TSchema & { properties: { kind: { const: string } } })[] }
      const schemas = new Map((anyOf ?? []).map((schema) => [schema.properties.kind.const, schema]))
      expect([...schemas.keys()].sort()).toEqual(Object.keys(kinds).sort())
      return Object.entries(kinds).map(
        ([kind, words]) => [`${contract}.${method} ${kind}`, words, schemas.get(kind)!] as const,
      )
    }),
  )
  it.each(clauses)('%s is about fields that its kind has', (_, words, schema) => {
    for (const text of [words.zh, words.en]) {
      for (const { path } of placeholdersOf(text)) expect(schemaAt(schema, path), path).toBeDefined()
    }
  })
})

suite('a sentence', () => {
  const render = (method: string, args: Parameters<typeof sentenceOf>[1]['args'], contract = 'receivable') =>
    sentenceOf(registry, { contract, method, args })

  it('shows the command’s own arguments, amounts in yuan, lists and counts', () => {
    expect(render('issue', ISSUE)).toEqual({
      zh: '拟向 supplier-1 开立应收账款 r，金额 1000000.00 元，到期日 2011-06-30',
      en: 'Draw up receivable r of 1000000.00 yuan to supplier-1, due 2011-06-30',
    })
    expect(render('split', SPLIT).zh).toBe('将应收账款持有 h 拆分为 3 份')
    const action = { kind: 'setRoles', participant: 'x', roles: ['supplier', 'factor'] }
    expect(render('approve', { proposal: 'p', action, fromHeight: null }, 'governance')).toEqual({
      zh: '同意提议 p：将成员 x 的角色设为 supplier、factor；不早于高度 — 生效',
      en: 'Approve proposal p: set the roles of x to supplier, factor; not before height —',
    })
    const unknown = { ...action, kind: 'constructor' }
    expect(() => render('approve', { proposal: 'p', action: unknown, fromHeight: null }, 'governance')).toThrow(
      SentenceError,
    )
  })

  it('with a gap is never shown', () => {
    const { faceFen: _, ...without } = ISSUE
    expect(() => render('issue', without)).toThrow(SentenceError)
    expect(() => render('issue', { ...ISSUE, faceFen: 100 })).toThrow(SentenceError)
    expect(() => render('nothing', ISSUE)).toThrow('UNKNOWN_METHOD')
    expect(() => render('issue', Object.create(ISSUE) as typeof ISSUE)).toThrow('NO_SUCH_FIELD')
  })
})
