import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { keyIdOf, type Member } from '../demo/consortium.ts'
import { administratorOf, missingOperators, usccOf, type Recorded } from './admission.ts'
import { failIn, readOrganisation } from './organisations.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-admission-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FILE = {
  id: 'fresh',
  name: { zh: '新', en: 'Fresh' },
  uscc: '91350100M000100Y43',
  roles: ['investor', 'factor'],
  operators: [
    { id: 'maker', kind: 'person', functions: ['maker', 'viewer'] },
    { id: 'rolls', kind: 'service', functions: ['service:calendar'] },
  ],
}
const fail = failIn('f.json')

describe('the file of an organisation', () => {
  const read = (value: unknown): Promise<Member> => {
    const path = join(folder, 'one.json')
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
    return readOrganisation(path)
  }
  it('is one organisation', async () => {
    const member = await read(FILE)
    expect(member).toMatchObject({ id: 'fresh', roles: ['investor', 'factor'] })
    const limited = { ...FILE.operators[0], limitFen: '500' }
    expect((await read({ ...FILE, operators: [limited] })).operators).toEqual([limited])
    expect(usccOf(member)).toBe(FILE.uscc)
  })

  it.each([
    ['{', 'not JSON'],
    [[FILE], 'must be object'],
    [{ ...FILE, uscc: '91350100M000100Y4Z' }, 'at /uscc'],
    [{ ...FILE, roles: ['king'] }, 'at /roles/0: must be one of originator, '],
    [{ ...FILE, operators: [...FILE.operators, FILE.operators[0]] }, 'at /operators/2/id: maker is there twice'],
    [{ ...FILE, operators: [{ id: 'robot', kind: 'service', functions: ['checker'] }] }, 'at /operators/0/functions: a service cannot be checker'], // prettier-ignore
    [{ ...FILE, operators: [{ ...FILE.operators[0], limitFen: '0' }] }, 'at /operators/0/limitFen'],
    [{ ...FILE, more: 1 }, 'one.json'],
  ])('otherwise the place is named: %o', async (value, words) => {
    await expect(read(value)).rejects.toThrow(words)
  })
})

const member = { ...FILE, usccBody: FILE.uscc.slice(0, 17) } as unknown as Member

describe('who administers', () => {
  const named = { id: 'it', kind: 'service', functions: ['service:admin'] } as const
  it('is the operator who may do that and nothing else, or one who is added', () => {
    expect(administratorOf({ ...member, operators: [...member.operators, named] }, fail)).toBe(named)
    const added = administratorOf(member, fail)
    expect(added).toEqual({ id: 'admin', kind: 'service', functions: ['service:admin'] })
    const both = { ...named, functions: ['service:admin', 'viewer'] } as const
    expect(administratorOf({ ...member, operators: [both] }, fail).id).toBe('admin')
    const taken = { id: 'admin', kind: 'person', functions: ['viewer'] } as const
    expect(() => administratorOf({ ...member, operators: [taken] }, fail)).toThrow('f.json at /operators/0: ')
    const limited = { ...named, limitFen: '5' }
    expect(() => administratorOf({ ...member, operators: [limited] }, fail)).toThrow(
      'f.json at /operators/0/limitFen: ',
    )
  })
})

describe('what is missing on the ledger', () => {
  const administrator = administratorOf(member, fail)
  const keyOf = (id: string, functions: readonly string[]) => ({ keyId: keyIdOf(id), publicKey: `key of ${id}`, functions, limitFen: null }) // prettier-ignore
  const WHOLE: Recorded = {
    member: { nameZh: '新', nameEn: 'Fresh', uscc: FILE.uscc, roles: ['factor', 'investor'] },
    operators: [{ operator: 'admin', kind: 'service' }, { operator: 'maker', kind: 'person' }, { operator: 'rolls', kind: 'service' }], // prettier-ignore
    keys: [keyOf('admin', ['service:admin']), keyOf('maker', ['viewer', 'maker']), keyOf('rolls', ['service:calendar'])], // prettier-ignore
  }
  const publicKeyOf = (id: string) => `key of ${id}`
  const missing = (recorded: Recorded, of = member, keys: (id: string) => string | undefined = publicKeyOf) =>
    missingOperators(of, recorded, { administrator, publicKeyOf: keys, fail }).map(({ id }) => id)
  const without = (id: string): Recorded => ({
    ...WHOLE,
    operators: WHOLE.operators.filter(({ operator }) => operator !== id),
    keys: WHOLE.keys.filter(({ keyId }) => keyId !== keyIdOf(id)),
  })

  it('is nothing when all of it is there, and whoever is not', () => {
    expect(missing(WHOLE)).toEqual([])
    expect(missing(without('rolls'))).toEqual(['rolls'])
    expect(missing({ ...WHOLE, operators: [WHOLE.operators[0]!], keys: [WHOLE.keys[0]!] })).toEqual(['maker', 'rolls'])
    // A founder has nobody who could add another, and needs nobody as long as nothing is missing.
    expect(missing(without('admin'))).toEqual([])
  })

  const other = (over: object): Member => ({ ...member, ...over }) as Member
  it.each([
    ['/name/zh', other({ name: { zh: '老', en: 'Fresh' } }), WHOLE],
    [
      '/name/en: Stale; fresh is a member already, with Fresh on the ledger',
      other({ name: { zh: '新', en: 'Stale' } }),
      WHOLE,
    ],
    ['/uscc', other({ usccBody: '91110105MA01ABCD1' }), WHOLE],
    [
      '/roles: investor; fresh is a member already, with factor, investor on the ledger',
      other({ roles: ['investor'] }),
      WHOLE,
    ],
    ['/operators: rolls is on the ledger', other({ operators: [member.operators[0]] }), WHOLE],
    ['/operators/0/kind', other({ operators: [{ ...member.operators[0], kind: 'service' }, member.operators[1]] }), WHOLE], // prettier-ignore
    ['/operators/0/functions: maker; on the ledger they are maker, viewer', other({ operators: [{ ...member.operators[0], functions: ['maker'] }, member.operators[1]] }), WHOLE], // prettier-ignore
    ['/operators/0/limitFen: 500; on the ledger it is none', other({ operators: [{ ...member.operators[0], limitFen: '500' }, member.operators[1]] }), WHOLE], // prettier-ignore
    ['/operators/0: maker has no key', member, { ...WHOLE, keys: WHOLE.keys.slice(0, 1) }],
    ['/operators/1: rolls is not on the ledger, and neither is an administrator', member, { ...WHOLE, operators: [WHOLE.operators[1]!] }], // prettier-ignore
  ] as const)('other content is refused by its field: %s', (where, of, recorded) => {
    expect(() => missing(recorded, of)).toThrow(`f.json at ${where}`)
  })

  it('keys that are not those on the ledger are refused, the administrator’s where it has something to do', () => {
    const lacks = (id: string) => (one: string) => (one === id ? undefined : publicKeyOf(one))
    expect(() => missing(WHOLE, member, lacks('maker'))).toThrow('/operators/0: the key of maker on the ledger is not')
    expect(missing(WHOLE, member, lacks('admin'))).toEqual([])
    expect(() => missing(without('rolls'), member, lacks('admin'))).toThrow('the key of admin on the ledger is not')
  })
})
