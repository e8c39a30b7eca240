// What a page does to the chat that runs on it, on purpose or not, and what the owner writes into the tag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWorld } from './harness/world.mjs';

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

async function isAnswered(visitor, question = 'Hello') {
  await visitor.ask(question);
  await visitor.questions.filter({ hasText: question }).waitFor();
  await visitor.answers
    .filter({ hasText: 'Good to see you.' })
    .last()
    .locator('time')
    .waitFor({ state: 'attached' });
}

const token = (visitor, name) =>
  visitor.dialog.evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), name);

for (const [name, context] of Object.entries({ wide: undefined, phone: PHONE })) {
  test(`the_field_can_be_hit_before_anything_was_typed_${name}`, async () => {
    const visitor = await world.visit({ context });
    await visitor.open();
    const { height } = await visitor.input.boundingBox();
    assert.ok(height >= 34, `the field is ${height} px high`);
    await visitor.leave();
  });
}

test('custom_properties_of_the_page_do_not_reach_the_chat', async () => {
  const head = '<style>* { --bg: red; --text: red; --edge: 300px; --accent: red; --on-accent: red }</style>';
  const visitor = await world.visit({ url: world.hosts.page({ head, body: world.scriptTag() }) });
  await visitor.open();
  for (const name of ['--bg', '--text', '--edge', '--accent', '--on-accent']) {
    assert.doesNotMatch(await token(visitor, name), /red|300px/, name);
  }
  await visitor.leave();
});

test('a_page_that_extends_the_prototypes_of_objects_has_its_chat', async () => {
  const visitor = await world.visit({
    prepare: (page) =>
      page.addInitScript(() => {
        Object.prototype['0 x'] = 1;
        Array.prototype.last = () => 0;
      }),
  });
  await visitor.open();
  await isAnswered(visitor);
  assert.deepEqual(visitor.errors, []);
  await visitor.leave();
});

test('a_page_that_clears_the_storage_does_not_end_the_conversation', async () => {
  const visitor = await world.visit();
  await visitor.open();
  await isAnswered(visitor, 'one');
  await visitor.page.evaluate(() => localStorage.clear());
  await isAnswered(visitor, 'two');
  await visitor.reload();
  await visitor.launcher.click();
  await visitor.questions.filter({ hasText: 'two' }).waitFor();
  assert.deepEqual(await visitor.questionTexts(), ['one', 'two']);
  await visitor.leave();
});

test('a_key_or_an_address_that_cannot_be_sent_is_named_in_the_console', async () => {
  for (const [data, words] of [
    [{ 'api-key': '\u201cchange-me\u201d' }, /Open Chat Widget: .*TypeError/],
    [{ 'api-url': 'http://' }, /Open Chat Widget: .*TypeError/],
  ]) {
    const visitor = await world.visit({ data });
    assert.equal(await visitor.page.locator('#os-chat-widget-root').count(), 0);
    assert.match(visitor.errors.join(), words);
    await visitor.leave();
  }
});

test('every_css_colour_is_taken_as_the_accent', async () => {
  for (const [accent, expected] of [
    ['oklch(0.6 0.2 30)', [222, 62, 45]],
    ['rgb(255 0 0 / 50%)', [255, 128, 128]],
    ['rebeccapurple', [102, 51, 153]],
    ['no colour', [14, 165, 233]],
  ]) {
    const visitor = await world.visit({ data: { 'accent-color': accent } });
    await visitor.open();
    const taken = await token(visitor, '--accent');
    const channels = taken.match(/\d+/g).slice(0, 3).map(Number);
    const near = channels.every((channel, index) => Math.abs(channel - expected[index]) <= 2);
    assert.ok(near, `${accent}: ${taken}, not ${expected}`);
    await visitor.leave();
  }
});

test('a_phone_is_not_covered_by_a_chat_left_open_on_the_page_before', async () => {
  const visitor = await world.visit({ context: PHONE });
  await visitor.open();
  await visitor.reload();
  await visitor.launcher.waitFor();
  assert.equal(await visitor.dialog.count(), 0);
  await visitor.leave();
});

test('a_sheet_is_modal_and_a_panel_is_not_also_when_the_window_changes', async () => {
  const visitor = await world.visit();
  await visitor.open();
  assert.equal(await visitor.dialog.getAttribute('aria-modal'), 'false');
  await visitor.page.setViewportSize({ width: 400, height: 740 });
  await visitor.page.waitForFunction(
    () =>
      document
        .querySelector('#os-chat-widget-root')
        .shadowRoot.querySelector('[role=dialog]')
        .getAttribute('aria-modal') === 'true',
  );
  await visitor.leave();
});
