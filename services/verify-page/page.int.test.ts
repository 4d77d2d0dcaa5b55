import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BATCH, ISSUE } from '#contracts/receivable/testing/story'
import { CHROMIUM_FLAGS, findChromium } from '#engines/chromium'
import { sayOnStderr } from '#engines/say'
import { verifyNative } from '#ledger-adapter/application/verify-native'
import { hexToBytes } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import { signatureCases } from '../../proof/testing/ed25519-cases.ts'
import { sm2Cases } from '../../proof/testing/sm2-cases.ts'
import { SluiceClient } from '#client/client'
import { describe as describeContracts } from '#contracts/describe'
import { genesisEvents } from '#contracts/genesis'
import { callerOf } from '#contracts/membership/caller'
import { registry } from '#contracts/registry'
import { testGenesis, testSecretKey } from '#contracts/testing/consortium'
import { testDatabase } from '#engines/testing/index'
import { signingKey } from '#ledger-adapter/application/operator-key'
import { EmbeddedLedger } from '#ledger-adapter/embedded/embedded-ledger'
import { genesisHash } from '#proof/block'
import { ledgerPath } from '../app.ts'
import { RecordedWorkflows, signerOf, startTestNode, type TestNode } from '../testing/node.ts'
import { bundleForBrowser } from './bundle.ts'
import type { Answers } from './testing/signature-probe.ts'

const own = describeContracts(registry)
/** What the second ledger's node says of its contracts. */
let said = own
/** The same with another sentence for one method. */
const lying = {
  contracts: own.contracts.map((contract) => ({
    ...contract,
    methods: contract.methods.map((method) =>
      method.name === 'receivable.openBatch' ? { ...method, sentence: { zh: '查看', en: 'Look' } } : method,
    ),
  })),
}
let node: TestNode
let second: EmbeddedLedger
let secondTrust: JsonObject
let browser: Browser
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  const executablePath = findChromium(sayOnStderr)
  const founding = testGenesis({ name: 'Second' })
  const genesis = { document: founding as unknown as JsonObject, events: genesisEvents(founding) }
  const operatorKey = signingKey(testSecretKey('ledger'))
  const { url: databaseUrl } = await testDatabase()
  second = await EmbeddedLedger.open({ databaseUrl, genesis, registry, callerOf, operatorKey })
  secondTrust = {
    chainId: second.chainId,
    genesisHash: genesisHash(genesis.document),
    operatorKey: operatorKey.publicKey,
  }
  const workflows = new RecordedWorkflows(second)
  node = await startTestNode({ others: [{ ledger: second, databaseUrl, workflows, descriptionOf: () => said }] })
  browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] })
  page = await (await browser.newContext({ locale: 'zh-CN' })).newPage()
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${node.url}/verify`)
  await page.waitForSelector('body[data-ready="true"]')
}, 600_000)
afterAll(async () => {
  await browser?.close()
  await node?.stop()
  await second?.close()
})

const textOf = (id: string): Promise<string> => page.locator(`#${id}`).innerText()
/** The status line, once what was asked for has come to an end. */
async function outcomeOf(id: string): Promise<string> {
  await page.waitForFunction((name) => (document.getElementById(name)?.dataset['good'] ?? '') !== '', id)
  return textOf(id)
}

describe('the page in Chromium', () => {
  test('makes a key that cannot leave the browser, and keeps it', async () => {
    await page.fill('#participant', 'core')
    await page.fill('#key-id', 'browser-key')
    await page.click('#make-key')
    await page.waitForFunction(() => document.getElementById('public-key')?.textContent?.length === 43)
    const publicKey = await textOf('public-key')
    await page.reload()
    await page.waitForSelector('body[data-ready="true"]')
    expect(await textOf('public-key')).toBe(publicKey)
    const isKept = await page.evaluate(async () => {
      const opening = indexedDB.open('sluice-keys', 1)
      const database = await new Promise<IDBDatabase>((done) => (opening.onsuccess = () => done(opening.result)))
      const asked = database.transaction('keys').objectStore('keys').get('current')
      const { privateKey } = await new Promise<{ privateKey: CryptoKey }>(
        (done) => (asked.onsuccess = () => done(asked.result as { privateKey: CryptoKey })),
      )
      const exported = await crypto.subtle.exportKey('pkcs8', privateKey).then(
        () => 'exported',
        (error: Error) => error.name,
      )
      return { extractable: privateKey.extractable, exported }
    })
    expect(isKept).toEqual({ extractable: false, exported: 'InvalidAccessError' })
    const key = { keyId: 'browser-key', curve: 'ed25519', publicKey, functions: ['maker'] }
    const args = { participant: 'core', operator: 'core:maker', key, fromHeight: null }
    await node.as('core:service').perform('membership.addKey', args)
  })

  test('shows what it signs in both languages and to the byte, and signs nothing else', async () => {
    await page.selectOption('#method', 'receivable.openBatch')
    await page.fill('#args', JSON.stringify(BATCH))
    await page.click('#review')
    await page.waitForSelector('#review-panel:not([hidden])')
    expect(await textOf('sentence-zh')).toMatch(/^开立应收账款批次 \S+，最小拆分 [\d,.]+ 元$/)
    expect(await textOf('sentence-en')).toMatch(/^Open batch \S+ of receivables, split no smaller than [\d,.]+ yuan$/)
    const shown = JSON.parse(await textOf('canonical')) as JsonObject
    expect(shown).toMatchObject({ contract: 'receivable', method: 'openBatch', args: BATCH, participant: 'core' })
    expect(await textOf('signed')).toBe(Buffer.from('sluice/command/v1\n').toString('hex') + (await textOf('digest')))
    // A field of its own for each argument, with its unit: it says the same as the JSON, either way.
    expect(await page.inputValue('#arg-batch')).toBe(BATCH.batch)
    expect(await page.locator('label[for="arg-minimumSplitFen"]').innerText()).toBe(
      'minimumSplitFen · 分 · 仅相关方可见',
    )
    await page.fill('#arg-minimumSplitFen', '12345')
    expect(await page.isVisible('#review-panel')).toBe(false)
    expect(JSON.parse(await page.inputValue('#args'))).toEqual({ ...BATCH, minimumSplitFen: '12345' })
    await page.click('#review')
    await page.waitForSelector('#review-panel:not([hidden])')
    expect(await textOf('sentence-zh')).toContain('最小拆分 123.45 元')
    // Whoever changes the arguments after looking has to look again.
    await page.fill('#args', '{}')
    expect(await page.isVisible('#review-panel')).toBe(false)
    await page.click('#review')
    expect(await outcomeOf('submit-state')).toContain('NO_SUCH_FIELD')
    expect(await page.isVisible('#review-panel')).toBe(false)
  })

  test('submits the command and verifies its receipt by the trust root it was given', async () => {
    await page.fill('#args', JSON.stringify(BATCH))
    await page.click('#review')
    await page.waitForSelector('#review-panel:not([hidden])')
    const { commandId } = JSON.parse(await textOf('canonical')) as { commandId: string }
    await page.fill('#trust', JSON.stringify(node.trust))
    await page.click('#submit')
    expect(await outcomeOf('verdict')).toMatch(`已验证: 命令 ${commandId}（receivable.openBatch，core 提交）在区块`)
    expect(await textOf('submit-state')).toMatch(/^已提交，位置 \d+\.0$/)
    const picture = process.env['SLUICE_SCREENSHOT']
    if (picture !== undefined) await page.screenshot({ path: picture, fullPage: true })
    expect((await node.ledger.outcome({ participant: 'core', commandId }))?.outcome).toMatchObject({ accepted: true })
  })

  test('refuses a receipt that was changed, one pasted or chosen as a file, and says why', async () => {
    const receipt = await page.inputValue('#receipt')
    await page.click('#language')
    await page.fill('#receipt', receipt.replace('"participant":"core"', '"participant":"cord"'))
    await page.click('#verify')
    expect(await outcomeOf('verdict')).toBe(
      'refused: a digest is not that of the content [WRONG_DIGEST] (/result/digest)',
    )
    expect(await page.isVisible('#save')).toBe(false)
    const file = (text: string) => ({ name: 'receipt.json', mimeType: 'application/json', buffer: Buffer.from(text) })
    await page.setInputFiles('#file', file(`${receipt}\n`))
    await page.waitForSelector('#save:not([hidden])')
    expect(await textOf('verdict')).toContain('verified: command')
    const picture = process.env['SLUICE_SCREENSHOT']
    if (picture !== undefined) await page.screenshot({ path: picture.replace(/\.png$/, '.en.png'), fullPage: true })
    await page.fill('#trust', JSON.stringify({ ...node.trust, chainId: 'another' }))
    await page.click('#verify')
    await page.waitForSelector('#save', { state: 'hidden' })
    expect(await textOf('verdict')).toContain('WRONG_CHAIN')
  })

  test('has a name for every control, runs nothing inline and complains of nothing', async () => {
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLInputElement>('input, textarea, select, button')]
        .filter((one) => (one.labels?.[0]?.textContent ?? one.textContent ?? '').trim() === '')
        .map(({ id }) => id),
    )
    expect(nameless).toEqual([])
    expect(await page.getAttribute('html', 'lang')).toBe('en')
    const headers = (await page.request.get(`${node.url}/verify`)).headers()
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';")
    const ran = await page.evaluate(() => {
      const script = document.createElement('script')
      try {
        script.textContent = 'globalThis.inlineRan = true'
        document.body.append(script)
      } catch {
        return 'refused'
      }
      return 'inlineRan' in globalThis ? 'ran' : 'blocked'
    })
    expect(ran).not.toBe('ran')
    const unexpected = complaints.filter((text) => !/trusted|Content Security Policy|inline/i.test(text))
    expect(unexpected).toEqual([])
  })

  test('each ledger of the node has a page of its own, with a trust root of its own', async () => {
    expect(await textOf('ledger')).toBe(node.ledger.chainId)
    const publicKey = await textOf('public-key')
    const key = { keyId: 'browser-key', curve: 'ed25519', publicKey, functions: ['maker'] }
    const path = ledgerPath(second.chainId)
    const admin = new SluiceClient({ url: node.url + path, signer: signerOf('core:service') })
    await admin.perform('membership.addKey', { participant: 'core', operator: 'core:maker', key, fromHeight: null })
    await page.goto(`${node.url}${path}/verify`)
    await page.waitForSelector('body[data-ready="true"]')
    expect(await textOf('ledger')).toBe(second.chainId)
    expect(await page.inputValue('#trust')).toBe('')
    await page.fill('#trust', JSON.stringify(secondTrust))
    await page.selectOption('#method', 'receivable.openBatch')
    await page.fill('#args', JSON.stringify(BATCH))
    await page.click('#review')
    await page.waitForSelector('#review-panel:not([hidden])')
    expect(JSON.parse(await textOf('canonical'))).toMatchObject({ chainId: second.chainId })
    await page.click('#submit')
    expect(await outcomeOf('verdict')).toContain('已验证: 命令')
    await page.fill('#trust', JSON.stringify(node.trust))
    await page.click('#verify')
    await page.waitForSelector('#save', { state: 'hidden' })
    expect(await textOf('verdict')).toContain('WRONG_CHAIN')
  })

  test('shows and signs nothing that the node describes otherwise', async () => {
    const { height } = await second.head()
    said = lying
    try {
      await page.fill('#args', JSON.stringify({ ...BATCH, batch: 'other' }))
      await page.click('#review')
      expect(await outcomeOf('submit-state')).toBe('该节点的合约对 receivable.openBatch 的说明与本程序不同，未签署')
      expect(await page.isVisible('#review-panel')).toBe(false)
      await page.selectOption('#method', 'receivable.issue')
      await page.fill('#args', JSON.stringify(ISSUE))
      await page.click('#review')
      await page.waitForSelector('#review-panel:not([hidden])')
    } finally {
      said = own
    }
    expect((await second.head()).height).toBe(height)
    await page.selectOption('#method', 'receivable.openBatch')
    await page.fill('#args', JSON.stringify({ ...BATCH, batch: 'other' }))
    await page.click('#review')
    await page.waitForSelector('#review-panel:not([hidden])')
  })
})

describe('signatures in Chromium', () => {
  test('our check answers as the native one on random and adversarial signatures, where the browser’s others may not', async () => {
    const elsewhere = await browser.newPage()
    await elsewhere.goto(`${node.url}/v1/head`)
    const script = await bundleForBrowser(new URL('./testing/signature-probe', import.meta.url))
    await elsewhere.addScriptTag({ content: script, type: 'module' })
    const seed = process.env['SLUICE_SEED'] ?? String(Date.now())
    console.log(`signatures of seed ${seed}`)
    const cases = [...signatureCases(seed), ...sm2Cases(seed)]
    const answers = (await elsewhere.evaluate((list) => {
      return (globalThis as unknown as { probe: (cases: unknown) => Promise<unknown> }).probe(list)
    }, cases)) as Answers[]
    await elsewhere.close()
    const disagreeing = new Set<string>()
    for (const [i, { why, publicKey, message, signature }] of cases.entries()) {
      const native = verifyNative(hexToBytes(publicKey), hexToBytes(message), hexToBytes(signature))
      expect(answers[i]!.ours, `${why}, seed ${seed}, case ${i}`).toBe(native)
      expect(native, `${why}, case ${i}`).toBe(why === 'honest')
      if (answers[i]!.others !== native) disagreeing.add(why)
    }
    // Why the page never asks the browser: it would take some of these.
    console.log(`the browser answers otherwise on: ${[...disagreeing].join('; ') || 'nothing here'}`)
    const honest = cases.flatMap(({ why }, i) => (why === 'honest' ? [answers[i]!.others] : []))
    expect(new Set(honest)).toEqual(new Set([true]))
  })
})
