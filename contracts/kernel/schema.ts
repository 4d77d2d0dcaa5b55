import { Type, type TProperties, type TSchema } from 'typebox'
import { ISO_DATE_PATTERN } from '#domain/date'
import { FEN_PATTERN } from '#domain/money'
import { ID_PATTERN } from '#proof/command'
import { HASH_PATTERN } from '#proof/hash'

/** The words that schemas of commands and events are made of. Amounts and dates are strings in JSON. */
export const Id = Type.String({ pattern: ID_PATTERN })
export const FenString = Type.String({ pattern: FEN_PATTERN })
/** At least one fen, at most 18 digits. */
export const PositiveFen = Type.String({ pattern: '^[1-9][0-9]{0,17}$' })
export const DateString = Type.String({ pattern: ISO_DATE_PATTERN })
export const HashString = Type.String({ pattern: HASH_PATTERN })
/** A short sentence or word for people; control characters are refused. */
export const Text = Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f]+$' })
export const BilingualText = Type.Object({ zh: Text, en: Text }, { additionalProperties: false })
export const Height = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
export const OrNull = <const S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
/** An object with these fields and no other. */
export const Fields = <const P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })
/** One of the words of a const list, typed as such. */
export const OneOf = <const T extends readonly string[]>(words: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...words] })
