// Every kind of website: strict policies, blocked storage, odd script tags, hostile style sheets, phones.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWorld } from './harness/world.mjs';

// Without motion, so that what is measured has arrived.
const PHONE = {
  viewport: { width: 360, height: 740 },
  hasTouch: true,
  isMobile: true,
  reducedMotion: 'reduce',
};
let world;
before(async () => {
  world = await startWorld();
  world.model.answer((reply) => {
    reply.tokens('Good to ', 'see you.');
    reply.finish();
  });
});
after(() => world?.stop());

async function isAnswered(visitor) {
  await visitor.open();
  await visitor.ask('Hello');
  await visitor.seesWholeAnswer('Good to see you.');
}

/** A computed style of what a locator finds. */
function style(locator, property) {
  return locator.evaluate((element, name) => getComputedStyle(element)[name], property);
}

const chats = (visitor) => visitor.page.locator('#os-chat-widget-root').count();

test('a_blocked_local_storage_does_not_stop_the_chat', async () => {
  const visitor = await world.visit({
    prepare: (page) =>
      page.addInitScript(() => {
        Object.defineProperty(window, 'localStorage', {
          get() {
            throw new DOMException('Access is denied for this document.', 'SecurityError');
          },
        });
      }),
  });
  await isAnswered(visitor);
  await visitor.ask('Hello again');
  await visitor.answers
    .filter({ hasText: 'Good to see you.' })
    .nth(1)
    .locator('time')
    .waitFor({ state: 'attached' });
  const mine = (await world.server.conversations()).filter(({ messages }) =>
    messages.some(({ content }) => content === 'Hello again'),
  );
  assert.equal(mine.length, 1);
  assert.equal(mine[0].messages.length, 4);
  assert.deepEqual(visitor.errors, []);
  await visitor.leave();
});

test('a_page_without_https_has_no_random_uuid_and_chats_all_the_same', async () => {
  const visitor = await world.visit({
    prepare: (page) =>
      page.addInitScript(() => Object.defineProperty(Crypto.prototype, 'randomUUID', { value: undefined })),
  });
  await isAnswered(visitor);
  const session = await visitor.page.evaluate(() => localStorage.getItem('os-chatbot-session-id'));
  assert.match(session, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  await visitor.leave();
});

test('a_strict_content_security_policy_needs_only_the_servers_address', async () => {
  const policy = [
    "default-src 'none'",
    `script-src ${world.server.url}`,
    `connect-src ${world.server.url}`,
    "style-src 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
  const url = world.hosts.page({
    body: world.scriptTag(),
    headers: { 'content-security-policy': policy },
  });
  const visitor = await world.visit({ url });
  assert.equal(await style(visitor.launcher, 'width'), '56px');
  await isAnswered(visitor);
  assert.equal(await style(visitor.dialog, 'position'), 'fixed');
  assert.deepEqual(visitor.errors, []);
  await visitor.leave();
});

test('a_missing_attribute_is_named_in_the_console', async () => {
  const visitor = await world.visit({ data: { 'api-key': null } });
  assert.equal(await chats(visitor), 0);
  assert.match(visitor.errors.join(), /Open Chat Widget: data-api-url and data-api-key are required/);
  const bare = await world.visit({ data: { 'api-key': null, 'api-url': '' } });
  assert.match(bare.errors.join(), /data-api-url and data-api-key are required/);
  await visitor.leave();
  await bare.leave();
});

test('two_script_tags_make_one_chat', async () => {
  const visitor = await world.visit({
    url: world.hosts.page({ body: world.scriptTag() + world.scriptTag({}, '') }),
  });
  assert.equal(await chats(visitor), 1);
  await isAnswered(visitor);
  await visitor.leave();
});

test('a_script_in_the_head_waits_for_the_body', async () => {
  const visitor = await world.visit({
    url: world.hosts.page({ head: world.scriptTag({}, '') + world.scriptTag({}, ''), body: '<p>Shop</p>' }),
  });
  assert.equal(await chats(visitor), 1);
  await isAnswered(visitor);
  assert.deepEqual(visitor.errors, []);
  await visitor.leave();
});

test('a_script_put_in_after_loading_works', async () => {
  const visitor = await world.visit({ url: world.hosts.page({ body: '<p>Shop</p>' }) });
  await visitor.page.evaluate((html) => {
    const written = new DOMParser().parseFromString(html, 'text/html').querySelector('script');
    const script = document.createElement('script');
    for (const { name, value } of written.attributes) script.setAttribute(name, value);
    document.head.append(script);
  }, world.scriptTag());
  await isAnswered(visitor);
  await visitor.leave();
});

test('a_module_on_the_websites_own_server_finds_its_tag', async () => {
  const bundle = await fetch(`${world.server.url}/widget/chat-widget.js`);
  const code = await bundle.text();
  const tag = world.scriptTag({}, 'type="module"').replace(/src="[^"]+"/, 'src="/assets/chat-widget.js?v=1"');
  const visitor = await world.visit({
    url: world.hosts.page({ body: tag }),
    prepare: (page) =>
      page.route('**/assets/chat-widget.js?v=1', (route) =>
        route.fulfill({ contentType: 'application/javascript', body: code }),
      ),
  });
  await isAnswered(visitor);
  await visitor.leave();
});

test('the_attributes_say_what_the_chat_is_called_and_where_it_stands', async () => {
  const data = {
    title: 'Support',
    'welcome-message': 'Hey! How can I help?',
    'input-placeholder': 'Type your question...',
    position: 'left',
  };
  const visitor = await world.visit({ data });
  const host = visitor.page.locator('#os-chat-widget-root');
  assert.equal(await host.getAttribute('data-open'), 'false');
  assert.equal(await host.getAttribute('data-position'), 'left');
  assert.ok((await visitor.launcher.boundingBox()).x < 100);
  await visitor.open();
  assert.equal(await host.getAttribute('data-open'), 'true');
  await visitor.sees('Hey! How can I help?');
  await visitor.dialog.getByPlaceholder('Type your question...').waitFor();
  await visitor.dialog.getByRole('heading', { name: 'Support' }).waitFor();
  await visitor.leave();
});

test('the_page_cannot_restyle_the_chat', async () => {
  const head = `<style>
    div, section, button, #os-chat-widget-root { display: none; position: static; transform: scale(3);
      font: 40px serif; color: red; margin: 50px; filter: blur(9px); } * { box-shadow: 0 0 9px red }
  </style>`;
  const visitor = await world.visit({ url: world.hosts.page({ head, body: world.scriptTag() }) });
  assert.equal(await style(visitor.launcher, 'width'), '56px');
  await isAnswered(visitor);
  assert.equal(await style(visitor.dialog, 'fontSize'), '15px');
  assert.equal(await style(visitor.page.locator('#os-chat-widget-root'), 'filter'), 'none');
  await visitor.leave();
});

test('the_chat_takes_no_focus_on_loading_and_none_when_an_answer_ends', async () => {
  const body = `<input aria-label="Search" autofocus>${world.scriptTag()}`;
  const visitor = await world.visit({ url: world.hosts.page({ body }) });
  const search = visitor.page.getByRole('textbox', { name: 'Search' });
  const searchHasFocus = () => search.evaluate((element) => element === document.activeElement);
  assert.ok(await searchHasFocus());

  await visitor.open();
  await visitor.input.fill('Hello');
  await visitor.input.press('Enter');
  await search.focus();
  await visitor.seesWholeAnswer('Good to see you.');
  assert.ok(await searchHasFocus());

  await visitor.reload();
  await visitor.seesWholeAnswer('Good to see you.');
  assert.ok(await searchHasFocus());
  await visitor.leave();
});

test('a_closed_chat_on_a_phone_covers_nothing_but_its_button', async () => {
  const visitor = await world.visit({ context: PHONE });
  await visitor.launcher.waitFor();
  const covered = await visitor.page.evaluate(() => {
    const points = [];
    for (let x = 2; x < innerWidth; x += 4) {
      for (let y = 2; y < innerHeight; y += 4) {
        if (document.elementFromPoint(x, y)?.id === 'os-chat-widget-root') points.push({ x, y });
      }
    }
    return points;
  });
  const button = await visitor.launcher.boundingBox();
  assert.equal(button.width, 56);
  assert.ok(covered.length > 100);
  for (const { x, y } of covered) {
    assert.ok(
      x >= button.x && x <= button.x + button.width && y >= button.y && y <= button.y + button.height,
    );
  }
  await visitor.leave();
});

test('an_open_chat_on_a_phone_is_a_whole_sheet_with_a_way_back', async () => {
  const visitor = await world.visit({ context: PHONE });
  await isAnswered(visitor);
  const { x, y, width, height } = await visitor.dialog.boundingBox();
  assert.deepEqual({ x, y, width, height }, { x: 0, y: 0, width: 360, height: 740 });
  assert.equal(await style(visitor.input, 'fontSize'), '16px');
  await visitor.page.getByRole('button', { name: 'Close chat' }).click();
  await visitor.dialog.waitFor({ state: 'hidden' });
  await visitor.launcher.waitFor();
  await visitor.leave();
});

test('a_phones_keyboard_leaves_the_sheet_its_place_above', async () => {
  const visitor = await world.visit({
    context: PHONE,
    prepare: (page) =>
      page.addInitScript(() => {
        const viewport = Object.assign(new EventTarget(), { scale: 1, offsetTop: 20, height: 400 });
        Object.defineProperty(window, 'visualViewport', { value: viewport });
      }),
  });
  await visitor.open();
  await visitor.page.evaluate(() => window.visualViewport.dispatchEvent(new Event('resize')));
  const { y, height } = await visitor.dialog.boundingBox();
  assert.deepEqual({ y, height }, { y: 20, height: 400 });
  await visitor.leave();
});

test('a_dark_page_gets_a_dark_chat', async () => {
  const grounds = [];
  for (const colorScheme of ['light', 'dark']) {
    const visitor = await world.visit({ context: { colorScheme } });
    await visitor.open();
    grounds.push([await style(visitor.dialog, 'backgroundColor'), await style(visitor.dialog, 'color')]);
    await visitor.leave();
  }
  assert.deepEqual(grounds, [
    ['rgb(255, 255, 255)', 'rgb(22, 25, 31)'],
    ['rgb(20, 23, 28)', 'rgb(236, 239, 244)'],
  ]);
});

test('text_reads_on_any_accent_and_what_is_no_colour_is_the_default', async () => {
  const seen = [];
  for (const accent of ['#fde047', 'rebeccapurple', 'hsl(0 100% 20%)', 'url(x)', 'transparent']) {
    const visitor = await world.visit({ data: { 'accent-color': accent } });
    seen.push([await style(visitor.launcher, 'backgroundColor'), await style(visitor.launcher, 'color')]);
    await visitor.leave();
  }
  assert.deepEqual(seen, [
    ['rgb(253, 224, 71)', 'rgb(0, 0, 0)'],
    ['rgb(102, 51, 153)', 'rgb(255, 255, 255)'],
    ['rgb(102, 0, 0)', 'rgb(255, 255, 255)'],
    ['rgb(14, 165, 233)', 'rgb(0, 0, 0)'],
    ['rgb(255, 255, 255)', 'rgb(0, 0, 0)'],
  ]);
});

test('the_demo_page_of_the_server_chats', async () => {
  const visitor = await world.visit({ url: `${world.server.url}/demo` });
  await visitor.page.getByRole('button', { name: 'Open chat' }).click();
  const dialog = visitor.page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('Hello');
  await dialog.getByRole('textbox').press('Enter');
  await dialog.getByRole('article').getByText('Good to see you.', { exact: true }).waitFor();
  assert.deepEqual(visitor.errors, []);
  await visitor.leave();
});
