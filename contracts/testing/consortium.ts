import { ed25519 } from '@noble/curves/ed25519.js'
import { usccCheckCharacter } from '#domain/uscc'
import { sha256Bytes, utf8ToBytes } from '#proof/hash'
import { genesisEvents, type GenesisDocument } from '../genesis.ts'
import type { EventRecord } from '../kernel/event.ts'
import type { KeyFunction, Role } from '../kernel/method.ts'
import { World } from '../kernel/testing/world.ts'
import { CONTRACTS } from '../registry.ts'

/** Who takes part in the stories that tests tell, and the functions of each operator's key. */
const PEOPLE: readonly Member[] = [
  ['originator', ['originator', 'servicer']],
  ['manager', ['plan-manager']],
  ['custodian', ['custodian']],
  ['bank', ['supervisory-bank']],
  ['rating', ['rating-agency']],
  ['lawyer', ['law-firm']],
  ['exchange', ['exchange']],
  ['depository', ['depository']],
  ['investor-a', ['investor']],
  ['investor-b', ['investor']],
  ['regulator', ['regulator']],
  ['core', ['core-enterprise']],
  ['supplier-1', ['supplier']],
  ['supplier-2', ['supplier']],
  ['factor', ['factor']],
  ['operator', ['consortium-operator']],
]
type Member = readonly [id: string, roles: readonly Role[]]

/** One person for each of maker, checker and payer, and one service that has all service scopes. */
const OPERATORS: Readonly<Record<string, readonly KeyFunction[]>> = {
  maker: ['maker'],
  checker: ['checker'],
  payer: ['payer'],
  viewer: ['viewer'],
  service: [
    'service:issuance', 'service:servicing', 'service:receivable', 'service:bank', 'service:calendar', 'service:admin',
  ], // prettier-ignore
}

/** A key that anyone can derive from its name: for tests only. */
export const testSecretKey = (name: string): Uint8Array => sha256Bytes(utf8ToBytes(`sluice test key ${name}`))
export const testPublicKey = (name: string): string =>
  Buffer.from(ed25519.getPublicKey(testSecretKey(name))).toString('base64url')

/** `c1` → a valid USCC that differs for each n. */
const testUscc = (n: number): string => {
  const first = `91310000${String(n).padStart(9, '0')}`
  return first + usccCheckCharacter(first)!
}

/** The founding document of the consortium that tests use; the key of operator `x:maker` is `maker-key`. */
export function testGenesis(over: Partial<GenesisDocument> = {}): GenesisDocument {
  return {
    name: 'Test consortium',
    clock: 'test',
    startDate: '2010-12-31',
    calendarOperators: ['manager', 'operator'],
    participants: PEOPLE.map(([id, roles], n) => ({
      id,
      name: { zh: id, en: id },
      uscc: testUscc(n + 1),
      roles: [...roles],
      operators: Object.entries(OPERATORS).map(([name, functions]) => ({
        id: `${id}:${name}`,
        kind: name === 'service' ? ('service' as const) : ('person' as const),
        keys: [
          {
            keyId: `${name}-key`,
            curve: 'ed25519' as const,
            publicKey: testPublicKey(`${id}:${name}`),
            functions: [...functions],
          },
        ],
      })),
    })),
    ledgerOperator: { publicKey: testPublicKey('ledger') },
    governance: {
      institutions: ['manager', 'custodian', 'bank', 'exchange', 'depository'],
      needed: 3,
      validators: [],
      bundle: null,
    },
    ...over,
  }
}

/** The founding document with a validator for each of these, of power 10 and with the key `testPublicKey('ID node')`. */
export const withValidators = (...participants: readonly string[]): Pick<GenesisDocument, 'governance'> => {
  const keyOf = (participant: string) => testPublicKey(`${participant} node`)
  const validators = participants.map((participant) => ({ participant, publicKey: keyOf(participant), power: 10 }))
  return { governance: { ...testGenesis().governance, validators } }
}

/** Checking eighty keys takes a while; a property asks for the same consortium a hundred times. */
const founding = new Map<string, readonly EventRecord[]>()
function foundingEvents(over: Partial<GenesisDocument>): readonly EventRecord[] {
  const name = JSON.stringify(over)
  const events = founding.get(name) ?? genesisEvents(testGenesis(over))
  founding.set(name, events)
  return events
}

/** A world after genesis, with everyone enrolled: `core:maker`, `core:checker`, `bank:service`, … */
export function consortium(over: Partial<GenesisDocument> = {}): World {
  const world = new World(CONTRACTS)
  world.given(...foundingEvents(over))
  for (const [id, roles] of PEOPLE) {
    for (const [name, functions] of Object.entries(OPERATORS)) {
      world.enrol(`${id}:${name}`, { operator: `${id}:${name}`, keyId: `${name}-key`, roles, functions })
    }
  }
  return world
}
