import type { Role } from '../kernel/method.ts'
import type { Participant } from './state.ts'

/** The roles of a member in a block of this height; none: no member (any more). */
export const rolesAt = ({ roles, next }: Participant, height: number): readonly Role[] =>
  next !== null && height >= next.fromHeight ? next.roles : roles
