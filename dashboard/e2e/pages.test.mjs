// The pages beside the inbox.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWorld } from './harness.mjs';

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
