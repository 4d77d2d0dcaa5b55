import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort, freePorts, isAskable, isFree } from '#engines/ports'

test('ports handed out together differ', async () => {
  const ports = await freePorts(50)
  expect(new Set(ports).size).toBe(50)
})

test('a port handed out can be listened on, and is not handed out again while it is taken', async () => {
  const port = await freePort()
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  expect(await freePorts(50)).not.toContain(port)
  expect(await isFree(port)).toBe(false)
  await new Promise((done) => void server.close(done))
  expect(await isFree(port)).toBe(true)
})

test('no port is one that the system gives to outgoing connections', async () => {
  for (const port of await freePorts(200)) expect(port).toBeLessThan(32_768)
})

test('fetch refuses no port of those that are drawn from but the one that is left out', async () => {
  // Connects to nobody: a port that `fetch` refuses does not come so far.
  const dispatcher = {
    dispatch: (_: unknown, handler: { onError(error: Error): void }) => handler.onError(new Error('asked')),
  }
  const refused: number[] = []
  for (let port = 10_000; port < 32_768; port++) {
    const failure = await fetch(`http://127.0.0.1:${port}`, { dispatcher } as unknown as RequestInit).catch(
      (error: Error) => error,
    )
    if (((failure as Error).cause as Error).message !== 'asked') refused.push(port)
  }
  expect(refused).toEqual([10_080])
  expect(refused.filter(isAskable)).toEqual([])
  expect(await isFree(10_080)).toBe(false)
})
