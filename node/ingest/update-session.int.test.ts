import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CUT_OFF } from '#contracts/deal/testing/plan'
import { addDays } from '#domain/date'
import { ingest } from './ingest.ts'
import { day, pool, tapesForTests } from './testing/organisation.ts'

const { folder, organisation, file } = tapesForTests()

it('an update that is wrong gives its job up only when the tree is made, one query at a time', async () => {
  const servicer = await organisation('servicer')
  const asOf = addDays(CUT_OFF, 1)
  await ingest({ ...servicer, kind: 'initial', file: await file('pool.csv', pool), asOf: CUT_OFF })
  const { client } = servicer.store
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  const [seen, counts] = [[] as string[], { underWay: 0, most: 0 }]
  const slow = async (...args: unknown[]): Promise<unknown> => {
    const [what] = args as [string | { text: string }]
    seen.push(typeof what === 'string' ? what : what.text)
    counts.most = Math.max(counts.most, (counts.underWay += 1))
    try {
      // The rows of the tree come long after the file is known to be wrong.
      if (typeof what !== 'string') await new Promise((resolve) => setTimeout(resolve, 3_000))
      return await query(...args)
    } finally {
      counts.underWay -= 1
    }
  }
  client.query = slow as typeof client.query
  const elsewhere = { ...servicer, folder: join(folder, 'elsewhere') } // where no tree is: it is made from the rows
  const wrong = await file('wrong.csv', day(1).replace(/^(.*\n)/, '$1CI000000000,x,y,z\n'))
  await expect(ingest({ ...elsewhere, kind: 'update', file: wrong, asOf })).rejects.toMatchObject({
    code: 'NOT_AN_AMOUNT',
  })
  client.query = query as typeof client.query
  expect(seen.some((text) => text.includes('a.slot, content'))).toBe(true)
  expect(seen.some((text) => text.startsWith('delete from ingest_job'))).toBe(true)
  expect(counts.most).toBe(1)

  const done = await ingest({ ...elsewhere, kind: 'update', file: await file('day1.csv', day(1)), asOf })
  expect(done.version).toBe(2)
})
