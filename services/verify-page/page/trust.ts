import { validatorsForm } from '#proof/cometbft/forms'
import * as f from '#proof/form'
import type { Json, JsonObject } from '#proof/json'
import type { AnyTrust, Trust, ValidatorTrust } from '#proof/receipt'

const operatorForm = f.fields({ chainId: f.text, genesisHash: f.hash, operatorKey: f.text })
const heightForm = { height: f.count, timeMs: f.count, validators: validatorsForm }
const validatorsTrust = f.fields({
  chainId: f.text,
  trusted: (value, path) => {
    const isHeader = f.isObject(value) && 'headerHash' in value
    f.fields(isHeader ? { ...heightForm, nextValidatorsHash: f.hash, headerHash: f.hash } : heightForm)(value, path)
  },
})

/** The trust root as the person pasted it. @throws SyntaxError, FormError */
export function trustOfText(text: string): AnyTrust {
  const value = JSON.parse(text) as Json
  if (!f.isObject(value) || !('trusted' in value)) {
    operatorForm(value, '')
    return value as unknown as Trust
  }
  validatorsTrust(value, '')
  const { chainId, trusted } = value as JsonObject
  return { chainId, validators: trusted } as unknown as ValidatorTrust
}
