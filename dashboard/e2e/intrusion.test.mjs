// What visitors and models may try: none of it runs, none of it is fetched, none of it becomes an element of its own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWorld, WIDE } from './harness.mjs';

const RUN = 'window.__intruded=1';
const ELSEWHERE = 'https://intruder.example';
const ADDRESSES = [
  `javascript:${RUN}`,
  `JaVaScRiPt:${RUN}`,
  `java\tscript:${RUN}`,
  `&#106;avascript:${RUN}`,
  `javascript&colon;${RUN}`,
  `\u0001javascript:${RUN}`,
  `vbscript:${RUN}`,
  `data:text/html,<script>${RUN}</script>`,
  `data:image/svg+xml,<svg onload="${RUN}">`,
  `blob:${ELSEWHERE}/x`,
  `file:///etc/passwd`,
  `//intruder.example/x`,
  `${ELSEWHERE}/x.png`,
  `https://good.example/"onmouseover="${RUN}`,
  `https://good.example/'onfocus='${RUN}' autofocus='`,
];
const TAGS = ['img', 'svg', 'iframe', 'object', 'embed', 'video', 'audio', 'body', 'details', 'input', 'math', 'style', 'link', 'meta', 'form', 'base', 'marquee', 'template', 'xmp', 'portal'];
const EVENTS = ['onerror', 'onload', 'onclick', 'onfocus', 'ontoggle', 'onmouseover', 'onanimationstart', 'onbegin'];
const LINKS = [
  (address) => `[click](${address})`,
  (address) => `[click](<${address}>)`,
  (address) => `![seen](${address})`,
  (address) => `<${address}>`,
  (address) => `[click][1]\n\n[1]: ${address}`,
  (address) => `<a href="${address}">click</a>`,
  (address) => `<iframe src="${address}"></iframe>`,
];
const PAYLOADS = [
  ...LINKS.flatMap((write) => ADDRESSES.map(write)),
  ...TAGS.flatMap((tag) => EVENTS.slice(0, 4).map((event) => `<${tag} src=x ${event}="${RUN}" autofocus>x</${tag}>`)),
  ...EVENTS.map((event) => `"><b ${event}=${RUN} style="position:fixed;inset:0">x</b>`),
  `<script>${RUN}</script>`,
  `<ScRiPt src=${ELSEWHERE}/x.js></sCrIpT>`,
  `</textarea></title></style><script>${RUN}</script>`,
  `<svg><script href="${ELSEWHERE}/x.js"/></svg>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${RUN}>`,
  `<style>@import "${ELSEWHERE}/x.css";</style>`,
  `<link rel=stylesheet href=${ELSEWHERE}/x.css>`,
  `<meta http-equiv=refresh content="0;url=${ELSEWHERE}">`,
  `<base href="${ELSEWHERE}/">`,
  `\`\`\`html\n<script>${RUN}</script>\n\`\`\``,
  `\`<img src=x onerror=${RUN}>\``,
  `| a | b |\n|---|---|\n| <img src=x onerror=${RUN}> | [x](javascript:${RUN}) |`,
  `> <details open ontoggle=${RUN}>`,
  `1. <svg onload=${RUN}>\n2. x`,
  '{{constructor.constructor("' + RUN + '")()}}',
  '${' + RUN + '}',
  '<%= ' + RUN + ' %>',
  '\u202Egnp.exe\u202C is what it says',
  '\u2066\u202E\u2066' + RUN + ' no end to it',
  '\uFEFF\u0000\u001B[31m<b>x</b>'.replace('\u0000', ''),
  '&lt;script&gt;' + RUN + '&lt;/script&gt;',
  '&#60;img src=x onerror=' + RUN + '&#62;',
  '<img src="x` `<script>' + RUN + '</script>"` `>',
  '<!--<img src="--><img src=x onerror=' + RUN + '>',
  '<![CDATA[<script>' + RUN + '</script>]]>',
  '*'.repeat(500) + '<b>x</b>' + '['.repeat(500),
];
const ALLOWED = 'P,BR,HR,STRONG,EM,DEL,CODE,PRE,A,UL,OL,LI,BLOCKQUOTE,H3,DIV,BUTTON,TABLE,THEAD,TBODY,TR,TH,TD'.split(',');

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

test('stored_payloads_of_visitors_and_models_do_nothing', async () => {
  assert.ok(PAYLOADS.length >= 200, `${PAYLOADS.length} payloads`);
  const sessions = [];
  for (let begin = 0; begin < PAYLOADS.length; begin += 20) {
    const session = `intruder-${begin}`;
    sessions.push(session);
    for (const payload of PAYLOADS.slice(begin, begin + 20)) {
      world.says(`zebra ${payload}`);
      assert.equal(await world.say(session, `zebra ${payload}`), 200, payload);
    }
  }
  const person = await world.operator('/dashboard/', WIDE);
  await person.page.evaluate(() => {
    window.__violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.__violations.push(event.blockedURI));
  });
  await person.search.fill('zebra');
  await person.page.locator('.row mark').first().waitFor();
  assert.deepEqual(await strangers(person, '.words', ['MARK']), []);
  const addresses = await person.rows.evaluateAll((rows) => rows.map((row) => row.getAttribute('href')));
  assert.equal(addresses.length, sessions.length);
  for (const address of addresses) {
    await person.page.locator(`.row[href="${address}"]`).click();
    await person.page.waitForFunction(() => document.querySelectorAll('.message').length === 40 || document.querySelectorAll('.message').length === 2 * (document.querySelectorAll('.message.user').length));
    await person.page.locator('.message.assistant').last().waitFor();
    assert.deepEqual(await strangers(person, '.markdown', ALLOWED), [], address);
    assert.deepEqual(await badLinks(person), []);
    for (const link of await person.page.locator('.message .markdown *:not(a):not(button)').all().then((all) => all.slice(0, 5))) await link.hover({ force: true, timeout: 1_000 }).catch(() => {});
  }
  const audited = addresses.at(-1);
  await person.page.goto(`${world.server.url}${audited}/audit`);
  await person.page.getByText('events are as they were stored').waitFor();
  for (const details of await person.page.locator('details').all()) await details.locator('summary').click();
  await person.page.locator('.was .message').first().waitFor();
  assert.deepEqual(await strangers(person, '.was .markdown', []), []);
  assert.equal(await person.page.evaluate(() => window.__intruded), undefined);
  assert.deepEqual(await person.page.evaluate(() => window.__violations ?? []), []);
  assert.deepEqual(person.faults, []);
  await person.leave();
});

/** The elements inside of `within` that are not among `allowed`. */
function strangers(person, within, allowed) {
  return person.page.evaluate(
    ([within, allowed]) =>
      [...document.querySelectorAll(`${within} *`)].filter(({ tagName }) => !allowed.includes(tagName)).map(({ outerHTML }) => outerHTML),
    [within, allowed],
  );
}

/** Links that lead to anything but the web and mail, or that tell the other side where they were followed. */
function badLinks(person) {
  return person.page.evaluate(() =>
    [...document.querySelectorAll('.markdown a')]
      .filter(({ protocol, rel, target }) => !['http:', 'https:', 'mailto:'].includes(protocol) || !/noopener/.test(rel) || target !== '_blank')
      .map(({ outerHTML }) => outerHTML),
  );
}
