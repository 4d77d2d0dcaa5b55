import type { Sql } from 'postgres'

export interface Notice {
  /** Chosen by who tells; the same notice twice is one notice. */
  readonly id: string
  readonly participant: string
  readonly subject: string
  /** Where on the ledger it happened: `height.index`. */
  readonly position: string
}

export interface NumberedNotice extends Notice {
  /** Grows; not without gaps. */
  readonly number: string
}

/** What a participant's people are to be told, kept until they have read it. */
export class NoticeBoard {
  private constructor(private readonly sql: Sql) {}

  static async open(sql: Sql): Promise<NoticeBoard> {
    await sql`CREATE SCHEMA IF NOT EXISTS node`
    await sql`
      CREATE TABLE IF NOT EXISTS node.notice (
        number bigint GENERATED ALWAYS AS IDENTITY UNIQUE, id text PRIMARY KEY, participant text NOT NULL,
        subject text NOT NULL, position text NOT NULL)`
    return new NoticeBoard(sql)
  }

  async tell({ id, participant, subject, position }: Notice): Promise<void> {
    await this.sql`
      INSERT INTO node.notice (id, participant, subject, position) VALUES (${id}, ${participant}, ${subject}, ${position})
      ON CONFLICT (id) DO NOTHING`
  }

  /**
   * A participant's notices with their numbers, oldest first, after a number.
   * @param after decimal digits; `0` for the beginning
   */
  async page(participant: string, { after, limit }: { after: string; limit: number }): Promise<NumberedNotice[]> {
    return this.sql<NumberedNotice[]>`
      SELECT number::text AS number, id, participant, subject, position FROM node.notice
      WHERE participant = ${participant} AND number > ${after}::bigint ORDER BY node.notice.number LIMIT ${limit}`
  }

  /** A participant's notices, oldest first. */
  async of(participant: string, limit = 100): Promise<Notice[]> {
    return this.sql<Notice[]>`
      SELECT id, participant, subject, position FROM node.notice WHERE participant = ${participant}
      ORDER BY number LIMIT ${limit}`
  }
}
