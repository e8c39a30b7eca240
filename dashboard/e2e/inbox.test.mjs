// The list: what happens appears, what is looked for is found, a long list stays light.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gate, PHONE, startWorld } from './harness.mjs';

let world;
before(async () => {
  world = await startWorld();
  world.says('Certainly.');
});
after(() => world?.stop());

test('a_new_conversation_appears_by_itself_and_is_unread_until_it_is_opened', async () => {
  const person = await world.operator();
  await person.page.getByText('No conversations yet').waitFor();
  assert.equal(await world.say('live', 'Is anybody there?'), 200);
  const row = person.page.locator('.row.unread');
  await row.filter({ hasText: 'Certainly.' }).waitFor();
  await row.click();
  await person.page.getByText('Is anybody there?').waitFor();
  await row.waitFor({ state: 'detached' });
  await person.page.keyboard.press('u');
  await row.waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('search_marks_what_it_finds_and_says_when_it_finds_nothing', async () => {
  await world.say('search', 'Where can I buy a <b>zeppelin</b> in blue?');
  const person = await world.operator();
  await person.page.keyboard.press('/');
  await person.page.keyboard.type('zeppel');
  await person.page.locator('.row mark', { hasText: 'zeppelin' }).waitFor();
  assert.equal(await person.rows.count(), 1);
  assert.equal(await person.page.locator('.row b').count(), 0, 'markup of a visitor is text');
  await person.search.fill('zeppelin nowhere');
  await person.page.getByText('Nothing found').waitFor();
  await person.page.getByRole('button', { name: 'Clear' }).click();
  await person.page.locator('.row:nth-child(1)').first().waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('only_failed_answers_are_shown_on_request', async () => {
  world.model.answer((reply) => reply.refuse(400));
  assert.equal(await world.say('failing', 'Will this fail?'), 500);
  world.says('Certainly.');
  const person = await world.operator();
  await person.page.getByLabel('Failed').check();
  await person.page.getByText('1 conversation', { exact: true }).waitFor();
  await person.rows.click();
  await person.page.getByText('No answer: the model could not be reached or broke off.').waitFor();
  await person.leave();
});

test('a_long_list_is_scrolled_to_its_end_with_few_rows_in_the_document', async () => {
  await Promise.all(Array.from({ length: 130 }, (_, number) => world.say(`many-${number}`, `Message ${number}`)));
  const person = await world.operator();
  const total = Number((await person.page.locator('.count').filter({ hasText: /\d/ }).textContent()).match(/\d+/)[0]);
  assert.ok(total >= 130, `${total} conversations`);
  const seen = new Set();
  await person.rows.first().waitFor();
  while (seen.size < total) {
    const known = seen.size;
    for (const address of await person.rows.evaluateAll((rows) => rows.map((row) => row.getAttribute('href')))) seen.add(address);
    assert.ok((await person.rows.count()) < 60, 'rows far from the eye are in the document');
    await person.page.locator('.rows').evaluate((list) => list.scrollBy(0, 400));
    if (seen.size === known) {
      // At the end of what is there: the next page is on its way.
      await person.page.waitForFunction(
        (known) => [...document.querySelectorAll('.row')].some((row) => !known.includes(row.getAttribute('href'))),
        [...seen],
      );
    }
  }
  assert.equal(seen.size, total);
  await person.leave();
});

test('whoever_reads_further_down_is_not_moved_by_what_comes', { timeout: 60_000 }, async () => {
  const person = await world.stranger();
  // The list is asked for at once, and again when the feed stands: with the second answer nothing is new any more.
  const settled = gate();
  let answers = 0;
  person.page.on('requestfinished', (request) => {
    if (/admin\/conversations\?(?!.*cursor=)/.test(request.url()) && ++answers === 2) settled.open();
  });
  await person.signIn();
  await settled.opened;
  await person.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  await person.rows.first().waitFor();
  await person.page.locator('.rows').evaluate((list) => list.scrollTo(0, 1440));
  await person.page.waitForFunction(() => document.querySelector('.rows').scrollTop === 1440);
  const first = () => rowUnderTheEye(person.page);
  const before = await first();
  await world.say('newcomer', 'I am new');
  await person.page.getByRole('button', { name: '1 new' }).waitFor();
  await person.page.waitForFunction(() => document.querySelector('.rows').scrollTop === 1512);
  assert.equal(await first(), before);
  await person.page.getByRole('button', { name: '1 new' }).click();
  await person.page.waitForFunction(() => document.querySelector('.rows').scrollTop === 0);
  await person.leave();
});

test('the_keyboard_is_enough', async () => {
  const person = await world.operator();
  await person.rows.first().waitFor();
  await person.page.keyboard.press('j');
  await person.page.keyboard.press('j');
  const selected = await person.page.locator('.row.selected').getAttribute('href');
  assert.equal(selected, await person.rows.nth(1).getAttribute('href'));
  await person.page.keyboard.press('k');
  await person.page.keyboard.press('Enter');
  await person.page.waitForURL(new RegExp(await person.rows.first().getAttribute('href')));
  await person.page.keyboard.press('Escape');
  await person.page.waitForURL(/\/dashboard\/$/);
  await person.page.keyboard.press('?');
  await person.page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await person.page.keyboard.press('Escape');
  await person.page.keyboard.press('g');
  await person.page.keyboard.press('s');
  await person.page.getByRole('heading', { name: 'System', level: 1 }).waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('on_a_phone_the_list_and_the_thread_take_turns_and_the_list_keeps_its_place', async () => {
  const person = await world.operator('/dashboard/', PHONE);
  await person.rows.first().waitFor();
  await person.page.locator('.rows').evaluate((list) => list.scrollTo(0, 720));
  await person.page.waitForFunction(() => document.querySelector('.rows').scrollTop === 720);
  await person.page.locator(`.row[href="${await rowUnderTheEye(person.page)}"]`).click();
  await person.page.locator('.message').first().waitFor();
  assert.equal(await person.rows.first().isVisible(), false);
  await person.page.getByRole('link', { name: 'Back to the list' }).click();
  await person.rows.first().waitFor();
  assert.equal(await person.page.locator('.rows').evaluate((list) => list.scrollTop), 720);
  await person.leave();
});

/** Address of the row that is seen near the top of the list. Rows are drawn a frame after the list was moved. */
async function rowUnderTheEye(page) {
  const row = await page.waitForFunction(() => {
    const top = document.querySelector('.rows').getBoundingClientRect().top;
    return document.elementFromPoint(200, top + 100)?.closest('a')?.getAttribute('href');
  });
  return row.jsonValue();
}
