/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { ApiError, SluiceClient, type Committed } from '#client/client'
import { LANGUAGES, verdictWords, type Language } from '#client/receipt-words'
import { DescribedOtherwise } from '#contracts/as-described'
import type { Review } from '#contracts/review'
import { canonicalJson } from '#proof/canonical'
import type { Command, CommandHead } from '#proof/command'
import { utf8ToBytes } from '#proof/hash'
import { verifiedHead } from '#proof/head'
import type { Json, JsonObject } from '#proof/json'
import { verifyReceipt } from '#proof/verify-receipt'
import { keptKey, makeKey, type BrowserKey } from './browser-key.ts'
import { METHODS } from './arguments.ts'
import { ArgumentForm } from './form.ts'
import { review } from './review.ts'
import { trustOfText } from './trust.ts'
import { WORDS } from './words.ts'

/** One page: whom to trust, a key of one's own, a command to sign, a receipt to verify. Everything is text, never HTML. */
/** Where the ledger of this page stands: the node's own at the root, another below its path. */
const base = location.pathname.replace(/\/verify\/?$/, '')
const TRUST = `sluice-trust${base}`
const element = <E extends HTMLElement = HTMLElement>(id: string): E => document.getElementById(id) as E
const field = (id: string): HTMLTextAreaElement => element<HTMLTextAreaElement>(id)

let language: Language = navigator.language.startsWith('zh') ? 'zh' : 'en'
let key: BrowserKey | undefined
let reviewed: { readonly key: BrowserKey; readonly command: Command } | undefined
let receiptText: string | undefined
/** The block of the receipt that was verified last, and its ledger: what is signed next is built on it. */
let builtOn: { readonly chainId: string; readonly head: CommandHead } | undefined
const form = new ArgumentForm(field('args'), hideReview)
const shownMethod = () => METHODS.get(field('method').value) ?? []

const say = (id: string, text: string, isGood?: boolean): void => {
  element(id).textContent = text
  element(id).dataset['good'] = isGood === undefined ? '' : String(isGood)
}
const word = (id: string): string => WORDS[language][id] ?? id

function showWords(): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  document.title = `Sluice · ${word('title')}`
  for (const each of document.querySelectorAll<HTMLElement>('[data-word]')) {
    each.textContent = word(each.dataset['word'] ?? '')
  }
  say('key-state', word(key ? 'key-is' : 'key-none'))
  element('public-key').textContent = key?.publicKey ?? ''
}

/** Runs what a button asks for; a failure is said where its outcome would stand. */
function on(id: string, output: string, act: () => Promise<void> | void): void {
  element(id).addEventListener('click', () => {
    say(output, word('working'))
    Promise.resolve()
      .then(act)
      .catch((error: unknown) => say(output, reasonOf(error), false))
  })
}

function reasonOf(error: unknown): string {
  if (error instanceof ApiError) {
    const fields = (error.problem.errors ?? []).map((one) => `${one.field}: ${one.problem}`).join('; ')
    return `${word('refused')}: ${error.code} ${error.problem.detail ?? ''} ${fields}`.trim()
  }
  if (error instanceof DescribedOtherwise) return error.words(language)
  return error instanceof Error ? error.message : String(error)
}

function mustHaveKey(): BrowserKey {
  if (!key) throw new Error(word('no-key'))
  return key
}

const clientOf = (signer: BrowserKey): SluiceClient =>
  new SluiceClient({ url: location.origin + base, signer, language, fetch: (...args) => fetch(...args) })

/** Answers what was shown, which alone is then signed. */
function show({ command, sentence, limited, fields, canonical, digest, signed }: Review): Command {
  element('sentence-zh').textContent = sentence.zh
  element('sentence-en').textContent = sentence.en
  element('limited').textContent = limited ? `${word('limited')} ${limited[language]}` : ''
  element('fields').textContent = fields.map(({ path, text }) => `${path}  ${text[language]}`).join('\n')
  element('canonical').textContent = canonical
  element('digest').textContent = digest
  element('signed').textContent = signed
  element('review-panel').hidden = false
  return command
}

async function prepare(): Promise<void> {
  const signer = mustHaveKey()
  hideReview()
  const [name, args] = [field('method').value, JSON.parse(field('args').value) as JsonObject]
  const client = clientOf(signer)
  if (builtOn?.chainId === (await client.chainId())) client.buildOn(builtOn.head)
  const command = show(await review(await client.draft(name, args), client))
  reviewed = { key: signer, command }
  say('submit-state', '')
}

/** What was shown is what is signed; whoever changes a field has to look again. */
function hideReview(): void {
  reviewed = undefined
  element('review-panel').hidden = true
}

async function submit(): Promise<void> {
  if (!reviewed) return
  const { command, key: signer } = reviewed
  const client = clientOf(signer)
  const { position } = await client.post<Committed>('/v1/commands', await client.sign(command))
  const receipt = await client.get<JsonObject>(`/v1/proofs/commands/${command.commandId}`)
  say('submit-state', `${word('committed')} ${position}`, true)
  field('receipt').value = canonicalJson(receipt as Json)
  verify()
}

function verify(): void {
  const trustText = field('trust').value.trim()
  if (trustText === '') throw new Error(word('no-trust'))
  const trust = trustOfText(trustText)
  const text = field('receipt').value.trim()
  const verdict = verifyReceipt(utf8ToBytes(text), trust)
  say('verdict', verdictWords(verdict, language).join('\n'), verdict.ok)
  receiptText = verdict.ok ? text : undefined
  const head = verifiedHead(verdict)
  if (verdict.ok && head) builtOn = { chainId: verdict.anchored.chainId, head }
  element('save').hidden = receiptText === undefined
}

function save(): void {
  if (receiptText === undefined) return
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([receiptText], { type: 'application/json' }))
  link.download = 'receipt.json'
  link.click()
  URL.revokeObjectURL(link.href)
}

async function take(file: File | null | undefined): Promise<void> {
  if (!file) return
  field('receipt').value = (await file.text()).trim()
  verify()
}

function listen(): void {
  element('language').addEventListener('click', () => {
    language = LANGUAGES.find((other) => other !== language)!
    showWords()
    form.redraw(language)
  })
  field('trust').value = localStorage.getItem(TRUST) ?? ''
  field('trust').addEventListener('change', () => {
    builtOn = undefined // what was verified, was by the trust before
    localStorage.setItem(TRUST, field('trust').value)
  })
  on('make-key', 'key-state', async () => {
    key = await makeKey(field('participant').value.trim(), field('key-id').value.trim())
    hideReview()
    showWords()
  })
  field('method').addEventListener('change', () => {
    form.show(shownMethod(), language)
    hideReview()
  })
  on('review', 'submit-state', prepare)
  on('submit', 'submit-state', submit)
  on('verify', 'verdict', verify)
  element('save').addEventListener('click', save)
  const failed = (error: unknown): void => say('verdict', reasonOf(error), false)
  element<HTMLInputElement>('file').addEventListener('change', (event) => {
    take((event.target as HTMLInputElement).files?.[0]).catch(failed)
  })
  field('receipt').addEventListener('dragover', (event) => event.preventDefault())
  field('receipt').addEventListener('drop', (event) => {
    event.preventDefault()
    take(event.dataTransfer?.files[0]).catch(failed)
  })
}

async function showLedger(): Promise<void> {
  const answer = await fetch(`${base}/v1/head`)
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`)
  const { chainId } = (await answer.json()) as { chainId: string }
  element('ledger').textContent = chainId
}

async function start(): Promise<void> {
  for (const name of METHODS.keys()) field('method').append(new Option(name, name))
  listen()
  showWords()
  key = await keptKey()
  if (key) {
    field('participant').value = key.participant
    field('key-id').value = key.keyId
  }
  showWords()
  form.show(shownMethod(), language)
  await showLedger().catch((error: unknown) => (element('ledger').textContent = reasonOf(error)))
  document.body.dataset['ready'] = 'true'
}

start().catch((error: unknown) => say('key-state', reasonOf(error), false))
