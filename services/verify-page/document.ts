/** The page without its words and without any script of its own: those come from `page/`. */
const label = (id: string, control: string): string =>
  `<label for="${id}" data-word="${id}-label"></label>\n      ${control}`
const input = (id: string): string =>
  label(id, `<input id="${id}" autocomplete="off" autocapitalize="off" spellcheck="false" />`)
const area = (id: string, rows: number): string =>
  label(id, `<textarea id="${id}" rows="${rows}" spellcheck="false" autocomplete="off"></textarea>`)
const button = (id: string, extra = ''): string =>
  `<button type="button" id="${id}" data-word="${id}"${extra}></button>`
const shown = (id: string): string => `<dt data-word="${id}-label"></dt>\n          <dd><code id="${id}"></code></dd>`
const status = (id: string): string => `<p id="${id}" role="status" aria-live="polite" class="status"></p>`

export const HTML = `<!doctype html>
<html lang="zh-CN">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Sluice</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="verify/page.css" />
    <script type="module" src="verify/page.js"></script>
  </head>
  <body>
    <header>
      <h1><span aria-hidden="true">Sluice · </span><span data-word="title"></span></h1>
      <button type="button" id="language" data-word="language"></button>
    </header>
    <main>
    <p data-word="intro"></p>
    <p class="ledger"><span data-word="ledger-label"></span> <code id="ledger"></code></p>
    <noscript>JavaScript is needed: the page signs and verifies by itself. 本页需要 JavaScript。</noscript>
    <section aria-labelledby="trust-title">
      <h2 id="trust-title" data-word="trust-title"></h2>
      <p data-word="trust-note"></p>
      ${area('trust', 3)}
    </section>
    <section aria-labelledby="key-title">
      <h2 id="key-title" data-word="key-title"></h2>
      ${input('participant')}
      ${input('key-id')}
      <p data-word="sm2-note" class="note"></p>
      ${button('make-key')}
      ${status('key-state')}
      <code id="public-key"></code>
    </section>
    <section aria-labelledby="command-title">
      <h2 id="command-title" data-word="command-title"></h2>
      ${label('method', '<select id="method"></select>')}
      <div id="form"></div>
      ${area('args', 6)}
      ${button('review')}
      <div id="review-panel" hidden>
        <h3 data-word="review-title"></h3>
        <p lang="zh-CN" id="sentence-zh" class="sentence"></p>
        <p lang="en" id="sentence-en" class="sentence"></p>
        <p id="limited"></p>
        <dl>
          ${shown('fields')}
          ${shown('canonical')}
          ${shown('digest')}
          ${shown('signed')}
        </dl>
        ${button('submit')}
      </div>
      ${status('submit-state')}
    </section>
    <section aria-labelledby="verify-title">
      <h2 id="verify-title" data-word="verify-title"></h2>
      ${area('receipt', 5)}
      ${label('file', '<input id="file" type="file" accept=".json,application/json" />')}
      ${button('verify')}
      ${status('verdict')}
      ${button('save', ' hidden')}
    </section>
    </main>
  </body>
</html>
`

export const CSS = `:root { color-scheme: light dark; --line: #8886; --good: #0a7d33; --bad: #b3261e; --accent: #0b57d0 }
@media (prefers-color-scheme: dark) { :root { --good: #6dd58c; --bad: #f2b8b5; --accent: #a8c7fa } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 54rem; padding: 1rem; font: 16px/1.6 system-ui, "Noto Sans CJK SC", sans-serif }
header { display: flex; justify-content: space-between; align-items: center }
h1 { font-size: 1.5rem }
h2 { font-size: 1.15rem; margin: 0 0 .5rem }
h3 { font-size: 1rem }
section { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 1rem 0 }
label { display: block; margin-top: .75rem; font-weight: 600 }
input, textarea, select { width: 100%; font: inherit; padding: .4rem; border: 1px solid var(--line); border-radius: .3rem }
textarea, code { font-family: ui-monospace, monospace; font-size: .85rem }
code { overflow-wrap: anywhere }
dd { margin: 0 0 .75rem }
dt { font-weight: 600 }
button { font: inherit; margin-top: .75rem; padding: .4rem 1rem; border-radius: .3rem; border: 1px solid var(--line) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
#fields { white-space: pre-wrap }
.sentence { font-size: 1.1rem; border-left: 4px solid var(--accent); padding-left: .75rem }
.note, .problem { font-size: .9rem }
.problem { margin: 0; color: var(--bad) }
.status { white-space: pre-wrap; overflow-wrap: anywhere; min-height: 1.6em }
.status[data-good="true"] { color: var(--good) }
.status[data-good="false"] { color: var(--bad) }
`
