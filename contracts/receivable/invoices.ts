import { fenString, parseFen, sumFen, type Fen } from '#domain/money'
import type { Read } from '../kernel/state.ts'
import { refuse } from './errors.ts'
import { invoiceKey, type AssignedInvoice, type Invoice } from './state.ts'

/**
 * Assigns parts of invoices to a receivable: together they are its face, and no invoice is assigned beyond its amount.
 * The amount is a value fixed at first registration; the same invoice with another amount is a conflict (DOMAIN.md §3).
 * Answers what is assigned afterwards. Refuses DUPLICATE_INVOICE, INVOICES_DO_NOT_COVER, INVOICE_CONFLICT,
 * INVOICE_OVERASSIGNED (commitment, freeFen, wantedFen).
 */
export function assign(read: Read, invoices: readonly AssignedInvoice[], face: Fen): Invoice[] {
  const seen = new Set<string>()
  for (const { commitment } of invoices) {
    if (seen.has(commitment)) refuse('DUPLICATE_INVOICE', { commitment })
    seen.add(commitment)
  }
  const assigned = sumFen(invoices.map(({ assignedFen }) => parseFen(assignedFen)))
  if (assigned !== face) {
    refuse('INVOICES_DO_NOT_COVER', { faceFen: fenString(face), assignedFen: fenString(assigned) })
  }
  return invoices.map(({ commitment, amountFen, assignedFen }) => {
    const known = read(invoiceKey(commitment)) ?? { commitment, amountFen, assignedFen: '0' }
    if (known.amountFen !== amountFen) {
      refuse('INVOICE_CONFLICT', { commitment, registeredFen: known.amountFen, givenFen: amountFen })
    }
    const free = parseFen(amountFen) - parseFen(known.assignedFen)
    if (parseFen(assignedFen) > free) {
      refuse('INVOICE_OVERASSIGNED', { commitment, freeFen: fenString(free), wantedFen: assignedFen })
    }
    return { ...known, assignedFen: fenString(parseFen(known.assignedFen) + parseFen(assignedFen)) }
  })
}

/** Frees what a rejected or withdrawn receivable had taken of its invoices; their amounts stay registered. */
export const release = (read: Read, invoices: readonly AssignedInvoice[]): Invoice[] =>
  invoices.map(({ commitment, assignedFen }) => {
    const known = read(invoiceKey(commitment))
    if (!known) throw new Error(`invoice ${commitment} was never registered`)
    return { ...known, assignedFen: fenString(parseFen(known.assignedFen) - parseFen(assignedFen)) }
  })
