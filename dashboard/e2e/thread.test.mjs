// A conversation: its answers as they are written, and what can be done with it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { gate, startWorld } from './harness.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

/** The page of the one conversation in which `text` was said. */
async function opened(text) {
  const person = await world.operator();
  await person.search.fill(text);
  await person.page.locator('.row mark').first().click();
  await person.page.locator('.message').first().waitFor();
  return person;
}

test('an_answer_is_followed_while_it_is_written', async () => {
  world.says('First.');
  await world.say('streaming', 'A giraffe question');
  const person = await opened('giraffe');
  const more = gate();
  world.model.answer(async (reply) => {
    reply.tokens('It is **half', ' ');
    await more.opened;
    reply.tokens('done**.');
    reply.finish();
  });
  const answered = world.say('streaming', 'And another');
  const live = person.page.locator('.message.live');
  await live.getByText('It is').waitFor();
  const mark = person.page.locator('.row').getByTitle('An answer is being written');
  await mark.waitFor();
  more.open();
  assert.equal(await answered, 200);
  await person.page.locator('.message.assistant:not(.live) strong', { hasText: 'half done' }).waitFor();
  await live.waitFor({ state: 'detached' });
  await mark.waitFor({ state: 'detached' });
  assert.equal(await person.page.locator('.message').count(), 4, 'nothing is shown twice');
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('a_message_is_copied_as_it_is_and_the_conversation_exported', async () => {
  world.says('**Yes**, by train.');
  await world.say('copying', 'A walrus question');
  const person = await opened('walrus');
  await person.page.locator('.message.assistant').getByRole('button', { name: 'Copy this message' }).click();
  await person.page.getByText('Copied').waitFor();
  assert.equal(await person.page.evaluate(() => navigator.clipboard.readText()), '**Yes**, by train.');
  const [download] = await Promise.all([
    person.page.waitForEvent('download'),
    person.page.getByRole('link', { name: 'Export as CSV' }).click(),
  ]);
  assert.match(await readFile(await download.path(), 'utf8'), /A walrus question/);
  await person.leave();
});

test('erasing_asks_by_naming_what_goes_and_takes_it_off_the_list', async () => {
  world.says('Noted.');
  await world.say('erasing', 'A pelican secret');
  const person = await opened('pelican');
  await person.page.getByRole('button', { name: 'Erase', exact: true }).click();
  const dialog = person.page.getByRole('dialog', { name: 'Erase this conversation?' });
  await dialog.getByText('All 2 messages').waitFor();
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await person.page.getByRole('button', { name: 'Erase', exact: true }).click();
  await dialog.getByRole('button', { name: 'Erase for good' }).click();
  await person.page.getByText('was erased.').waitFor();
  await person.page.waitForURL(/\/dashboard\/$/);
  await person.search.fill('pelican');
  await person.page.getByText('Nothing found').waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('a_long_conversation_shows_its_end_first', async () => {
  world.says('Yes.');
  for (let number = 0; number < 110; number++) await world.say('long', `Question ${number} of the ostrich`);
  const person = await opened('ostrich');
  const messages = person.page.locator('.messages');
  await messages.getByText('Question 109 of the ostrich').waitFor();
  assert.equal(await messages.getByText('Question 0 of the ostrich').count(), 0);
  await person.page.waitForFunction(() => {
    const messages = document.querySelector('.messages');
    return messages.scrollHeight - messages.scrollTop - messages.clientHeight < 4;
  });
  const earlier = person.page.getByRole('button', { name: /Show earlier messages/ });
  await messages.evaluate((element) => element.scrollTo(0, 0));
  const place = () => messages.getByText('Question 60 of the ostrich').boundingBox().then(({ y }) => Math.round(y));
  const before = await place();
  await earlier.press('Enter');
  await messages.getByText('Question 10 of the ostrich').waitFor({ state: 'attached' });
  assert.equal(await place(), before, 'whoever reads stays where they are');
  assert.ok(await earlier.evaluate((button) => button === document.activeElement));
  await earlier.click();
  await messages.getByText('Question 0 of the ostrich').waitFor({ state: 'attached' });
  await world.say('long', 'One more of the ostrich');
  await messages.getByText('One more of the ostrich').waitFor({ state: 'attached' });
  await person.page.waitForFunction(() => document.querySelectorAll('.message').length === 222);
  await person.leave();
});

test('leafing_through_conversations_opens_no_feed_for_each', async () => {
  for (const name of ['leaf-1', 'leaf-2', 'leaf-3']) await world.say(name, 'A heron question');
  const person = await world.operator();
  await person.page.locator('.row').nth(2).waitFor();
  const feeds = [];
  person.page.on('request', (request) => request.url().includes('/v1/admin/events') && feeds.push(request.url()));
  for (const at of [0, 1, 2]) {
    await person.rows.nth(at).click();
    await person.page.locator(`.row[aria-current="true"][href="${await person.rows.nth(at).getAttribute('href')}"]`).waitFor();
    await person.page.locator('.message').first().waitFor();
  }
  assert.deepEqual(feeds, []);
  await person.leave();
});

test('an_address_of_no_conversation_says_so', async () => {
  const person = await world.operator('/dashboard/conversations/00000000-0000-5000-8000-000000000000');
  await person.page.getByText('This conversation is not there').waitFor();
  await person.leave();
});
