import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort, freePorts } from '#engines/ports'

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
  await new Promise((done) => void server.close(done))
})

test('no port is one that the system gives to outgoing connections', async () => {
  for (const port of await freePorts(200)) expect(port).toBeLessThan(32_768)
})
