import type { FastifyInstance, FastifyReply } from 'fastify'
import { bundleForBrowser } from './bundle.ts'
import { CSS, HTML } from './document.ts'

/** Nothing from elsewhere, nothing inline, no frame around it: the page signs in people's names. */
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", 'img-src data:',
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
].join('; ') // prettier-ignore

/** Bundled at the first request, then kept: it is the same for every ledger. */
let script: Promise<string> | undefined

/** `verify` below the ledger's own path: one page that signs and verifies in the browser. */
export function verifyPage(app: FastifyInstance): void {
  const send = (reply: FastifyReply, type: string, body: string): FastifyReply =>
    reply
      .header('content-security-policy', POLICY)
      .header('referrer-policy', 'no-referrer')
      .header('cross-origin-opener-policy', 'same-origin')
      .type(`${type}; charset=utf-8`)
      .send(body)
  const hidden = { schema: { hide: true }, serializerCompiler: () => String }
  app.get('/verify', hidden, (_, reply) => send(reply, 'text/html', HTML))
  app.get('/verify/page.css', hidden, (_, reply) => send(reply, 'text/css', CSS))
  app.get('/verify/page.js', hidden, async (_, reply) => {
    script ??= bundleForBrowser(new URL('./page/page', import.meta.url))
    try {
      return send(reply, 'text/javascript', await script)
    } catch (error) {
      script = undefined
      throw error
    }
  })
}
