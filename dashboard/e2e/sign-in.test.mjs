// Who gets in, and how one gets out again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startWorld } from './harness.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

const listed = (cookie) =>
  fetch(`${world.server.url}/v1/admin/conversations`, { headers: { cookie } }).then(({ status }) => status);

test('another_password_is_told_and_the_right_one_opens_the_inbox', async () => {
  const person = await world.stranger();
  await person.signIn('wrong');
  await person.page.getByText('That is not the password.').waitFor();
  await person.signIn();
  await person.page.getByText('No conversations yet').waitFor();
  await person.page.getByRole('link', { name: 'Put the chat on your site' }).waitFor();
  assert.deepEqual(person.faults, []);
  await person.leave();
});

test('the_address_asked_for_is_there_after_signing_in', async () => {
  const person = await world.operator('/dashboard/system');
  await person.page.getByRole('heading', { name: 'System', level: 1 }).waitFor();
  await person.leave();
});

test('a_cookie_copied_before_signing_out_is_worth_nothing_after_it', async () => {
  const person = await world.operator();
  const cookie = await person.cookie();
  assert.equal(await listed(cookie), 200);
  await person.page.getByRole('button', { name: 'Sign out' }).click();
  await person.password.waitFor();
  assert.equal(await listed(cookie), 401);
  assert.equal(await listed(`${cookie}x`), 401);
  assert.deepEqual(await person.page.context().cookies(), []);
  await person.leave();
});

test('no_script_can_read_the_session', async () => {
  const person = await world.operator();
  assert.equal(await person.page.evaluate(() => document.cookie), '');
  const [cookie] = await person.page.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
  await person.leave();
});

test('a_session_that_ended_elsewhere_shows_the_sign_in_page', async () => {
  const person = await world.operator();
  const cookie = await person.cookie();
  const ended = await fetch(`${world.server.url}/v1/admin/session`, { method: 'DELETE', headers: { cookie } });
  assert.equal(ended.status, 204);
  await person.page.getByText('Your session has ended. Sign in again to go on.').waitFor();
  await person.leave();
});
