import { Type, type TSchema } from 'typebox'
import type { Registry } from '#contracts/kernel/execute'
import { encodeSigned, ID_PATTERN, type SignedCommand as Signed } from '#proof/command'
import { HASH_PATTERN } from '#proof/hash'
import type { JsonObject } from '#proof/json'
import { badRequest } from '../kit/problem.ts'

const Id = Type.String({ pattern: ID_PATTERN })
/** Also of a height: what JSON holds exactly. */
const Millis = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{86,128}$', description: 'base64url without padding' })

const envelope = (contract: TSchema, method: TSchema, args: TSchema) =>
  Type.Object(
    {
      command: Type.Object(
        {
          chainId: Id,
          contract,
          method,
          args,
          commandId: Id,
          participant: Id,
          keyId: Id,
          issuedAt: Millis,
          expiresAt: Millis,
          head: Type.Optional(
            Type.Object(
              { height: Millis, root: Type.String({ pattern: HASH_PATTERN }) },
              { additionalProperties: false, description: 'a block that the command was built on' },
            ),
          ),
        },
        { additionalProperties: false },
      ),
      signature: Signature,
    },
    { additionalProperties: false },
  )

/** Any signed command: its form only; the ledger checks the rest. */
export const AnySignedCommand = envelope(Id, Id, Type.Object({}))

/** A signed command of one method, arguments included, so that a misspelt field is named before anything is spent. */
export function SignedCommand(registry: Registry, name: string): typeof AnySignedCommand {
  const [contract = '', method = ''] = name.split('.')
  const definition = registry.method(contract, method)
  if (!definition) throw new Error(`no contract method ${name}`)
  return envelope(Type.Literal(contract), Type.Literal(method), definition.args) as unknown as typeof AnySignedCommand
}

export type SignedBody = { readonly command: object; readonly signature: string }

/** The canonical bytes of what was sent. @throws CanonicalError naming the path */
export const bytesOf = (body: SignedBody): Uint8Array => encodeSigned(body as Signed)
export const commandOf = (body: SignedBody): Signed['command'] => (body as Signed).command

/** The path and the signed arguments must speak of the same thing. @throws Problem 400 naming the argument */
export function mustMatch(args: JsonObject, path: Readonly<Record<string, string>>): void {
  const errors = Object.entries(path)
    .filter(([name, value]) => args[name] !== value)
    .map(([name, value]) => ({ field: `/body/command/args/${name}`, problem: `the path says ${value}` }))
  if (errors.length > 0) throw badRequest('PATH_AND_COMMAND_DIFFER', errors)
}
