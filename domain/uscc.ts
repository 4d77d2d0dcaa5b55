/**
 * 统一社会信用代码, the unified social credit identifier of a Chinese legal person (GB 32100-2015): 18 characters over
 * an alphabet without I, O, S, V and Z. Place i (from 1) weighs 3^(i−1) mod 31; the last is 31 − Σ mod 31, modulo 31.
 */
export type Uscc = string & { readonly __brand: 'Uscc' }

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const FORM = /^[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}$/

/** The check character of the first 17; undefined when they are not of the form. */
export function usccCheckCharacter(first17: string): string | undefined {
  if (!FORM.test(`${first17}0`)) return undefined
  let sum = 0
  let weight = 1
  for (const character of first17) {
    sum += ALPHABET.indexOf(character) * weight
    weight = (weight * 3) % 31
  }
  return ALPHABET[(31 - (sum % 31)) % 31]
}

/** Form and check character; the registration authority and region codes are not looked up. */
export const isUscc = (text: string): text is Uscc =>
  text.length === 18 && FORM.test(text) && usccCheckCharacter(text.slice(0, 17)) === text[17]
