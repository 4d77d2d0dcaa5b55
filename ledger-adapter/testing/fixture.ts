import { genesisEvents, type GenesisDocument } from '#contracts/genesis'
import { Registry } from '#contracts/kernel/execute'
import { callerOf } from '#contracts/membership/caller'
import { CONTRACTS } from '#contracts/registry'
import { testGenesis, testSecretKey } from '#contracts/testing/consortium'
import { toBase64url } from '#proof/base64url'
import { encodeSigned, signingBytes, type Command } from '#proof/command'
import type { JsonObject } from '#proof/json'
import { signingKey, type SigningKey } from '../application/operator-key.ts'
import type { EmbeddedLedgerOptions } from '../embedded/embedded-ledger.ts'
import { notes } from './notes.ts'

export const testRegistry = new Registry([...CONTRACTS, notes])
export const testOperatorKey = signingKey(testSecretKey('ledger'))

/** Options of an embedded ledger with the consortium of tests and the contract `notes`. */
export function testLedgerOptions(databaseUrl: string, over: Partial<GenesisDocument> = {}): EmbeddedLedgerOptions {
  const document = testGenesis(over)
  const genesis = { document: document as unknown as JsonObject, events: genesisEvents(document) }
  return {
    databaseUrl,
    genesis,
    registry: testRegistry,
    callerOf,
    operatorKey: testOperatorKey,
    lockPatienceMs: 20_000,
  }
}

let next = 0

/** A command of `core:maker` unless said otherwise; `call` is `contract.method`. */
export function testCommand(chainId: string, call: string, args: JsonObject, over: Partial<Command> = {}): Command {
  const [contract = '', method = ''] = call.split('.')
  const issuedAt = Date.now()
  const commandId = `test-${process.pid}-${(next += 1)}`
  const participant = 'core'
  const keyId = 'maker-key'
  const expiresAt = (over.issuedAt ?? issuedAt) + 60_000
  return { chainId, contract, method, args, commandId, participant, keyId, issuedAt, expiresAt, ...over }
}

const keys = new Map<string, SigningKey>()

/** Signs with the test key of the operator that the command names, or of another. */
export function signTest(command: Command, operator = operatorOf(command)): Uint8Array {
  const key = keys.get(operator) ?? signingKey(testSecretKey(operator))
  keys.set(operator, key)
  const signature = toBase64url(key.sign(signingBytes(command)))
  return encodeSigned({ command, signature })
}

const operatorOf = ({ participant, keyId }: Command): string => `${participant}:${keyId.replace(/-key$/, '')}`
