import { beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '#contracts/kernel/method'
import { registry } from '#contracts/registry'
import { ended } from '#contracts/deal/testing/chapters'
import { consortium } from '#contracts/testing/consortium'
import { buildBundle, bundleHash, type BuiltBundle } from './build-bundle.ts'
import { metered, MeterError } from './meter.ts'
import { MAX_STEPS, SandboxedContracts } from './sandbox.ts'

let built: BuiltBundle
beforeAll(async () => {
  built = await buildBundle()
}, 60_000)

const caller = { participant: 'core', operator: 'o', keyId: 'k', roles: [], functions: [] } as const
const block = { chainId: 'c', height: 7, blockTimeMs: 0 }
const command = { contract: 'x', method: 'y', args: {}, commandId: 'i' }

const bundleOf = (body: string, before = ''): string =>
  `${before}; var contracts = { protocol: 1, declaredReadsText: () => '[]', writesText: () => '[]', descriptionText: () => '{"contracts":[]}',
    executeText() {
      const answer = (() => { ${body} })()
      return JSON.stringify({ accepted: false, refusal: { code: 'DONE', kind: 'conflict', details: { message: String(answer).slice(0, 300) } } })
    } }`

/** What a bundle answers whose call runs this. */
function run(body: string, before = ''): string {
  const text = bundleOf(body, before)
  const result = SandboxedContracts.load(bundleHash(text), text).execute(() => undefined, command, caller, block)
  if (result.accepted) return 'accepted'
  return result.refusal.code === 'DONE'
    ? String(result.refusal.details['message'])
    : (result.defect ?? String(result.refusal.details.message))
}

const BEYOND = 'the contracts went beyond their bounds'

describe('a bundle that does not end by itself', () => {
  it.each([
    ['an endless loop', 'for (;;) {}'],
    ['a loop that does nothing but ask', 'while (true);'],
    ['do … while', 'let i = 0; do i += 1; while (i > 0)'],
    ['labels', 'a: for (;;) { for (;;) continue a }'],
    ['a generator', 'for (const x of (function* () { let i = 0; while (true) yield i++ })()) {}'],
    ['its spreading', 'return [...(function* () { while (true) yield 1 })()].length'],
    ['its destructuring', 'const [...all] = (function* () { while (true) yield 1 })(); return all.length'],
    ['deep recursion', 'const f = (n) => 1 + f(n + 1); return f(0)'],
    ['recursion that catches its own end', 'const f = () => { try { f() } catch { f() } }; f(); return "went on"'],
    ['recursion that counts how far it came', 'let n = 0; const f = () => { n += 1; f() }; try { f() } catch {} return n'],
    ['two that call each other', 'const a = () => b(); function b() { return a() }; return a()'],
    ['recursion by defaults', 'function f(x = f()) { return x } return f()'],
    ['recursion by fields', 'class A { x = new A() } return new A()'],
    ['recursion by getters', 'const o = { get x() { return this.x } }; return o.x'],
    ['recursion by callbacks', 'const f = () => [1].map(f); return f()'],
    ['recursion by toString', 'const o = { toString() { return `${o}` } }; return `${o}`'],
    ['a list within lists', 'let a = []; for (let i = 0; i < 200000; i += 1) a = [a]; return String(a)'],
    ['the same as JSON', 'let a = []; for (let i = 0; i < 200000; i += 1) a = [a]; return JSON.stringify(a)'],
    ['a text that doubles', 'let s = "x"; for (let i = 0; i < 60; i += 1) s += s; return s.length'],
    ['the same in a template', 'let s = "x"; for (let i = 0; i < 60; i += 1) s = `${s}${s}`; return s.length'],
    ['the same in a field', 'const o = { s: "x" }; for (let i = 0; i < 60; i += 1) o.s += o.s; return o.s.length'],
    ['repeat', 'return "x".repeat(2 ** 29 - 30).length'],
    ['padding', 'return "x".padEnd(2 ** 29 - 30).length'],
    ['joining', 'return new Array(3000).join("x".repeat(9000)).length'],
    ['replacing', 'const s = "x".repeat(3000); return s.replaceAll("x", s).length'],
    ['a huge list', 'return new Array(2 ** 31).length'],
    ['a list like a huge one', 'return Array.from({ length: 2 ** 31 }).length'],
    ['a list that is filled', 'const a = []; a.length = 2 ** 31; return a.fill(1).length'],
    ['a list that doubles', 'let a = [1]; for (let i = 0; i < 60; i += 1) a = [...a, ...a]; return a.length'],
    ['a list that is joined to itself', 'let a = [1]; for (let i = 0; i < 60; i += 1) a = a.concat(a); return a.length'],
    ['a list that grows', 'const a = []; for (;;) a.push(a.length)'],
    ['a chain that grows', 'let a; for (;;) a = { a }'],
    ['huge bytes', 'return new Uint8Array(2 ** 31).length'],
    ['a huge buffer', 'return new ArrayBuffer(2 ** 31).byteLength'],
    ['an integer that squares', 'let n = 3n; for (let i = 0; i < 60; i += 1) n *= n; return n > 0n'],
    ['a huge power', 'return 3n ** 9999999n > 0n'],
    ['a huge shift', 'const by = 999999999n; return 1n << by > 0n'],
    ['what catches every refusal', 'for (;;) { try { for (;;) {} } catch {} }'],
    ['what goes on in finally', 'try { for (;;) {} } finally { for (;;) {} }'],
  ])('is refused: %s', (_, body) => {
    expect(run(body)).toBe(BEYOND)
  }) // prettier-ignore

  it('is refused when it is loaded, where that is when it does not end', () => {
    const text = bundleOf('return 1', 'for (;;) {}')
    expect(() => SandboxedContracts.load(bundleHash(text), text)).toThrow('OUT_OF_BOUNDS')
  })

  it('answers the next command as ever', () => {
    const text = bundleOf('if (count++ === 0) for (;;) {} return "second"', 'let count = 0')
    const version = SandboxedContracts.load(bundleHash(text), text)
    const answers = [1, 2].map(() => version.execute(() => undefined, command, caller, block))
    expect(JSON.stringify(answers[0])).toContain(BEYOND)
    expect(JSON.stringify(answers[1])).toContain('second')
  })

  it('has the same outcome in a context that ran before and in a fresh one, at the very bound', () => {
    const steps = (n: number) => bundleOf(`let i = 0; while (i < ${n}) i += 1; return i`)
    const outcome = (n: number, before: number): string => {
      const text = steps(n)
      const version = SandboxedContracts.load(bundleHash(text), text)
      for (let i = 0; i < before; i += 1) version.execute(() => undefined, command, caller, block)
      return JSON.stringify(version.execute(() => undefined, command, caller, block))
    }
    for (const n of [MAX_STEPS / 4 - 10, MAX_STEPS / 4 + 10, MAX_STEPS - 1000]) {
      expect(outcome(n, 0), String(n)).toContain(`"${n}"`)
      expect(outcome(n, 1), String(n)).toContain(`"${n}"`)
    }
    expect(outcome(MAX_STEPS + 10, 0)).toContain(BEYOND)
    expect(outcome(MAX_STEPS + 10, 1)).toContain(BEYOND)
  })
})

describe('counting', () => {
  it('leaves the meaning of a program as it is', () => {
    const programs: [body: string, answer: string][] = [
      ['return(1)+(2,3)', '4'],
      ['const f = () => ({ a: 1 }); return f().a + (() => (1, 2))()', '3'],
      ['const o = { s: 1, t: [1] }; let k = 0; o.s += 2; o.t[k++] += 5; return [o.s, o.t, k].join()', '3,6,1'],
      ['const o = { s: "a" }; const log = []; const at = () => (log.push("o"), o); at().s += (log.push("r"), "b"); return o.s + log', 'abo,r'],
      ['class A { #n = 1; grow() { this.#n += 2n === 2n ? 3 : 0; return this.#n } } return new A().grow()', '4'],
      ['class A { constructor(x) { this.x = x } } class B extends A { constructor() { super(7); this.y = 1 } } return new B().x', '7'],
      ['const f = function ({ a = 1, ...rest }, [b, ...c] = [2, 3]) { return [a, b, c, rest.z] }; return f({ z: 9 }).join()', '1,2,3,9'],
      ['try { throw { message: "m" } } catch ({ message }) { return message }', 'm'],
      ['try { throw 1 } catch { return "none" }', 'none'],
      ['const tag = (parts, ...of) => parts.raw.join("|") + of; return tag`a${1}b`', 'a|b1'],
      ['let i = 0; a: for (;;) { for (;;) { i++; if (i > 3) break a; continue a } } return i', '4'],
      ['return [1, 2, 3].map((x) => x * 2).filter((x) => x > 2).concat([[1]]).flat().join("-")', '4-6-1'],
      ['return [...new Set([1, 1, 2])].length + Math.max(...[1, 5]) + { ...{ a: 1 } }.a', '8'],
      ['function* g() { const x = yield 1; yield x + 1 } const i = g(); i.next(); return i.next(4).value', '5'],
      ['return (2n ** 10n) * 3n << 2n', '12288'],
      ['return typeof(1)+"x"', 'numberx'],
      ['var s = ""; for (var k in { a: 1, b: 2 }) s += k; do s += "!"; while (s.length < 4); return s', 'ab!!'],
      ['switch (1) { case(0)+1: return `${"t"}` }', 't'],
      ['"use strict"; return (function () { "use strict"; return this })() === undefined', 'true'],
      ['return new Uint8Array([1, 2]) instanceof Uint8Array && new Array(3).length === 3 && Array.isArray([]) && new Map([[1, 2]]).get(1)', '2'],
      ['class L extends Array {} const l = new L(2); return l instanceof L && l.length', '2'],
    ] // prettier-ignore
    for (const [body, answer] of programs) expect(run(body), body).toBe(answer)
  })

  it('lets functions stand as deeply as it says, well within the native stack', () => {
    const many = Array.from({ length: 60 }, (_, i) => `a${i} = n + ${i}`).join()
    const recursive = `const f = (n) => { const ${many}; return n === 0 ? 0 : 1 + [n].map(() => f(n - 1) + a3 - a3)[0] }`
    expect(run(`${recursive}; return f(320)`)).toBe('320')
  })

  it('refuses what it cannot count', () => {
    for (const text of ['with (a) {}', '$meter_step = 1', 'class A extends B { f() { super.x += y } }', 'a..b']) {
      expect(() => metered(text), text).toThrow(MeterError)
    }
  })

  it('leaves room for what the contracts do: a plan’s whole life decides as its sources do', () => {
    const version = SandboxedContracts.load(built.hash, built.text)
    const told = ended().world
    const world = consortium()
    const callers = (world as unknown as { callers: Map<string, Caller> }).callers
    let most = 0
    for (const { who, name, args } of told.calls) {
      const [contract = '', method = ''] = name.split('.')
      const one = { contract, method, args, commandId: 'c' }
      const facts = { chainId: 'test', height: world.height, blockTimeMs: world.blockTimeMs }
      const got = version.execute(world.read, one, callers.get(who)!, facts)
      expect(version.spent, `${name} in a context that ran before`).toBeGreaterThan(0)
      most = Math.max(most, version.spent)
      const want = registry.execute(world.read, one, callers.get(who)!, facts)
      // A plan is pinned to the version that registers it, which is the one difference.
      const same = (text: string) => JSON.parse(text.replaceAll(`"${built.hash}"`, 'null')) as unknown
      expect(same(JSON.stringify(got)), name).toEqual(same(JSON.stringify(want)))
      if (got.accepted && want.accepted) expect([...got.written.keys()]).toEqual([...want.written.keys()])
      world.call(who, name, args)
    }
    expect(most).toBeGreaterThan(1_000_000)
    expect(most).toBeLessThan(MAX_STEPS / 4 / 2)
  })
})
