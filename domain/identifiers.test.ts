import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isIsin } from './isin.ts'
import { isLei } from './lei.ts'
import { isUscc, usccCheckCharacter } from './uscc.ts'

const ALPHABET = [...'0123456789ABCDEFGHJKLMNPQRTUWXY']

describe('identifiers', () => {
  it('accept the valid examples and refuse the invalid one (DOMAIN.md §1)', () => {
    expect(isUscc('91350100M000100Y43')).toBe(true)
    expect(isUscc('91350100M000100Y4Z')).toBe(false)
    expect(isLei('5493001KJTIIGC8Y1R12')).toBe(true)
    expect(isIsin('US0378331005')).toBe(true)
  })

  it('refuse other lengths, cases and letters', () => {
    for (const text of [
      '',
      '91350100M000100Y4',
      '91350100m000100Y43',
      ' 91350100M000100Y43',
      '91350100M000100YI3',
      '9135010OM000100Y43',
    ]) {
      expect(isUscc(text)).toBe(false)
    }
    for (const text of ['', '5493001KJTIIGC8Y1R1', '5493001kjtiigc8y1r12', '5493001KJTIIGC8Y1R1A'])
      expect(isLei(text)).toBe(false)
    for (const text of ['', 'US037833100', '0S0378331005', 'us0378331005']) expect(isIsin(text)).toBe(false)
  })

  it('notice every single wrong character (of LEI and ISIN, whose letters are two digits wide, every wrong digit)', () => {
    for (const [valid, check, letters] of [
      ['91350100M000100Y43', isUscc, ALPHABET],
      ['5493001KJTIIGC8Y1R12', isLei, [...'0123456789']],
      ['US0378331005', isIsin, [...'0123456789']],
    ] as const) {
      for (let i = 2; i < valid.length; i += 1) {
        for (const letter of letters) {
          const changed = valid.slice(0, i) + letter + valid.slice(i + 1)
          const noticed = check === isUscc || /[0-9]/.test(valid[i]!)
          if (noticed && changed !== valid) expect(check(changed), changed).toBe(false)
        }
      }
    }
  })

  it('the check character completes any seventeen', () => {
    const character = fc.constantFrom(...ALPHABET)
    const digits = fc.stringMatching(/^[0-9]{6}$/)
    fc.assert(
      fc.property(
        fc.array(character, { minLength: 2, maxLength: 2 }),
        digits,
        fc.array(character, { minLength: 9, maxLength: 9 }),
        (a, b, c) => {
          const first = a.join('') + b + c.join('')
          expect(isUscc(first + usccCheckCharacter(first)!)).toBe(true)
        },
      ),
    )
    expect(usccCheckCharacter('9135010')).toBeUndefined()
  })
})
