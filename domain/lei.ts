/** Legal entity identifier (ISO 17442): 18 letters or digits and two check digits by ISO/IEC 7064 MOD 97-10. */
export const isLei = (text: string): boolean => /^[0-9A-Z]{18}[0-9]{2}$/.test(text) && mod97(text) === 1

/** The remainder by 97 of the number that the text spells when A…Z stand for 10…35 (ISO/IEC 7064). */
function mod97(text: string): number {
  let remainder = 0
  for (const character of text) {
    const value = Number.parseInt(character, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder
}
