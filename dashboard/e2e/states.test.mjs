// What a page says while it has nothing to show, and what it does when something goes wrong meanwhile.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startBinary } from '../../widget/e2e/harness/binary.mjs';
import { gate, startWorld } from './harness.mjs';

let world;
let thread;
before(async () => {
  world = await startWorld();
  world.says('One answer.');
  await world.say('first', 'A first question');
  const [{ conversation }] = await world.server.conversations();
  thread = `/dashboard/conversations/${conversation._id}`;
});
after(() => world?.stop());

/** Address, what it asks for, what is there in the end. */
const pages = () => [
  ['/dashboard/', /conversations\?/, '.row'],
  [thread, /admin\/conversations\/[-\w]+$/, '.message.assistant'],
  ['/dashboard/overview', /statistics\?/, '.plot img'],
  ['/dashboard/audit', /operators\/events/, '.acts li'],
  [`${thread}/audit`, /\/events$/, '.timeline li'],
  ['/dashboard/install', /admin\/system/, '.tag code'],
  ['/dashboard/system', /admin\/system/, '.fact'],
];

test('every_page_shows_that_it_loads_then_why_it_failed_and_then_what_there_is', async () => {
  for (const [address, asks, there] of pages()) {
    const person = await world.operator();
    const answer = gate();
    await person.page.route(asks, async (route) => {
      await answer.opened;
      await route.abort();
    });
    await person.page.goto(world.server.url + address);
    await person.page.getByRole('main').getByRole('status', { name: 'Loading' }).first().waitFor();
    answer.open();
    await person.page.getByRole('alert').getByText('Couldn’t reach the server.').waitFor();
    await person.page.unroute(asks);
    await person.page.getByRole('main').getByRole('button', { name: 'Try again' }).click();
    await person.page.locator(there).first().waitFor();
    await person.page.getByRole('alert').waitFor({ state: 'detached' });
    await person.leave();
  }
});

test('every_page_shows_the_sign_in_page_when_the_session_is_over', async () => {
  for (const [address, asks, there] of pages()) {
    const person = await world.operator(address);
    await person.page.locator(there).first().waitFor();
    // The feed is not what tells it here.
    await person.page.route('**/v1/admin/events?*', (route) => route.abort());
    await person.page.goto(`${world.server.url}/dashboard/nowhere`);
    await person.page.getByRole('heading', { name: 'Nothing here' }).waitFor();
    await person.page.route(asks, (route) => route.fulfill({ status: 401, body: '{}' }));
    await person.page.route('**/v1/admin/session', (route) => route.fulfill({ status: 401, body: '{}' }));
    await person.page.goto(world.server.url + address);
    await person.password.waitFor();
    await person.leave();
  }
});

test('an_answer_to_an_older_search_never_overwrites_a_newer_one', async () => {
  world.says('Fine.');
  await world.say('older', 'I like apricots');
  await world.say('newer', 'I like apricots and artichokes');
  const person = await world.operator();
  await person.rows.nth(1).waitFor();
  const late = gate();
  await person.page.route(/[?&]q=apricot(&|$)/, async (route) => {
    const response = await route.fetch();
    await late.opened;
    await route.fulfill({ response });
  });
  const asked = person.page.waitForRequest(/[?&]q=apricot(&|$)/);
  await person.search.fill('apricot');
  await asked;
  await person.search.fill('artichoke');
  await person.page.locator('.row mark', { hasText: 'artichoke' }).waitFor();
  late.open();
  await person.page.unrouteAll({ behavior: 'wait' });
  await person.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  assert.deepEqual(await person.page.locator('.row mark').allTextContents(), ['artichokes']);
  await person.leave();
});

test('figures_of_an_older_choice_never_overwrite_those_of_a_newer_one', async () => {
  const person = await world.operator('/dashboard/overview');
  await person.page.locator('.plot img').first().waitFor();
  const [late, over] = [gate(), gate()];
  await person.page.route(/statistics\?by=hour/, async (route) => {
    const response = await route.fetch();
    await late.opened;
    await route.fulfill({ response });
  });
  // Of this period, and of the one before.
  let answers = 0;
  person.page.on('requestfinished', (request) => {
    if (request.url().includes('statistics?by=hour') && ++answers === 2) over.open();
  });
  await person.page.getByRole('button', { name: 'Hours' }).click();
  await person.page.getByRole('button', { name: 'Weeks' }).click();
  await person.page.locator('.plot img[src*="by=week"]').first().waitFor();
  late.open();
  await over.opened;
  await person.page.unrouteAll({ behavior: 'wait' });
  await person.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  assert.equal(await person.page.locator('.plot img[src*="by=hour"]').count(), 0);
  await person.leave();
});

test('a_conversation_that_is_erased_elsewhere_says_so_where_it_is_open', async () => {
  await world.say('erased-elsewhere', 'Forget me');
  const [person, other] = [await world.operator(), await world.operator()];
  for (const { page, rows } of [person, other]) {
    await rows.filter({ hasText: 'Fine.' }).first().click();
    await page.locator('.message').first().waitFor();
  }
  await other.page.getByRole('button', { name: 'Erase', exact: true }).click();
  await other.page.getByRole('button', { name: 'Erase for good' }).click();
  await person.page.getByText('This conversation is not there').waitFor();
  await person.page.getByRole('link', { name: 'Its events' }).click();
  await person.page.getByText('Everything before was erased', { exact: true }).waitFor();
  assert.deepEqual(person.faults, []);
  for (const one of [person, other]) await one.leave();
});

test('signing_out_in_one_tab_signs_out_the_other', async () => {
  const person = await world.operator();
  const page = await person.page.context().newPage();
  await page.goto(`${world.server.url}/dashboard/system`);
  await page.locator('.fact').first().waitFor();
  await person.page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('Your session has ended. Sign in again to go on.').waitFor();
  await person.leave();
});

test('what_was_read_in_one_tab_is_read_in_the_other_and_unread_in_another_browser', async () => {
  const [person, other] = [await world.operator(), await world.operator()];
  const page = await person.page.context().newPage();
  await page.goto(`${world.server.url}/dashboard/`);
  await page.locator('.row').first().waitFor();
  world.says('To be read.');
  await world.say('unread', 'Read me');
  const unread = (page) => page.locator('.row.unread').filter({ hasText: 'To be read.' });
  for (const one of [page, person.page, other.page]) await unread(one).waitFor();
  await unread(page).click();
  await page.locator('.message').first().waitFor();
  for (const one of [page, person.page]) await unread(one).waitFor({ state: 'detached' });
  assert.equal(await unread(other.page).count(), 1);
  for (const one of [person, other]) await one.leave();
});

test('without_a_clipboard_copying_is_refused_in_words', async () => {
  const person = await world.operator(thread);
  await person.page.locator('.message').first().waitFor();
  await person.page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  await person.page.getByRole('button', { name: 'Copy this message' }).first().click();
  await person.page.getByText('The browser does not allow copying here.').waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('how_long_ago_it_was_goes_with_the_time', async () => {
  const person = await world.stranger();
  await person.page.clock.install();
  await person.signIn();
  world.says('Just now.');
  await world.say('ago', 'When was this?');
  const when = person.rows.filter({ hasText: 'Just now.' }).locator('.when');
  await when.filter({ hasText: 'now' }).waitFor();
  // Not a whole number of minutes: the page's clock is a little behind the server's.
  await person.page.clock.fastForward('03:30');
  await when.filter({ hasText: /^[34] min$/ }).waitFor();
  await person.leave();
});

test('a_server_that_starts_again_is_found_again_and_nothing_is_missing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'open-chat-restart-'));
  const env = { EVENT_LOG: `embedded:${join(directory, 'log')}`, READ_MODELS: join(directory, 'models'), RATE_LIMIT_MAX_REQUESTS: '100' };
  let server = await startBinary(env);
  const { operator, say } = world.at(server);
  const person = await operator();
  await person.page.getByText('No conversations yet').waitFor();
  await server.stop();
  await person.page.getByText('Couldn’t reach the server. Trying again…').waitFor();
  server = await startBinary({ ...env, PORT: String(server.port) });
  await say('after', 'Are you back?');
  await person.rows.first().waitFor();
  await person.page.getByText('Couldn’t reach the server. Trying again…').waitFor({ state: 'detached' });
  assert.deepEqual(person.faults, []);
  await person.leave();
  await server.stop();
  await rm(directory, { recursive: true });
});
