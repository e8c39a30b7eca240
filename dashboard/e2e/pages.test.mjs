// The pages beside the inbox.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, startWorld } from './harness.mjs';

let world;
before(async () => {
  world = await startWorld();
  world.says('One answer.');
  await world.say('audited', 'First question');
  await world.say('audited', 'Second question');
});
after(() => world?.stop());

test('audit_shows_the_chain_and_the_thread_as_it_was_at_any_event', async () => {
  const person = await world.operator();
  await person.rows.first().click();
  await person.page.getByRole('link', { name: 'Audit its events' }).click();
  await person.page.getByText('All 4 events are as they were stored').waitFor();
  const was = person.page.locator('.was .message');
  await was.nth(3).waitFor();
  const slider = person.page.getByRole('slider');
  await slider.focus();
  for (let left = 3; left > 0; left--) await slider.press('ArrowLeft');
  await person.page.getByText('After event 1', { exact: true }).waitFor();
  await person.page.waitForFunction(() => document.querySelectorAll('.was .message').length === 1);
  assert.match(await was.textContent(), /First question/);
  assert.match(await slider.getAttribute('aria-valuetext'), /Event 1: The visitor wrote/);
  const bytes = person.page.locator('details').first();
  await bytes.locator('summary').click();
  await bytes.getByText('"messageId"').waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('audit_follows_the_conversation', async () => {
  await world.say('followed', 'First question');
  const person = await world.operator();
  await person.rows.first().click();
  await person.page.getByRole('link', { name: 'Audit its events' }).click();
  await person.page.getByText('All 2 events').waitFor();
  await world.say('followed', 'Second question');
  await person.page.getByText('All 4 events').waitFor();
  await person.leave();
});

test('what_operators_did_is_listed', async () => {
  const person = await world.operator('/dashboard/audit');
  await person.page.locator('.acts li').filter({ hasText: 'Somebody signed in' }).first().waitFor();
  await person.page.getByLabel('Open a conversation’s events').fill('nonsense');
  await person.page.getByRole('button', { name: 'Open', exact: true }).click();
  await person.page.getByText('That is not the id of a conversation.').waitFor();
  await person.leave();
});

test('the_script_tag_and_its_preview_follow_the_form', async () => {
  const person = await world.operator('/dashboard/install');
  await person.page.getByLabel('Title').fill('Ask "us" & them');
  await person.page.getByLabel('At the left').check();
  const tag = person.page.locator('.tag code');
  await tag.filter({ hasText: 'data-position="left"' }).waitFor();
  assert.match(await tag.textContent(), /data-title="Ask &quot;us&quot; &amp; them"/);
  await person.page.getByRole('button', { name: 'Copy the tag' }).click();
  await person.page.getByText('Copied').waitFor();
  assert.equal(await person.page.evaluate(() => navigator.clipboard.readText()), await tag.textContent());
  const preview = person.page.frameLocator('iframe[src*="position=left"]');
  await preview.getByText('Ask "us" & them').first().waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('the_system_is_told_without_secrets', async () => {
  const person = await world.operator('/dashboard/system');
  await person.page.getByText('available · embedded').waitFor();
  const text = await person.page.locator('main').textContent();
  assert.match(text, /DASHBOARD_PASSWORD\(set\)/);
  assert.ok(!text.includes('test-key') && !text.includes('change-me-admin'), text);
  await person.leave();
});

test('a_chosen_appearance_outlives_a_reload', async () => {
  const person = await world.operator('/dashboard/system');
  await person.page.getByLabel('Dark').check();
  const background = () => person.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await background();
  assert.equal(dark, 'rgb(15, 21, 29)');
  await person.page.reload();
  await person.page.getByLabel('Dark').waitFor();
  assert.equal(await background(), dark);
  assert.equal(await person.page.getByLabel('Dark').isChecked(), true);
  await person.leave();
});

test('figures_are_drawn_and_told', async () => {
  const person = await world.operator('/dashboard/overview');
  await person.page.locator('.fact').filter({ hasText: 'Conversations' }).first().waitFor();
  const plots = person.page.locator('.plot img');
  assert.equal(await plots.count(), 6);
  await person.page.waitForFunction(() => [...document.querySelectorAll('.plot img')].every((image) => image.complete && image.naturalWidth > 0));
  await person.page.getByText('The figures as a table').click();
  await person.page.locator('.figures tbody tr').first().waitFor();
  await person.page.getByRole('button', { name: 'Weeks' }).click();
  await person.page.locator('.plot img[src*="by=week"]').first().waitFor();
  await person.page.getByRole('button', { name: 'Earlier' }).click();
  await person.page.getByText('Nothing happened in this time.').waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('events_that_come_leave_the_slider_and_what_was_opened_as_they_are', async () => {
  await world.say('stays', 'First question');
  const person = await world.operator();
  await person.rows.first().click();
  await person.page.getByRole('link', { name: 'Audit its events' }).click();
  await person.page.getByText('All 2 events').waitFor();
  const slider = person.page.getByRole('slider');
  await person.page.locator('.timeline summary').first().click();
  await slider.press('ArrowLeft');
  await person.page.getByText('After event 1', { exact: true }).waitFor();
  await world.say('stays', 'Second question');
  await person.page.getByText('All 4 events').waitFor();
  await person.page.getByText('After event 1', { exact: true }).waitFor();
  assert.equal(await slider.evaluate((element) => element === document.activeElement), true);
  assert.equal(await person.page.locator('.timeline details[open]').count(), 1);
  await slider.press('End');
  await person.page.getByText('After event 4', { exact: true }).waitFor();
  await world.say('stays', 'Third question');
  await person.page.getByText('After event 6', { exact: true }).waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('an_open_table_of_figures_stays_open_while_they_change', async () => {
  const person = await world.stranger('/dashboard/overview');
  await person.page.clock.install();
  await person.signIn();
  await person.page.getByText('The figures as a table').click();
  const messages = person.page.locator('.figures tbody td').nth(1);
  const known = await messages.textContent();
  await person.page.locator('.plot img').first().evaluate((image) => (window.plot = image));
  await world.say('counted', 'One more question');
  // A look is taken some seconds after the news.
  while ((await messages.textContent()) === known) await person.page.clock.fastForward('00:11');
  assert.equal(await person.page.locator('.figures[open]').count(), 1);
  assert.equal(await person.page.locator('.plot img').first().evaluate((image) => image === window.plot), true);
  await person.leave();
});

test('on_a_phone_the_plots_are_drawn_for_it', async () => {
  const person = await world.operator('/dashboard/overview', PHONE);
  const plot = person.page.locator('.plot img').first();
  await plot.waitFor();
  assert.match(await plot.getAttribute('src'), /width=300/);
  await person.leave();
});

test('days_are_those_of_the_viewers_clock', async () => {
  const person = await world.operator('/dashboard/overview', { viewport: { width: 1440, height: 900 }, timezoneId: 'Asia/Tokyo' });
  const plot = person.page.locator('.plot img').first();
  await plot.waitFor();
  const { searchParams } = new URL(await plot.getAttribute('src'), world.server.url);
  assert.equal(searchParams.get('offset'), '540');
  assert.equal(Number(searchParams.get('to')) % 86_400_000, 15 * 3_600_000, 'midnight in Tokyo');
  await person.page.getByText('The figures as a table').click();
  const today = await person.page.evaluate(() => new Date().toLocaleDateString('default', { day: 'numeric', month: 'short', year: 'numeric' }));
  assert.equal(await person.page.locator('.figures tbody th').first().textContent(), today);
  await person.leave();
});
