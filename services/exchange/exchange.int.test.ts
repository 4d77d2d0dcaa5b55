import { createHash, randomBytes } from 'node:crypto'
import { createServer, request as httpRequest } from 'node:http'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testPublicKey } from '#contracts/testing/consortium'
import { FileExchange } from '#node/exchange/exchange'
import { CHUNK, isSigned, type KeyLookup, type Signed, type Signer } from '#node/exchange/manifest'
import { discardPulled, pull, type PullOptions, type PullProgress } from '#node/exchange/pull'
import { RecipientBook, recipientOf, type RecipientStatement } from '#node/exchange/recipients'
import { newRecipientKey } from '#node/exchange/seal'
import { toBase64url } from '#proof/base64url'
import { loginBytes } from '#proof/login'
import { signerOf, startTestNode, type TestNode } from '../testing/node.ts'

const signer = (operator: string): Signer => signerOf(operator) as Signer
const keyOf = async (participant: string, keyId: string) => testPublicKey(`${participant}:${keyId.replace('-key', '')}`)

let node: TestNode
let folder: string
let exchange: FileExchange
const custodian = newRecipientKey()
const file = randomBytes(3 * CHUNK + 12_345)
const content = createHash('sha256').update(file).digest('hex')

async function tokenOf(operator: string): Promise<string> {
  const { participant, keyId, sign } = signer(operator)
  const post = async <T>(path: string, body: object): Promise<T> =>
    (await (await fetch(new URL(path, node.url), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json()) as T // prettier-ignore
  const issued = await post<{ challenge: string; audience: string; chainId: string }>('/v1/challenges', { participant, keyId }) // prettier-ignore
  const signature = toBase64url(sign(loginBytes({ ...issued, participant, keyId })))
  return (await post<{ token: string }>('/v1/tokens', { challenge: issued.challenge, signature })).token
}

const options = (over: Partial<PullOptions> = {}): PullOptions => ({
  url: node.url,
  token: () => tokenOf('custodian:checker'),
  content,
  from: 'originator',
  folder: join(folder, 'received'),
  key: custodian,
  signer: signer('custodian:checker'),
  keyOf,
  ...over,
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-exchange-'))
  exchange = new FileExchange(join(folder, 'offered'), keyOf)
  const unknown = { ...signer('custodian:maker'), keyId: 'lost-key' }
  const own = { signers: [unknown, signer('custodian:checker')], publicKey: async () => custodian.publicKey }
  const known: KeyLookup = async (participant, keyId) => (keyId === 'lost-key' ? undefined : keyOf(participant, keyId)) // prettier-ignore
  node = await startTestNode({ exchange, recipients: new RecipientBook(new Map([['custodian', own]]), known) })
  await exchange.offer({
    content,
    source: Readable.from([file.subarray(0, 100_000), file.subarray(100_000)]),
    to: [{ participant: 'custodian', publicKey: custodian.publicKey }],
    signer: signer('originator:maker'),
  })
})
afterAll(async () => {
  await node.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A network between the two that may change a byte, or end after so many; counts what it let through. */
async function through(change: (chunk: Buffer, at: number) => Buffer | undefined) {
  const ranges: (string | undefined)[] = []
  const server = createServer((incoming, outgoing) => {
    const isBody = incoming.url!.endsWith('/body')
    if (isBody) ranges.push(incoming.headers.range)
    const upstream = httpRequest(new URL(incoming.url!, node.url), { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      let at = 0
      answer.on('data', (chunk: Buffer) => {
        const changed = isBody ? change(chunk, at) : chunk
        at += chunk.length
        if (!changed) outgoing.destroy()
        else outgoing.write(changed)
      })
      answer.on('end', () => outgoing.end())
    }) // prettier-ignore
    incoming.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, ranges, close: () => new Promise((resolve) => server.close(resolve)) }
}

describe('a file of the exchange', () => {
  it('is pulled, decrypted, compared with the ledger’s hash and signed for', async () => {
    const { path, receipt } = await pull(options())
    expect((await readFile(path)).equals(file)).toBe(true)
    expect(await isSigned(receipt, 'custodian', keyOf)).toBe(true)
    expect(await exchange.receipts(content, 'originator')).toEqual([receipt])
    const stored = await readFile(join(folder, 'offered', `${content}.sealed`))
    expect(stored.includes(file.subarray(0, 64))).toBe(false)
  })

  it('goes on behind the last piece that was checked when a transfer broke off', async () => {
    const there = join(folder, 'broken')
    const broken = await through((chunk, at) => (at > 2.5 * CHUNK ? undefined : chunk))
    await expect(pull(options({ url: broken.url, folder: there }))).rejects.toThrow()
    await broken.close()
    const whole = await through((chunk) => chunk)
    const { path } = await pull(options({ url: whole.url, folder: there }))
    await whole.close()
    expect(whole.ranges).toEqual([`bytes=${2 * CHUNK}-`])
    expect((await readFile(path)).equals(file)).toBe(true)
    expect(await readdir(there)).toEqual([content])
  })

  it('is not fetched again by who was stopped before it was decrypted, nor by who was before it was signed for', async () => {
    const there = join(folder, 'stopped')
    const stopped = pull(options({ folder: there, key: newRecipientKey() })) // all pieces are there, and cannot be opened
    await expect(stopped).rejects.toMatchObject({ code: 'NOT_FOR_YOU' })
    const way = await through((chunk) => chunk)
    for (let run = 0; run < 2; run += 1) {
      const { path, receipt } = await pull(options({ url: way.url, folder: there }))
      expect((await readFile(path)).equals(file)).toBe(true)
      expect(await exchange.receipts(content, 'originator')).toEqual([receipt])
    }
    await way.close()
    expect(way.ranges).toEqual([])
  })

  it('says how far it is, and what an earlier transfer left', async () => {
    const there = join(folder, 'told')
    const told: PullProgress[] = []
    const broken = await through((chunk, at) => (at > 1.5 * CHUNK ? undefined : chunk))
    await expect(pull(options({ url: broken.url, folder: there }))).rejects.toThrow()
    await broken.close()
    await pull(options({ folder: there, onProgress: (progress) => told.push(progress) }))
    const { size } = (await exchange.manifest(content, 'custodian')).body
    expect(told.map(({ bytes }) => bytes)).toEqual([CHUNK, 2 * CHUNK, 3 * CHUNK, size])
    expect(told.every(({ of, before }) => of === size && before === CHUNK)).toBe(true)
  })

  it('with a changed byte is refused at its piece', async () => {
    const lying = await through((chunk, at) => {
      if (at > 1.2 * CHUNK && at < 1.9 * CHUNK) chunk[0]! ^= 1
      return chunk
    })
    const refused = pull(options({ url: lying.url, folder: join(folder, 'lied') }))
    await expect(refused).rejects.toMatchObject({ code: 'TAMPERED', details: { chunk: 1 } })
    await lying.close()
    const left = await readdir(join(folder, 'lied'))
    expect(left).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.[0-9a-f]{64}\.part$/)])
    await discardPulled(join(folder, 'lied'), ['0'.repeat(64)])
    expect(await readdir(join(folder, 'lied'))).toEqual(left)
    await discardPulled(join(folder, 'lied'), [content])
    expect(await readdir(join(folder, 'lied'))).toEqual([])
    await discardPulled(join(folder, 'never'), [content])
  })

  it('is not there for others, nor without a token, nor for another key', async () => {
    const other = options({ token: () => tokenOf('bank:maker'), signer: signer('bank:maker') })
    await expect(pull(other)).rejects.toMatchObject({ code: 'UNREACHABLE', details: { status: 404 } })
    await expect(pull(options({ token: async () => 'x.y.z' }))).rejects.toMatchObject({ details: { status: 401 } })
    const wrong = options({ key: newRecipientKey(), folder: join(folder, 'wrong') })
    await expect(pull(wrong)).rejects.toMatchObject({ code: 'NOT_FOR_YOU' })
    await expect(pull(options({ from: 'manager' }))).rejects.toMatchObject({ code: 'BAD_MANIFEST' })
  })

  it('has receipts by its recipients alone', async () => {
    const { receipt } = await pull(options({ folder: join(folder, 'again') }))
    const forged = { ...receipt, body: { ...receipt.body, receivedAt: 1 } }
    await expect(exchange.addReceipt(content, 'custodian', forged)).rejects.toMatchObject({ code: 'BAD_RECEIPT' })
    await expect(exchange.addReceipt(content, 'originator', receipt)).rejects.toMatchObject({ code: 'BAD_RECEIPT' })
    await expect(exchange.receipts(content, 'bank')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(exchange.manifest('../../etc/passwd', 'custodian')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('offered again stays as it is, unless it is for others; removed it is gone, and what was signed stays', async () => {
    const other = newRecipientKey()
    const there = new FileExchange(join(folder, 'offered-again'), keyOf)
    const to = [{ participant: 'custodian', publicKey: custodian.publicKey }]
    const offer = (recipients: typeof to) =>
      there.offer({ content, source: Readable.from([file]), to: recipients, signer: signer('originator:maker') })
    const first = await offer(to)
    await writeFile(join(folder, 'offered-again', `${content}.sealed.1.part`), 'of a run that was killed')
    expect(await offer(to)).toEqual(first)
    const second = await offer([{ participant: 'custodian', publicKey: other.publicKey }])
    expect(second.body.chunks).not.toEqual(first.body.chunks)
    expect(await readdir(join(folder, 'offered-again'))).toEqual([`${content}.json`, `${content}.sealed`])
    await there.remove(content, 'custodian')
    expect((await there.manifest(content, 'custodian')).body).toEqual(second.body)
    await there.remove(content, 'originator')
    await expect(there.manifest(content, 'custodian')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await there.receipts(content, 'originator')).toEqual([])
  })

  it('is encrypted to the key that its recipient’s own node says and its recipient has signed', async () => {
    const ask = async (participant: string) =>
      fetch(new URL(`/v1/exchange/recipients/${participant}`, node.url), {
        headers: { authorization: `Bearer ${await tokenOf('originator:maker')}` },
      })
    const statement = (await (await ask('custodian')).json()) as Signed<RecipientStatement>
    const recipient = { participant: 'custodian', publicKey: custodian.publicKey }
    expect(await recipientOf(statement, 'custodian', keyOf)).toEqual(recipient)
    expect(statement.keyId).toBe('checker-key') // of the two, the one that membership knows
    const forged = { ...statement, body: { ...statement.body, publicKey: newRecipientKey().publicKey } }
    await expect(recipientOf(forged, 'custodian', keyOf)).rejects.toMatchObject({ code: 'BAD_KEY' })
    await expect(recipientOf(statement, 'bank', keyOf)).rejects.toMatchObject({ code: 'BAD_KEY' })
    expect((await ask('bank')).status).toBe(404)
  })

  it('that is not what it is said to be is not offered', async () => {
    const wrong = { content: 'a'.repeat(64), source: Readable.from([file]), to: [{ participant: 'custodian', publicKey: custodian.publicKey }], signer: signer('originator:maker') } // prettier-ignore
    await expect(exchange.offer(wrong)).rejects.toMatchObject({ code: 'TAMPERED' })
    await writeFile(join(folder, 'note'), '')
    expect((await readdir(join(folder, 'offered'))).filter((name) => name.startsWith('aaaa'))).toEqual([])
  })
})
