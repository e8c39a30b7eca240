// What the site's owner can choose: language, texts, theme, place; and what their scripts can do.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { WIDGET_KEY } from './harness/binary.mjs';
import { startWorld } from './harness/world.mjs';

let world;
before(async () => {
  world = await startWorld();
  world.model.answer((reply) => {
    reply.tokens('Good to ', 'see you.');
    reply.finish();
  });
});
after(() => world?.stop());

const style = (locator, property) =>
  locator.evaluate((element, name) => getComputedStyle(element)[name], property);
const host = (visitor) => visitor.page.locator('#os-chat-widget-root');

test('the_language_is_that_of_the_tag_the_page_or_the_browser', async () => {
  const page = (lang, data) =>
    world.hosts.page({ body: `<div${lang ? ` lang="${lang}"` : ''}>${world.scriptTag(data)}</div>` });
  for (const [url, locale, name] of [
    [page('fr-CA', { lang: 'de' }), 'es-ES', 'Chat öffnen'],
    [page('fr-CA', {}), 'es-ES', 'Ouvrir le chat'],
    [page('nl', {}), 'ja-JP', 'チャットを開く'],
    [page('nl', {}), 'nl-NL', 'Open chat'],
    [page('', { lang: 'pt' }), 'en-GB', 'Abrir o chat'],
  ]) {
    const visitor = await world.visit({ url, context: { locale } });
    await visitor.page.getByRole('button', { name, exact: true }).waitFor();
    await visitor.leave();
  }
});

test('every_text_can_be_replaced', async () => {
  const visitor = await world.visit({
    data: { lang: 'de', 'text-send': 'Los!', 'text-new': 'Noch mal', title: 'Laden' },
  });
  await visitor.page.getByRole('button', { name: 'Chat öffnen' }).click();
  for (const name of ['Los!', 'Noch mal']) await visitor.dialog.getByRole('button', { name }).waitFor();
  await visitor.dialog.getByText('Hallo! Wie kann ich helfen?').waitFor();
  await visitor.leave();
});

test('arabic_runs_from_the_right', async () => {
  const visitor = await world.visit({ data: { lang: 'ar', title: 'A' } });
  await visitor.page.getByRole('button', { name: 'فتح الدردشة' }).click();
  await visitor.ask('مرحبا');
  await visitor.log.getByText('Good to see you.').waitFor();
  const log = await visitor.log.boundingBox();
  const question = await visitor.dialog.getByRole('article', { name: 'أنت' }).boundingBox();
  const send = await visitor.dialog.getByRole('button', { name: 'إرسال' }).boundingBox();
  assert.ok(question.x - log.x < 40, 'own words stand at the end of the line, which is at the left');
  assert.ok(send.x - log.x < 40);
  await visitor.leave();
});

test('an_explicit_theme_wins_over_the_systems', async () => {
  for (const [theme, colorScheme, ground] of [
    ['dark', 'light', 'rgb(20, 23, 28)'],
    ['light', 'dark', 'rgb(255, 255, 255)'],
    ['auto', 'dark', 'rgb(20, 23, 28)'],
  ]) {
    const visitor = await world.visit({ data: { theme }, context: { colorScheme } });
    await visitor.open();
    assert.equal(await style(visitor.dialog, 'backgroundColor'), ground, theme);
    await visitor.leave();
  }
});

test('custom_properties_that_are_meant_for_the_chat_reach_it', async () => {
  const head = `<style>#os-chat-widget-root { --chat-bg: rgb(1, 2, 3); --chat-text: rgb(250, 251, 252);
    --chat-accent: #fde047; --chat-radius: 3px; --chat-font: monospace }</style>`;
  const visitor = await world.visit({ url: world.hosts.page({ head, body: world.scriptTag() }) });
  await visitor.open();
  assert.equal(await style(visitor.dialog, 'backgroundColor'), 'rgb(1, 2, 3)');
  assert.equal(await style(visitor.dialog, 'color'), 'rgb(250, 251, 252)');
  assert.equal(await style(visitor.dialog, 'borderRadius'), '3px');
  assert.equal(await style(visitor.dialog, 'fontFamily'), 'monospace');
  const launcher = visitor.page.getByRole('button', { name: 'Close chat' });
  assert.equal(await style(launcher, 'backgroundColor'), 'rgb(253, 224, 71)');
  assert.equal(await style(launcher, 'color'), 'rgb(0, 0, 0)');
  await visitor.leave();
});

test('a_chat_that_is_to_be_open_is_open_until_the_visitor_closes_it', async () => {
  const visitor = await world.visit({ data: { open: 'true' } });
  await visitor.dialog.waitFor();
  await visitor.page.getByRole('button', { name: 'Close chat' }).click();
  await visitor.reload();
  await visitor.launcher.waitFor();
  assert.equal(await visitor.dialog.count(), 0);
  await visitor.leave();
  const phone = await world.visit({
    data: { open: 'true' },
    context: { viewport: { width: 360, height: 740 } },
  });
  await phone.launcher.waitFor();
  assert.equal(await phone.dialog.count(), 0);
  await phone.leave();
});

test('a_chat_in_an_element_fills_it_and_has_no_button', async () => {
  const body = `<div id="here" style="width: 500px; height: 400px; margin: 50px"></div>`;
  const url = world.hosts.page({ body: body + world.scriptTag({ target: '#here' }) });
  // Without motion, so that what is measured has arrived.
  const visitor = await world.visit({ url, context: { reducedMotion: 'reduce' } });
  const panel = visitor.page.getByRole('region', { name: 'Assistant' });
  const { x, y, width, height } = await panel.boundingBox();
  assert.deepEqual({ x, y, width, height }, { x: 58, y: 50, width: 500, height: 400 });
  assert.equal(await visitor.page.getByRole('button', { name: /(Open|Close) chat/ }).count(), 0);
  const input = panel.getByRole('textbox');
  await input.fill('Hello');
  await input.press('Enter');
  await panel.getByText('Good to see you.', { exact: true }).first().waitFor();
  await input.press('Escape');
  assert.ok(await panel.isVisible());
  await visitor.leave();
});

test('a_chat_in_an_element_waits_for_it_and_follows_it', async () => {
  const visitor = await world.visit({ data: { target: '#later' } });
  const put = () =>
    visitor.page.evaluate(() => {
      document.querySelector('#later')?.remove();
      const place = document.createElement('div');
      place.id = 'later';
      document.querySelector('body').append(place);
    });
  const panel = visitor.page.getByRole('region', { name: 'Assistant' });
  assert.equal(await panel.count(), 0);
  await put();
  await panel.waitFor();
  await put();
  await panel.waitFor();
  await visitor.leave();
});

test('a_page_that_replaces_its_body_keeps_the_chat_and_its_conversation', async () => {
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('Still there?');
  await visitor.seesWholeAnswer('Good to see you.');
  for (const replace of [
    () => document.body.replaceWith(document.createElement('body')),
    () => {
      document.body.innerHTML = '<h1>Another page</h1>';
    },
    () => document.body.replaceChildren(),
  ]) {
    await visitor.page.evaluate(replace);
    await visitor.dialog.waitFor();
    assert.deepEqual(await visitor.questionTexts(), ['Still there?']);
  }
  await visitor.input.fill('Hello again');
  await visitor.input.press('Enter');
  await visitor.questions.nth(1).waitFor();
  await visitor.leave();
});

test('the_pages_scripts_open_send_listen_and_close', async () => {
  const visitor = await world.visit();
  await visitor.page.evaluate(() => {
    window.heard = [];
    for (const name of ['open', 'close', 'message', 'answer', 'error']) {
      window.OpenChat.on(name, ({ type, detail }) => window.heard.push([type, detail?.text ?? null]));
    }
    window.OpenChat.on('answer', () => {
      throw new Error('of the page');
    });
  });
  const api = (call) => visitor.page.evaluate(call);
  assert.equal(await api(() => window.OpenChat.isOpen), false);
  await api(() => window.OpenChat.open());
  await visitor.dialog.waitFor();
  assert.equal(await api(() => window.OpenChat.send('  ')), false);
  assert.equal(await api(() => window.OpenChat.send('x'.repeat(4001))), false);
  assert.equal(await api(() => window.OpenChat.send(' From a script ')), true);
  await visitor.seesWholeAnswer('Good to see you.');
  assert.deepEqual(await visitor.questionTexts(), ['From a script']);
  await api(() => window.OpenChat.newConversation());
  await visitor.questions.waitFor({ state: 'detached' });
  await api(() => window.OpenChat.close());
  await visitor.dialog.waitFor({ state: 'hidden' });
  assert.deepEqual(await api(() => window.heard), [
    ['open', null],
    ['message', 'From a script'],
    ['answer', 'Good to see you.'],
    ['close', null],
  ]);
  await visitor.leave();
});

test('a_listener_that_was_taken_off_hears_nothing', async () => {
  const visitor = await world.visit();
  const heard = await visitor.page.evaluate(() => {
    let times = 0;
    const listener = () => times++;
    window.OpenChat.on('open', listener);
    window.OpenChat.open();
    window.OpenChat.off('open', listener);
    window.OpenChat.close();
    window.OpenChat.open();
    return times;
  });
  assert.equal(heard, 1);
  await visitor.leave();
});

test('a_destroyed_chat_leaves_nothing_and_may_be_loaded_again', async () => {
  const visitor = await world.visit();
  const globals = () => visitor.page.evaluate(() => Object.keys(window).filter((name) => /chat/i.test(name)));
  assert.deepEqual(await globals(), ['OpenChat']);
  await visitor.page.evaluate(() => window.OpenChat.destroy());
  assert.equal(await host(visitor).count(), 0);
  assert.deepEqual(await globals(), []);
  await visitor.page.evaluate(() => {
    const old = document.querySelector('script[data-api-url]');
    const script = document.createElement('script');
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    old.replaceWith(script);
  });
  await visitor.launcher.waitFor();
  assert.equal(await host(visitor).count(), 1);
  await visitor.leave();
});

test('going_back_to_a_page_brings_its_chat_back', async () => {
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('Before');
  await visitor.seesWholeAnswer('Good to see you.');
  await visitor.page.goto(world.hosts.page({ body: '<p>Elsewhere</p>' }));
  await visitor.page.goBack();
  await visitor.seesWholeAnswer('Good to see you.');
  assert.equal(await host(visitor).count(), 1);
  await visitor.leave();
});

test('the_client_module_talks_from_a_page_of_ones_own', async () => {
  const code = await readFile(new URL('../dist/chat-client.js', import.meta.url), 'utf8');
  const visitor = await world.visit({
    url: world.hosts.page({ body: '<p>Own front end</p>' }),
    prepare: (page) =>
      page.route('**/chat-client.js', (route) =>
        route.fulfill({ contentType: 'application/javascript', body: code }),
      ),
  });
  const result = await visitor.page.evaluate(
    async ([apiUrl, apiKey]) => {
      const { createChatClient } = await import('/chat-client.js');
      const client = createChatClient({ apiUrl, apiKey });
      const answer = client.send('From my own page');
      let added = '';
      let last;
      for await (const step of answer) {
        added += step.added;
        last = step;
      }
      await client.rate(answer.messageId, 'down');
      const { messages, running } = await client.history();
      const again = [];
      for await (const { text } of client.attach(answer.messageId, 'From my own page')) again.push(text);
      return {
        added,
        last,
        running,
        again: again.pop(),
        said: messages.map(({ role, content, rating }) => [role, content, rating ?? null]),
      };
    },
    [`${world.server.url}/chat`, WIDGET_KEY],
  );
  assert.deepEqual(result, {
    added: 'Good to see you.',
    last: { text: 'Good to see you.', added: '', done: true, stopped: false },
    running: null,
    again: 'Good to see you.',
    said: [
      ['user', 'From my own page', null],
      ['assistant', 'Good to see you.', 'down'],
    ],
  });
  await visitor.leave();
});
