/** International securities identification number (ISO 6166): country, nine characters, a Luhn digit over A…Z = 10…35. */
export function isIsin(text: string): boolean {
  if (!/^[A-Z]{2}[0-9A-Z]{9}[0-9]$/.test(text)) return false
  const digits = [...text].flatMap((character) => [...String(Number.parseInt(character, 36))].map(Number))
  const sum = digits.reverse().reduce((total, digit, i) => total + luhn(digit, i % 2 === 1), 0)
  return sum % 10 === 0
}

const luhn = (digit: number, doubled: boolean): number =>
  doubled ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit
