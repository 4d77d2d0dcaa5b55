/** JSON as the ledger knows it: no number but safe integers, amounts and rates are strings. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }
