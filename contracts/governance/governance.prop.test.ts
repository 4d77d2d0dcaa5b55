import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { World } from '../kernel/testing/world.ts'
import { consortium, testPublicKey, withValidators } from '../testing/consortium.ts'
import { replayed, stateLines } from '../testing/replay.ts'
import type { Action } from './actions.ts'
import { proposalKey } from './state.ts'

// Three of these five decide; the others try as well.
const INSTITUTIONS = ['manager', 'custodian', 'bank', 'exchange', 'depository']
const VALIDATING = withValidators(...INSTITUTIONS)
const OUTSIDERS = ['core', 'operator', 'regulator', 'factor']
const NEEDED = 3

const key = (name: string) => ({ keyId: name, curve: 'ed25519' as const, publicKey: testPublicKey(`prop ${name}`) })
const ACTIONS: readonly Action[] = [
  { kind: 'setRoles', participant: 'supplier-1', roles: ['factor'] },
  { kind: 'remove', participant: 'supplier-2' },
  { kind: 'replaceKey', participant: 'bank', keyId: 'checker-key', successor: key('k1') },
  { kind: 'revokeKey', participant: 'exchange', keyId: 'maker-key', reason: 'lost' },
  { kind: 'setInstitutions', institutions: ['core', 'operator', 'regulator'], needed: 2 },
  { kind: 'setCalendarOperators', operators: ['depository', 'exchange'] },
  { kind: 'setValidator', participant: 'core', publicKey: testPublicKey('prop node'), power: 1 },
  { kind: 'rotateValidatorKey', participant: 'bank', publicKey: testPublicKey('bank node'), successor: testPublicKey('prop new node') }, // prettier-ignore
  { kind: 'activateBundle', bundle: 'ab'.repeat(32) },
  { kind: 'setParameters', parameters: { maxBlockCommands: 7 } },
]

/** What governance guards: everything but the proposals themselves. */
const guarded = (world: World): string[] => stateLines(world).filter((line) => !line.startsWith('governance/proposal/'))

const who = fc.constantFrom(...INSTITUTIONS, ...OUTSIDERS)
const hand = fc.constantFrom('maker', 'checker', 'payer', 'service')
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('approve' as const), who, hand }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('withdrawApproval' as const), who, hand }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('withdraw' as const), who, hand }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('revoke' as const), who, hand }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('roll' as const), who, hand }) },
)

describe('whatever is tried', () => {
  it('changes nothing while fewer than three of the five stand behind it, and exactly then changes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ACTIONS),
        fc.integer({ min: 0, max: 3 }),
        fc.array(step, { maxLength: 14 }),
        (action, days, steps) => {
          const world = consortium(VALIDATING)
          const expiresOn = `2011-01-0${1 + days}`
          const propose = { proposal: 'p', action: action as never, fromHeight: null, expiresOn, reason: 'r' }
          world.does('manager:maker', 'governance.propose', propose)
          const model = { approved: new Set<string>(), revoked: new Set<string>(), day: 0, isOpen: true }
          for (const { does, who, hand } of steps) {
            const before = guarded(world)
            const name = `${who}:${hand}`
            const isAlive = model.day <= days + 1 && model.isOpen
            const mayCheck = INSTITUTIONS.includes(who) && hand === 'checker' && !model.revoked.has(who)
            if (does === 'revoke') {
              // The ledger refuses a revoked key at admission; here nothing is signed with it any more.
              const revocation = { participant: who, keyId: 'checker-key', fromHeight: null, reason: 'stolen' }
              if (world.call(`${who}:service`, 'membership.revokeKey', revocation).accepted) model.revoked.add(who)
              continue
            }
            if (does === 'roll') {
              model.day += 1
              const date = `2011-01-${String(model.day).padStart(2, '0')}`
              world.does('manager:service', 'calendar.roll', { date })
              continue
            }
            if (model.revoked.has(who) && hand === 'checker') continue
            const args =
              does === 'approve' ? { proposal: 'p', action: action as never, fromHeight: null } : { proposal: 'p' }
            const { accepted } = world.call(name, `governance.${does}`, args)
            if (does === 'approve') {
              expect(accepted).toBe(isAlive && mayCheck && !model.approved.has(who))
              if (accepted) model.approved.add(who)
            } else if (does === 'withdrawApproval') {
              expect(accepted).toBe(isAlive && mayCheck && model.approved.has(who))
              if (accepted) model.approved.delete(who)
            } else if (accepted) model.isOpen = false
            const isEnacted = does === 'approve' && accepted && model.approved.size === NEEDED
            if (isEnacted) {
              model.isOpen = false
              expect(guarded(world)).not.toEqual(before)
            } else expect(guarded(world)).toEqual(before)
          }
          expect(world.read(proposalKey('p'))?.state === 'enacted').toBe(model.approved.size >= NEEDED)
          expect(stateLines(replayed(world))).toEqual(stateLines(world))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('any three suffice, with the other two silent', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ACTIONS),
        fc.shuffledSubarray(INSTITUTIONS, { minLength: 3 }),
        (action, chosen) => {
          const world = consortium(VALIDATING)
          const [proposer, ...rest] = chosen
          const propose = {
            proposal: 'p',
            action: action as never,
            fromHeight: null,
            expiresOn: '2011-01-01',
            reason: 'r',
          }
          world.does(`${proposer}:maker`, 'governance.propose', propose)
          const approval = { proposal: 'p', action: action as never, fromHeight: null }
          const answers = [proposer, ...rest].map(
            (one) => world.call(`${one}:checker`, 'governance.approve', approval).accepted,
          )
          expect(answers).toEqual(chosen.map((_, at) => at < NEEDED))
          expect(world.read(proposalKey('p'))?.state).toBe('enacted')
        },
      ),
      { numRuns: 60 },
    )
  })
})
