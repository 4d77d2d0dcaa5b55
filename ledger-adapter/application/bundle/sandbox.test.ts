import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describe as describeContracts } from '#contracts/describe'
import { registry } from '#contracts/registry'
import { KeyNotLoaded, type Read } from '#contracts/kernel/state'
import { validatorsKey } from '#contracts/governance/state'
import { consortium, testPublicKey, testSecretKey } from '#contracts/testing/consortium'
import type { JsonObject } from '#proof/json'
import { testDoubleVote } from '#proof/testing/double-vote'
import { buildBundle, bundleHash, sourceRoot, type BuiltBundle } from './build-bundle.ts'
import { SandboxedContracts } from './sandbox.ts'
import { FolderBundleStore } from './store.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-bundle-'))
let built: BuiltBundle
beforeAll(async () => {
  built = await buildBundle()
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const caller = { participant: 'core', operator: 'o', keyId: 'k', roles: [], functions: [] } as const
const block = { chainId: 'c', height: 7, blockTimeMs: 0 }
const command = { contract: 'x', method: 'y', args: {}, commandId: 'i' }

describe('a bundle', () => {
  it('has the same bytes when built elsewhere', async () => {
    for (const room of ['contracts', 'domain', 'proof', 'package.json', 'tsconfig.json']) {
      cpSync(join(sourceRoot(), room), join(folder, 'copy', room), { recursive: true })
    }
    symlinkSync(join(sourceRoot(), 'node_modules'), join(folder, 'copy', 'node_modules'))
    expect((await buildBundle(join(folder, 'copy'))).hash).toBe(built.hash)
  })

  it('is kept by its hash, and refused when it is another text', () => {
    const store = new FolderBundleStore(join(folder, 'store'))
    expect(store.text(built.hash)).toBeUndefined()
    expect(store.put(built.text)).toBe(built.hash)
    expect(store.hashes()).toEqual([built.hash])
    expect(bundleHash(store.text(built.hash)!)).toBe(built.hash)
    execFileSync('sed', ['-i', '1s/^/ /', join(folder, 'store', `${built.hash}.js`)])
    expect(() => store.text(built.hash)).toThrow('does not have this hash')
  })

  it('describes itself as its sources do', () => {
    const version = SandboxedContracts.load(built.hash, built.text)
    expect(version.description()).toEqual(JSON.parse(JSON.stringify(describeContracts(registry))))
  })

  it('decides as its sources do, accepted or refused, and asks for what is not loaded', () => {
    const version = SandboxedContracts.load(built.hash, built.text)
    const world = consortium()
    const who = (participant: string, keyId: string) =>
      ({
        participant,
        operator: `${participant}:x`,
        keyId,
        roles: ['core-enterprise'],
        functions: ['maker', 'checker', 'service:calendar', 'service:admin'],
      }) as const
    const calls: [string, string, JsonObject, string][] = [
      ['calendar', 'roll', { date: '2011-01-01' }, 'manager'],
      ['calendar', 'roll', { date: '2011-01-03' }, 'manager'],
      ['calendar', 'roll', { date: 5 }, 'manager'],
      [
        'membership',
        'revokeKey',
        { participant: 'core', keyId: 'maker-key', fromHeight: null, reason: 'lost' },
        'core',
      ],
      [
        'governance',
        'propose',
        {
          proposal: 'p',
          action: { kind: 'activateBundle', bundle: built.hash },
          fromHeight: null,
          expiresOn: '2011-01-02',
          reason: '原因',
        },
        'manager',
      ],
      ['nothing', 'atAll', {}, 'core'],
    ]
    for (const [contract, method, args, participant] of calls) {
      const one = { contract, method, args, commandId: 'c' }
      const by = who(participant, 'service-key')
      expect(version.declaredReads(one, by)).toEqual(registry.declaredReads(one, by))
      const got = version.execute(world.read, one, by, block)
      expect(got).toEqual(registry.execute(world.read, one, by, block))
      if (got.accepted)
        for (const event of got.events) expect(version.writesOf(event)).toEqual(registry.writesOf(event))
    }
    const absent: Read = ({ path }) => {
      throw new KeyNotLoaded(path)
    }
    const roll = { contract: 'calendar', method: 'roll', args: { date: '2011-01-01' }, commandId: 'c' }
    expect(() => version.execute(absent, roll, who('manager', 'k'), block)).toThrow(KeyNotLoaded)
  })
})

/** A bundle whose `executeText` runs the text given and answers what it returned, in place of a refusal's message. */
function attempt(body: string, read: Read = () => undefined): string {
  const text = `var contracts = { protocol: 1, declaredReadsText: () => '[]', writesText: () => '[]', descriptionText: () => '{}',
    executeText(read, notLoaded, call) {
      let answer
      try { answer = (() => { ${body} })() } catch (error) { answer = 'threw ' + error }
      return JSON.stringify({ accepted: false, refusal: { code: 'X', kind: 'conflict', details: { message: String(answer) } } })
    } }`
  const result = SandboxedContracts.load(bundleHash(text), text).execute(read, command, caller, block)
  return result.accepted ? 'accepted' : (result.defect ?? String(result.refusal.details.message))
}

describe('the sandbox', () => {
  it.each([
    'Date', 'Intl', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'Function', 'eval', 'WeakRef', 'FinalizationRegistry',
    'Promise', 'console', 'setTimeout', 'process', 'require', 'Buffer', 'crypto', 'performance', 'fetch', 'queueMicrotask',
    'Math.random', 'Math.sin', 'Math.pow', 'Math.log', 'Math.exp', 'globalThis.Date', 'globalThis.process',
  ])('has no %s', (name) => {
    expect(attempt(`try { return typeof ${name} } catch (error) { return error.name }`)).toMatch(/^(undefined|ReferenceError)$/)
  }) // prettier-ignore

  it.each([
    ['constructor.constructor', `return (() => {}).constructor('return process')()`],
    ['an object’s constructor', `return ({}).constructor.constructor('return process')()`],
    ['the global object', `return (0, (() => { return this }))().constructor.constructor('return process')()`],
    ['a generator', `return (function* () {}).constructor('return process')().next().value`],
    ['an async function', `return (async () => {}).constructor('return process')()`],
    ['the reader', `return read.constructor('return process')()`],
    ['the reader’s own constructor', `return read.constructor.constructor('return process')()`],
    ['what the reader answers', `return read('object').constructor.constructor('return process')()`],
    ['what it answers in a list', `return read('object').list.constructor.constructor('return process')()`],
    ['an error of the reader', `try { read('throws') } catch (error) { return error.constructor.constructor('return process')() } return read.caller.constructor('return process')()`],
    ['an overflowing stack', `const f = () => { try { f() } catch (e) { return e.constructor.constructor('return process')() } }; let found; const g = (n) => { try { read('object'); g(n + 1) } catch (e) { found ??= e.constructor.constructor('return process')() } }; g(0); return found ?? f()`],
    ['a key that is an object', `return read({ toString() { throw { } } })`],
    ['the stack’s frames', `Error.prepareStackTrace = (_, frames) => frames; return new Error('x').stack[1].getFunction().constructor('return process')()`],
    ['arguments.callee', `return (function () { return arguments.callee.caller })().constructor('return process')()`],
  ])('keeps %s inside', (_, body) => {
    const read: Read = ({ path }) => {
      if (path === 'throws') throw new Error('of the host')
      return (path === 'object' ? { list: [1] } : undefined) as never
    }
    const answer = attempt(body, read)
    expect(answer).not.toContain('[object process]')
    expect(answer).toMatch(/^(threw (EvalError|TypeError|RangeError|undefined)|undefined|Error: of the host|the contracts went beyond|\[object Object\])|Symbol\(not loaded\)/)
  }) // prettier-ignore

  it("decides about a validator's signatures as its sources do", () => {
    const version = SandboxedContracts.load(built.hash, built.text)
    const value = [{ participant: 'core', publicKey: testPublicKey('node'), power: 10 }]
    const read = ((key) => (key.path === validatorsKey.path ? [{ fromHeight: 0, value }] : undefined)) as Read
    const place = { height: 3, round: 0, type: 'precommit', time: { seconds: 1_767_225_600, nanos: 1 } } as const
    const doubleVote = testDoubleVote(block.chainId, testSecretKey('node'), place)
    const by = { ...caller, functions: ['service:bank'] } as const
    for (const [over, isAccepted] of [
      [{}, true],
      [{ round: 1 }, false],
    ] as const) {
      // prettier-ignore
      const args = { ...doubleVote, ...over } as unknown as JsonObject
      const asked = { ...command, contract: 'governance', method: 'reportMisbehaviour', args }
      const execution = version.execute(read, asked, by, block)
      expect(execution.accepted, JSON.stringify(execution)).toBe(isAccepted)
      expect(JSON.parse(JSON.stringify(execution))).toEqual(JSON.parse(JSON.stringify(registry.execute(read, asked, by, block)))) // prettier-ignore
    }
  })

  it('is not left through import()', () => {
    for (const text of ["import('fs')", "import /* */ ('fs')"]) expect(() => attempt(text)).toThrow('the word import')
  })

  it('keeps nothing between commands that a command did to the language', () => {
    for (const body of [
      'Array.prototype.x = 1',
      'Object.prototype.x = 1',
      'JSON.parse = 1',
      'Math.abs = 1',
      '(class {}).__proto__.x = 1',
    ]) {
      expect(attempt(`'use strict'; ${body}; return 'changed'`), body).toContain('threw TypeError')
    }
  })

  it('gives values of the state frozen, and as of its own making', () => {
    const read: Read = () => ({ list: [{ a: 1 }] }) as never
    expect(attempt(`'use strict'; read('k').list[0].a = 2; return 'changed'`, read)).toContain('threw TypeError')
    expect(
      attempt(
        `const v = read('k'); return v instanceof Object && v.list instanceof Array && Object.isFrozen(v.list[0])`,
        read,
      ),
    ).toBe('true')
  })

  it('encodes text as the host does', () => {
    const texts = ['', 'abc', 'é', '应收账款', '😀', '\ud800x', 'x\udc00', '\ud83d']
    for (const text of texts) {
      const want = [...new TextEncoder().encode(text)].join()
      expect(attempt(`return [...new TextEncoder().encode(${JSON.stringify(text)})].join()`)).toBe(want)
    }
  })

  it('resolves the names of schemas as the host does', () => {
    const names = [['#/$defs/d1', 'urn:typebox:root'], ['Name', 'urn:typebox:root'], ['urn:typebox:root:Name', 'urn:x:y'], ['#', 'urn:typebox:root:A'], ['#a', 'urn:typebox:root#b'], ['urn:typebox:root#/$defs/x', 'urn:a:b']] as const // prettier-ignore
    for (const [reference, base] of names) {
      const want = URL.canParse(reference, base)
        ? `${new URL(reference, base).href} ${new URL(reference, base).hash} ${new URL(reference, base).pathname}`
        : 'none'
      const [a, b] = [JSON.stringify(reference), JSON.stringify(base)]
      const got = `return URL.canParse(${a}, ${b}) ? new URL(${a}, ${b}).href + ' ' + new URL(${a}, ${b}).hash + ' ' + new URL(${a}, ${b}).pathname : 'none'`
      expect(attempt(got), reference).toBe(want)
    }
  })

  it('refuses what is no bundle', () => {
    for (const text of ['', 'var contracts = {}', 'throw 1', 'var contracts = { protocol: 2 }', '}) (']) {
      expect(() => SandboxedContracts.load(bundleHash(text), text), text).toThrow('contracts')
    }
  })
})
