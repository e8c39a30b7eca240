// What goes wrong while the chat is used: a network that is gone at the wrong moment, a page that takes the chat apart, a
// model that writes attacks. Nothing of it may become an error of the page, or be forgotten.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gate } from './harness/model.mjs';
import { startWorld } from './harness/world.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

const say = (...tokens) =>
  world.model.answer((reply) => {
    reply.tokens(...tokens);
    reply.finish();
  });

async function asked(question, options) {
  const visitor = await world.visit(options);
  await visitor.open();
  await visitor.ask(question);
  return visitor;
}

const whole = (visitor, at = 1) => visitor.answers.nth(at).locator('time').waitFor({ state: 'attached' });
const button = (visitor, name) => visitor.dialog.getByRole('button', { name, exact: true });
const uncaught = ({ errors }) => errors.filter((error) => error.startsWith('uncaught'));
/** Until all that is due in this frame and the next is done. */
const frames = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

test('a_rating_or_copy_that_fails_is_no_error_of_the_page', async () => {
  say('Rate me.');
  const visitor = await asked('Rating?');
  await whole(visitor);
  await visitor.page.route('**/rating', (route) => route.abort());
  await button(visitor, 'Good answer').click();
  await visitor.dialog.getByRole('status').getByText('Something went wrong.').waitFor();
  await visitor.page.evaluate(() => {
    navigator.clipboard.writeText = () => {
      window.tried = true;
      return Promise.reject(new Error('denied'));
    };
  });
  await button(visitor, 'Copy').click();
  await visitor.page.waitForFunction(() => window.tried);
  await frames(visitor.page);
  assert.deepEqual(uncaught(visitor), []);
  await visitor.leave();
});

test('a_rating_given_and_taken_back_at_once_is_none', async () => {
  say('Rate me twice.');
  const visitor = await asked('Twice?');
  await whole(visitor);
  const sent = [];
  await visitor.page.route('**/rating', async (route) => {
    sent.push(route.request().postDataJSON().rating);
    await route.continue();
  });
  await button(visitor, 'Good answer').evaluate((good) => {
    good.click();
    good.click();
  });
  for (let left = 100; sent.length < 2 && left > 0; left--) await visitor.page.waitForTimeout(50);
  assert.deepEqual(sent, ['up', null]);
  await visitor.leave();
});

test('the_seconds_of_a_limit_outlast_a_look_at_another_tab', async () => {
  const visitor = await world.visit();
  await visitor.open();
  await visitor.page.route('**/chat', (route) =>
    route.fulfill({
      status: 429,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'retry-after',
        'retry-after': '50',
      },
      body: '{}',
    }),
  );
  await visitor.ask('Too much');
  const note = visitor.log.locator('.note');
  await note.getByText('Too many messages.').waitFor();
  const history = visitor.page.waitForResponse((response) => /\/messages$/.test(response.url()));
  await visitor.page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
  await history;
  await frames(visitor.page);
  assert.match(await note.textContent(), /^Too many messages\.Retry \(\d+ s\)$/);
  await visitor.leave();
});

test('an_answer_stopped_while_offline_is_stopped_at_the_server_once_online', async () => {
  let cut = false;
  world.model.answer((reply) => {
    reply.response.on('close', () => {
      cut = !reply.response.writableFinished;
    });
    reply.tokens('An endless ', 'story');
  });
  const visitor = await asked('Tell me');
  await visitor.sees('An endless story');
  await visitor.page.context().setOffline(true);
  await button(visitor, 'Stop').click();
  await visitor.answers.nth(1).getByText('Stopped').waitFor();
  await visitor.page.context().setOffline(false);
  for (let left = 100; !cut && left > 0; left--) await visitor.page.waitForTimeout(100);
  assert.ok(cut, 'the model was not hung up on');
  await visitor.answers.nth(1).getByText('Stopped').waitFor();
  await visitor.leave();
});

test('a_history_that_is_none_changes_nothing', async () => {
  say('Kept.');
  const visitor = await asked('Who keeps this?');
  await whole(visitor);
  for (const [status, body] of [
    [403, '{}'],
    [404, '{}'],
    [429, '{}'],
    [503, ''],
    [200, '{}'],
    [200, '<html>'],
    [200, '{"messages":[null],"running":null}'],
  ]) {
    await visitor.page.unroute('**/messages');
    await visitor.page.route('**/messages', (route) =>
      route.fulfill({ status, headers: { 'access-control-allow-origin': '*' }, body }),
    );
    const history = visitor.page.waitForResponse((response) => /\/messages$/.test(response.url()));
    await visitor.reload();
    await history;
    await whole(visitor);
    assert.deepEqual(await visitor.questionTexts(), ['Who keeps this?'], `${status} ${body}`);
  }
  assert.deepEqual(uncaught(visitor), []);
  await visitor.leave();
});

test('a_page_that_replaces_its_body_leaves_the_reader_at_the_end', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('Words. '.repeat(500));
    await rest.opened;
    reply.finish();
  });
  const visitor = await asked('Long');
  await visitor.answers.nth(1).getByText('Words.').waitFor();
  const toEnd = () => visitor.log.evaluate((log) => log.scrollHeight - log.clientHeight - log.scrollTop);
  await visitor.page.evaluate(() => document.body.replaceWith(document.createElement('body')));
  await visitor.dialog.waitFor();
  for (let left = 40; (await toEnd()) > 1 && left > 0; left--) await frames(visitor.page);
  assert.ok((await toEnd()) <= 1);
  rest.open();
  await visitor.leave();
});

test('a_destroyed_chat_does_not_come_back_nor_take_another_with_it', async () => {
  const visitor = await world.visit();
  await visitor.launcher.waitFor();
  const chats = () => visitor.page.locator('#os-chat-widget-root').count();
  await visitor.page.evaluate(async () => {
    document.querySelector('#os-chat-widget-root').remove();
    await null;
    window.old = window.OpenChat;
    window.old.destroy();
  });
  await frames(visitor.page);
  assert.equal(await chats(), 0);
  await visitor.page.evaluate(() => {
    const tag = document.querySelector('script[src]');
    const again = Object.assign(document.createElement('script'), { src: tag.src });
    Object.assign(again.dataset, tag.dataset);
    document.head.append(again);
  });
  await visitor.launcher.waitFor();
  await visitor.page.evaluate(() => window.old.destroy());
  assert.deepEqual([await chats(), await visitor.page.evaluate(() => typeof window.OpenChat)], [1, 'object']);
  await visitor.leave();
});

test('an_element_of_the_widgets_name_does_not_keep_it_away', async () => {
  const visitor = await world.visit({
    url: world.hosts.page({ body: `<a id="OpenChat">Chat</a>${world.scriptTag()}` }),
  });
  await visitor.launcher.waitFor();
  await visitor.leave();
});

const ADDRESSES = [
  ...['javascript:x()', 'JaVaScRiPt:x()', 'java\tscript:x()', '\u0001javascript:x()', '&#106;avascript:x()'],
  ...['javascript&colon;x()', 'data:text/html,<script>x()</script>', 'vbscript:x()', 'file:///etc/passwd'],
  ...['//evil.example', '/\\evil', 'http:evil', 'https:/evil', 'blob:x', 'filesystem:x', 'intent://x'],
  ...['https://"onmouseover="x()', 'https://x" onclick="x()', 'https://x\u0000y', 'https://x\u202ey'],
];
const TAGS = [
  '<script>x()</script>',
  '<img src=x onerror=x()>',
  '<svg/onload=x()>',
  '<style>*{display:none}</style>',
  '</div></article><h1>out</h1>',
  '<a href=javascript:x()>x</a>',
  '<iframe srcdoc="<script>parent.x()</script>">',
  '&lt;script&gt;x()&lt;/script&gt;',
];
const SIZES = [
  ...[
    'W',
    '\u202e\u202d',
    '\u2066',
    'a\u0300',
    '\u200b',
    '👨‍👩‍👧',
    '﷽',
    '> ',
    '- ',
    '1. ',
    '*',
    '*a ',
    '| a ',
    '[x](',
  ],
].map((scrap) => scrap.repeat(700));
const ATTACKS = [
  ...ADDRESSES.flatMap((to) => [`[x](${to})`, `<${to}>`, to, `![i](${to})`, `[x](${to} "t")`]),
  ...TAGS.flatMap((tag) => [
    tag,
    `\`${tag}\``,
    `\`\`\`${tag}\n${tag}\n\`\`\``,
    `| ${tag} |\n|--|\n| ${tag} |`,
  ]),
  ...TAGS.flatMap((tag) => [`> ${tag}`, `- ${tag}`, `# ${tag}`, `[${tag}](https://x.example)`]),
  ...SIZES.flatMap((size) => [size, `\`\`\`${size}\n${size}\n\`\`\``, `# ${size}`, `| ${size} |`]),
];

test('attacks_in_an_answer_are_words_and_stay_in_their_place', async () => {
  const text = ATTACKS.join('\n\n');
  say(...text.match(/[\s\S]{1,7}/gu));
  const visitor = await asked('Attack!', { context: { viewport: { width: 320, height: 600 } } });
  await visitor.page.evaluate(() => {
    window.x = () => {
      window.attacked = true;
    };
  });
  await whole(visitor);
  const seen = await visitor.log.evaluate((log) => {
    const all = [...log.querySelectorAll('*')];
    const names = all.flatMap((one) => one.getAttributeNames().map((name) => `${one.localName} ${name}`));
    return {
      tags: [...new Set(all.map(({ localName }) => localName))],
      handlers: names.filter((name) => / (on|src|style|id$)/.test(name)),
      schemes: [...new Set([...log.querySelectorAll('a')].map(({ protocol }) => protocol))],
      attacked: window.attacked ?? false,
      wider: log.scrollWidth - log.clientWidth,
      pageWider: document.documentElement.scrollWidth - window.innerWidth,
    };
  });
  const known =
    'article div p h3 ul ol li blockquote hr table thead tbody tr th td pre code em strong del a button svg path time';
  assert.deepEqual(
    seen.tags.filter((tag) => !known.split(' ').includes(tag)),
    [],
  );
  assert.deepEqual(
    seen.schemes.filter((scheme) => !/^(https?|mailto)?:$/.test(scheme)),
    [],
  );
  assert.deepEqual([seen.handlers, seen.attacked, seen.wider, seen.pageWider], [[], false, 0, 0]);
  assert.ok(await visitor.input.isVisible());
  assert.deepEqual(uncaught(visitor), []);
  await visitor.leave();
});
