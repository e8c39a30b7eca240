// What goes wrong between visitor and model, and how the visitor gets an answer all the same.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCutProxy } from './harness/cut-proxy.mjs';
import { gate } from './harness/model.mjs';
import { startWorld } from './harness/world.mjs';

let world;
let proxy;
before(async () => {
  world = await startWorld();
  proxy = await startCutProxy(world.server.port);
});
after(async () => {
  await proxy?.stop();
  await world?.stop();
});

/** The roles and texts that the server has stored for the conversation that opens with `question`. */
async function stored(question) {
  const all = await world.server.conversations();
  const mine = all.filter(({ messages }) => messages.some(({ content }) => content === question));
  assert.equal(mine.length, 1);
  return mine[0].messages.map(({ role, content }) => [role, content]);
}

test('a_retry_after_an_error_leaves_one_question_and_one_answer', async () => {
  world.model.answer((reply) => reply.refuse(500));
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('Will this work?');
  await visitor.log.getByText('Something went wrong.').waitFor();
  assert.deepEqual(await visitor.questionTexts(), ['Will this work?']);

  world.model.answer((reply) => {
    reply.tokens('On the second ', 'try it does.');
    reply.finish();
  });
  await visitor.retry.click();
  await visitor.seesWholeAnswer('On the second try it does.');

  assert.deepEqual(await visitor.questionTexts(), ['Will this work?']);
  assert.equal((await visitor.answerTexts()).length, 2);
  assert.equal(await visitor.retry.count(), 0);
  assert.deepEqual(await stored('Will this work?'), [
    ['user', 'Will this work?'],
    ['assistant', 'On the second try it does.'],
  ]);
  await visitor.leave();
});

test('an_answer_that_the_model_breaks_off_can_be_asked_for_again', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('This was going to be ');
    await rest.opened;
    reply.cut();
  });
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('Finish your sentence');
  await visitor.sees('This was going to be');
  rest.open();
  await visitor.retry.waitFor();

  world.model.answer((reply) => {
    reply.tokens('A whole sentence.');
    reply.finish();
  });
  await visitor.retry.click();
  await visitor.seesWholeAnswer('A whole sentence.');
  assert.equal((await visitor.answerTexts()).length, 2);
  assert.deepEqual(await stored('Finish your sentence'), [
    ['user', 'Finish your sentence'],
    ['assistant', 'A whole sentence.'],
  ]);
  await visitor.leave();
});

test('a_failed_question_can_be_retried_after_a_reload', async () => {
  world.model.answer((reply) => reply.refuse(500));
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('Still there later?');
  await visitor.retry.waitFor();
  const asked = world.model.asked;

  await visitor.reload();
  await visitor.log.getByText('Something went wrong.').waitFor();
  assert.equal(world.model.asked, asked);
  world.model.answer((reply) => {
    reply.tokens('Yes, still there.');
    reply.finish();
  });
  await visitor.retry.click();
  await visitor.seesWholeAnswer('Yes, still there.');
  assert.deepEqual(await visitor.questionTexts(), ['Still there later?']);
  await visitor.leave();
});

test('a_connection_cut_in_the_middle_heals_to_the_identical_answer', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('One, zwei, ', 'três, ');
    await rest.opened;
    reply.tokens('четыре, ', '五.');
    reply.finish();
  });
  const visitor = await world.visit({ data: { 'api-url': `${proxy.url}/chat` } });
  await visitor.open();
  await visitor.ask('Count to five');
  await visitor.sees('One, zwei, três,');
  const asked = world.model.asked;

  proxy.cut();
  await visitor.sees("Couldn't reach the server. …");
  assert.equal((await visitor.answerTexts())[1], 'One, zwei, três, ');
  proxy.mend();
  await visitor.log.getByText('server. …').waitFor({ state: 'detached' });
  assert.equal((await visitor.answerTexts())[1], 'One, zwei, três, ');
  rest.open();
  await visitor.seesWholeAnswer('One, zwei, três, четыре, 五.');

  assert.equal(world.model.asked, asked);
  assert.deepEqual(await visitor.questionTexts(), ['Count to five']);
  assert.deepEqual(await stored('Count to five'), [
    ['user', 'Count to five'],
    ['assistant', 'One, zwei, três, четыре, 五.'],
  ]);
  await visitor.leave();
});

test('a_server_out_of_reach_is_tried_again_and_then_left_to_the_visitor', async () => {
  const away = await startCutProxy(world.server.port);
  await away.stop();
  const visitor = await world.visit({
    data: { 'api-url': `${away.url}/chat` },
    prepare: (page) => page.clock.install(),
  });
  await visitor.open();
  await visitor.ask('Anybody there?');
  await visitor.sees("Couldn't reach the server. …");
  // More than all pauses together; the page's own clock, not ours.
  for (let attempt = 1; attempt <= 5; attempt++) {
    const again = visitor.page.waitForEvent('requestfailed');
    await visitor.page.clock.fastForward(12_000);
    await again;
  }
  await visitor.retry.waitFor();
  await visitor.log.getByText("Couldn't reach the server.").waitFor();
  assert.ok(visitor.errors.some((error) => /cut: check data-api-url, CORS_ORIGIN, connect-src/.test(error)));
  assert.deepEqual(await visitor.questionTexts(), ['Anybody there?']);
  await visitor.leave();
});

test('a_wrong_key_is_told_to_the_owner_and_not_to_the_visitor', async () => {
  const visitor = await world.visit({ data: { 'api-key': 'not-the-key' } });
  await visitor.open();
  await visitor.ask('Hello?');
  await visitor.log.getByText('Something went wrong.').waitFor();
  assert.ok(visitor.errors.some((error) => error.includes('401: check data-api-key')));
  await visitor.leave();
});

test('a_wrong_address_is_told_to_the_owner', async () => {
  const visitor = await world.visit({ data: { 'api-url': `${world.server.url}/health` } });
  await visitor.open();
  await visitor.ask('Hello?');
  await visitor.log.getByText('Something went wrong.').waitFor();
  assert.ok(visitor.errors.some((error) => /40[45]: check data-api-url/.test(error)));
  await visitor.leave();
});

test('a_limited_visitor_is_told_how_long_to_wait_and_may_then_retry', async () => {
  const limited = await startWorld({ env: { RATE_LIMIT_MAX_REQUESTS: '1', RATE_LIMIT_WINDOW_MS: '8000' } });
  try {
    limited.model.answer((reply) => {
      reply.tokens('At your service.');
      reply.finish();
    });
    const visitor = await limited.visit();
    await visitor.open();
    await visitor.ask('First');
    await visitor.seesWholeAnswer('At your service.');
    await visitor.ask('Second');
    await visitor.log.getByText('Too many messages.').waitFor();
    await visitor.dialog.getByRole('button', { name: /^Retry \([1-8] s\)$/ }).waitFor();
    assert.ok(await visitor.retry.isDisabled());

    // Waits until the button opens.
    await visitor.retry.click();
    await visitor.answers
      .filter({ hasText: 'At your service.' })
      .nth(1)
      .locator('time')
      .waitFor({ state: 'attached' });
    assert.deepEqual(await visitor.questionTexts(), ['First', 'Second']);
  } finally {
    await limited.stop();
  }
});
