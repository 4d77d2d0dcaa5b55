import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestNode, type TestNode } from '../testing/node.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.stop())

interface Listed {
  readonly id: string
  readonly state: string
  readonly action: object
  readonly fromHeight: number | null
  readonly expiresOn: string
  readonly approvals: readonly { readonly institution: string }[]
}

it('every member reads what the institutions were asked, who approved it and what became of it', async () => {
  const action = { kind: 'setRoles', participant: 'supplier-1', roles: ['supplier', 'factor'] }
  const content = { proposal: 'p', action, fromHeight: null }
  const proposed = { ...content, expiresOn: '2011-01-05', reason: 'agreed' }
  await node.as('manager:maker').perform('governance.propose', proposed)
  const { position } = await node.as('bank:checker').perform('governance.approve', content)
  const asViewer = node.as('supplier-2:viewer')
  const listed = async (at: string) => (await asViewer.list<Listed>('/v1/governance/proposals', { at })).items
  expect(await listed(position)).toMatchObject([
    { id: 'p', state: 'open', action, fromHeight: null, expiresOn: '2011-01-05', approvals: [{ institution: 'bank' }] },
  ])
  await node.as('custodian:checker').perform('governance.approve', content)
  const last = await node.as('exchange:checker').perform('governance.approve', content)
  const [enacted] = await listed(last.position)
  expect(enacted).toMatchObject({ id: 'p', state: 'enacted' })
  const { items } = await asViewer.list('/v1/governance/proposals', { state: 'open', at: last.position })
  expect(items).toEqual([])
})
