import { Type } from 'typebox'
import type { NoticeBoard } from '#node/notices/notice-board'
import { routeOf, type Route } from '../kit/route.ts'

export interface NoticeDeps {
  readonly notices: Pick<NoticeBoard, 'page'>
}

const MAX_PAGE = 500
const Text = Type.String()
const NoticeNumber = Type.String({ pattern: '^[0-9]{1,18}$', description: 'in the order in which the node was told' })

/** What the caller's organisation has been told, and nobody else's. */
export const noticeRoutes: readonly Route<NoticeDeps>[] = [
  routeOf<NoticeDeps>('notices')({
    method: 'GET',
    url: '/v1/notices',
    summary: 'Notices to the organisation of the caller, oldest first',
    schema: {
      querystring: Type.Object(
        {
          after: Type.Optional(NoticeNumber),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE })),
        },
        { additionalProperties: false },
      ),
      response: {
        200: Type.Object({
          items: Type.Array(Type.Object({ number: NoticeNumber, id: Text, subject: Text, position: Text })),
          next: Type.Union([NoticeNumber, Type.Null()]),
        }),
      },
    },
    async handler({ query: { after = '0', limit = 100 }, caller }, { notices }) {
      const found = await notices.page(caller.participant, { after, limit: limit + 1 })
      const items = found
        .slice(0, limit)
        .map(({ number, id, subject, position }) => ({ number, id, subject, position }))
      return { items, next: found.length > limit ? items.at(-1)!.number : null }
    },
  }),
]
