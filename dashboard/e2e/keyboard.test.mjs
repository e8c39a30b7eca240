// Whether hands that stay on the keyboard, and ears instead of eyes, get along.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, startWorld } from './harness.mjs';

let world;
before(async () => {
  world = await startWorld();
  world.says('Certainly.');
  for (const name of ['one', 'two', 'three']) await world.say(name, `Hello from ${name}`);
});
after(() => world?.stop());

/** The address of the row that has the focus, once one has. */
const focused = (page) =>
  page.waitForFunction(() => document.activeElement.closest('.row')?.getAttribute('href')).then((row) => row.jsonValue());
const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);

/** Waits until what is found has the focus. */
const takesFocus = async (locator) => {
  await locator.waitFor();
  await locator.page().waitForFunction((element) => element === document.activeElement, await locator.elementHandle());
};

test('j_and_k_take_the_focus_along_and_stop_at_both_ends', async () => {
  const person = await world.operator();
  await person.rows.nth(2).waitFor();
  const rows = await person.rows.evaluateAll((all) => all.map((row) => row.getAttribute('href')));
  for (const [key, at] of [['k', 0], ['j', 1], ['j', 2], ['j', 2], ['k', 1]]) {
    await person.page.keyboard.press(key);
    await person.page.waitForFunction((row) => document.activeElement.getAttribute('href') === row, rows[at]);
  }
  await person.page.keyboard.press('Enter');
  await person.page.waitForURL(new RegExp(rows[1]));
  await takesFocus(person.page.getByRole('log', { name: /^Conversation with / }));
  await person.page.keyboard.press('j');
  await person.page.keyboard.press('Enter');
  await person.page.waitForURL(new RegExp(rows[2]));
  await person.page.keyboard.press('Escape');
  await person.page.waitForURL(/\/dashboard\/$/);
  assert.equal(await focused(person.page), rows[2]);
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('on_a_phone_the_way_back_leads_to_the_row_one_came_from', async () => {
  const person = await world.operator('/dashboard/', PHONE);
  const row = person.rows.nth(1);
  const address = await row.getAttribute('href');
  await row.press('Enter');
  await takesFocus(person.page.getByRole('log'));
  await person.page.getByRole('link', { name: 'Back to the list' }).press('Enter');
  assert.equal(await focused(person.page), address);
  await person.leave();
});

test('a_row_that_changes_and_moves_keeps_the_focus', async () => {
  const person = await world.operator();
  await person.rows.nth(2).waitFor();
  for (let press = 0; press < 3; press++) await person.page.keyboard.press('j');
  const address = await person.rows.nth(2).getAttribute('href');
  await person.page.waitForFunction((row) => document.activeElement.getAttribute('href') === row, address);
  const [{ conversation }] = (await world.server.conversations()).filter(({ conversation }) => address.endsWith(conversation._id));
  await world.say(conversation.sessionId, 'Are you still there?');
  await person.page.waitForFunction((row) => document.querySelector('.row').getAttribute('href') === row, address);
  assert.equal(await focused(person.page), address);
  await person.leave();
});

test('every_page_has_a_title_and_whoever_goes_there_is_there_with_the_keyboard', async () => {
  const person = await world.stranger();
  assert.equal(await person.page.title(), 'Sign in · Open Chat');
  assert.ok(await hasFocus(person.password), 'the one field is ready to be filled');
  await person.signIn();
  await person.page.waitForFunction(() => document.title === 'Inbox · Open Chat');
  for (const [key, name] of [['o', 'Overview'], ['a', 'Audit'], ['n', 'Install'], ['s', 'System'], ['i', 'Inbox']]) {
    await person.page.keyboard.press('g');
    await person.page.keyboard.press(key);
    await person.page.waitForFunction((title) => document.title === title, `${name} · Open Chat`);
    await takesFocus(person.page.getByRole('main', { name: `${name} · Open Chat` }));
  }
  await person.rows.first().click();
  await person.page.waitForFunction(() => /^\w+ \w+ \w\w · Open Chat$/.test(document.title));
  await person.leave();
});

test('a_dialog_keeps_the_focus_and_gives_it_back', async () => {
  const person = await world.operator();
  await person.rows.first().click();
  const erase = person.page.getByRole('button', { name: 'Erase', exact: true });
  await erase.press('Enter');
  const dialog = person.page.getByRole('dialog', { name: 'Erase this conversation?' });
  await takesFocus(dialog.getByRole('button', { name: 'Keep it' }));
  for (let press = 0; press < 4; press++) {
    await person.page.keyboard.press('Tab');
    assert.ok(await person.page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null));
  }
  await person.page.keyboard.press('j');
  await person.page.keyboard.press('Escape');
  await takesFocus(erase);
  await person.leave();
});

test('what_was_found_is_said_aloud_and_what_merely_comes_is_not', async () => {
  const person = await world.operator();
  const count = person.page.locator('.count');
  await count.filter({ hasText: 'conversations' }).waitFor();
  assert.equal(await count.getAttribute('aria-live'), 'off');
  await person.search.fill('three');
  await count.filter({ hasText: '1 conversation' }).waitFor();
  assert.equal(await count.getAttribute('aria-live'), 'polite');
  await person.leave();
});

test('where_the_system_chooses_the_colours_the_selected_row_can_be_told', async () => {
  const person = await world.operator('/dashboard/', { viewport: { width: 1440, height: 900 }, forcedColors: 'active' });
  await person.rows.nth(2).waitFor();
  await person.page.keyboard.press('j');
  await person.page.locator('.row.selected').waitFor();
  const lines = await person.rows.evaluateAll((rows) => rows.map((row) => getComputedStyle(row).borderLeftColor));
  assert.equal(new Set(lines.slice(1)).size, 1);
  assert.notEqual(lines[0], lines[1]);
  const [system, here] = await Promise.all(
    ['System', 'Inbox'].map((name) => person.page.getByRole('link', { name }).evaluate((link) => getComputedStyle(link).outlineStyle)),
  );
  assert.deepEqual([system, here], ['none', 'solid']);
  await person.leave();
});
