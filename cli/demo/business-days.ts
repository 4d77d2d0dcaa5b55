import { objectDateKey, calendarKey } from '#contracts/calendar/state'
import { addDays, daysBetween, type IsoDate } from '#domain/date'
import { MAX_DAYS_PER_CLOSE } from '#contracts/calendar/close-day'
import type { Ledger } from '#ledger-adapter/port'
import type { Keyring } from '#node/keys/keyring'
import { buildCommand } from '#node/keys/signer'
import type { JsonObject } from '#proof/json'
import { readOne } from '#node/read-state'

/** The office's calendar service: rolls the business date day by day, and closes the days of the objects named. */
export class BusinessDays {
  constructor(
    private readonly ledger: Ledger,
    private readonly office: Keyring,
  ) {}

  /** Both are idempotent: what an earlier run rolled or closed stays, and the rest follows. */
  async advance(to: IsoDate, objects: readonly string[]): Promise<void> {
    const { date } = (await readOne(this.ledger, calendarKey))!
    const rolls: Promise<void>[] = []
    // Sent in order without waiting for each: the sequencer takes them in the order in which they come.
    for (let day = addDays(date, 1); day <= to; day = addDays(day, 1)) {
      rolls.push(this.send(await this.signed(`roll:${day}`, 'roll', { date: day })))
    }
    await Promise.all(rolls)
    for (const object of objects) await this.close(object, to)
  }

  private async close(object: string, to: IsoDate): Promise<void> {
    const dated = await readOne(this.ledger, objectDateKey(object))
    let asOf = dated?.asOf ?? to
    while (asOf < to) {
      asOf = daysBetween(asOf, to) > MAX_DAYS_PER_CLOSE ? addDays(asOf, MAX_DAYS_PER_CLOSE) : to
      await this.send(await this.signed(`close:${object}:${asOf}`, 'closeDay', { object, date: asOf }))
    }
  }

  private async signed(
    step: string,
    method: string,
    args: JsonObject,
  ): Promise<{ commandId: string; bytes: Uint8Array }> {
    const as = this.office.signerFor('service:calendar')
    const commandId = `calendar:${step}`
    const { chainId } = this.ledger
    const command = buildCommand({ chainId, contract: 'calendar', method, args, commandId, as, issuedAt: Date.now() })
    return { commandId, bytes: await as.sign(command) }
  }

  private async send({ commandId, bytes }: { commandId: string; bytes: Uint8Array }): Promise<void> {
    const { outcome } = await this.ledger.submit(bytes)
    if (!outcome.accepted) throw new Error(`${commandId} was refused: ${JSON.stringify(outcome.refusal)}`)
  }
}
