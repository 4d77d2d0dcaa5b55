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
    for (let date = await this.today(); date < to; date = await this.today()) await this.rollFrom(date, to)
    for (const object of objects) await this.close(object, to)
  }

  private async today(): Promise<IsoDate> {
    return (await readOne(this.ledger, calendarKey))!.date
  }

  /**
   * Sends the rolls of several days without waiting for each. A node takes a participant's commands in the order in
   * which they come, yet under consensus one that is sent again through another node may overtake: it is refused, which
   * spends its id, so an id also says when it was sent, and the caller sends what is missing again. The first day is
   * always accepted, so each round brings the date forward.
   */
  private async rollFrom(date: IsoDate, to: IsoDate): Promise<void> {
    const rolls: Promise<unknown>[] = []
    for (let day = addDays(date, 1); day <= to; day = addDays(day, 1)) {
      const step = `roll:${day}:${Date.now()}`
      rolls.push(this.send(await this.signed(step, 'roll', { date: day }), 'NOT_THE_NEXT_DAY'))
    }
    await Promise.all(rolls)
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

  /** @throws when the ledger refuses with another code than the one named */
  private async send(sent: { commandId: string; bytes: Uint8Array }, orRefused?: string): Promise<void> {
    const { outcome } = await this.ledger.submit(sent.bytes)
    if (outcome.accepted || outcome.refusal.code === orRefused) return
    throw new Error(`${sent.commandId} was refused: ${JSON.stringify(outcome.refusal)}`)
  }
}
