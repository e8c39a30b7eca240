// A conversation as it should go.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gate } from './harness/model.mjs';
import { startWorld } from './harness/world.mjs';

const WELCOME = 'Hi! Ask me anything and I will help you out.';
let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

test('tokens_are_seen_before_the_rest_of_the_answer_exists', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('We are open ');
    await rest.opened;
    reply.tokens('until ', 'six.');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('When do you close?');

  await visitor.sees('We are open');
  rest.open();
  await visitor.seesWholeAnswer('We are open until six.');

  assert.deepEqual(await visitor.questionTexts(), ['When do you close?']);
  assert.deepEqual(await visitor.answerTexts(), [WELCOME, 'We are open until six.']);
  assert.deepEqual(visitor.errors, []);
  await visitor.leave();
});

test('enter_sends_and_shift_enter_breaks_the_line', async () => {
  world.model.answer((reply) => {
    reply.tokens('Two lines, I see.');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  await visitor.input.pressSequentially('first');
  await visitor.input.press('Shift+Enter');
  await visitor.input.pressSequentially('second');
  assert.equal(await visitor.input.inputValue(), 'first\nsecond');
  assert.equal(await visitor.questions.count(), 0);

  await visitor.input.press('Enter');
  await visitor.seesWholeAnswer('Two lines, I see.');
  assert.deepEqual(await visitor.questionTexts(), ['first\nsecond']);
  assert.equal(await visitor.input.inputValue(), '');
  await visitor.leave();
});

test('the_enter_that_ends_an_ime_composition_does_not_send', async () => {
  const visitor = await world.visit();
  await visitor.open();
  const keyboard = await visitor.page.context().newCDPSession(visitor.page);
  await keyboard.send('Input.imeSetComposition', { text: 'にほん', selectionStart: 3, selectionEnd: 3 });
  const enter = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 };
  await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enter });
  await keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enter });
  await keyboard.send('Input.insertText', { text: 'にほん' });

  assert.equal(await visitor.input.inputValue(), 'にほん');
  assert.equal(await visitor.questions.count(), 0);
  await visitor.leave();
});

test('a_reload_keeps_the_conversation_and_the_open_chat', async () => {
  world.model.answer((reply) => {
    reply.tokens('Your order ', 'is on its way. 🚚');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('Where is my order?');
  await visitor.seesWholeAnswer('Your order is on its way. 🚚');
  const asked = world.model.asked;

  await visitor.reload();
  await visitor.seesWholeAnswer('Your order is on its way. 🚚');
  assert.deepEqual(await visitor.questionTexts(), ['Where is my order?']);
  assert.deepEqual(await visitor.answerTexts(), [WELCOME, 'Your order is on its way. 🚚']);
  assert.equal(world.model.asked, asked);
  await visitor.leave();
});

test('a_reload_in_the_middle_of_an_answer_goes_on_with_that_answer', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('Half of it ');
    await rest.opened;
    reply.tokens('and the other half.');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('Tell me all of it');
  await visitor.sees('Half of it');
  const asked = world.model.asked;

  await visitor.reload();
  await visitor.sees('Half of it');
  rest.open();
  await visitor.seesWholeAnswer('Half of it and the other half.');
  assert.deepEqual(await visitor.questionTexts(), ['Tell me all of it']);
  assert.equal(world.model.asked, asked);
  await visitor.leave();
});

test('questions_asked_during_an_answer_are_answered_in_their_order', async () => {
  const first = gate();
  world.model.answer(async (reply) => {
    await first.opened;
    reply.tokens('Heard.');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('One?');
  await visitor.ask('Two?');
  await visitor.sees('Two?');
  first.open();
  await visitor.answers.filter({ hasText: 'Heard.' }).nth(1).locator('time').waitFor({ state: 'attached' });

  const mine = (await world.server.conversations()).find(({ messages }) => messages[0].content === 'One?');
  assert.deepEqual(
    mine.messages.map(({ content }) => content),
    ['One?', 'Heard.', 'Two?', 'Heard.'],
  );
  await visitor.leave();
});

test('a_new_conversation_is_empty_and_of_another_session', async () => {
  world.model.answer((reply) => {
    reply.tokens('Noted.');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('Old matter');
  await visitor.seesWholeAnswer('Noted.');

  await visitor.dialog.getByRole('button', { name: 'New conversation' }).click();
  await visitor.questions.waitFor({ state: 'detached' });
  assert.deepEqual(await visitor.answerTexts(), [WELCOME]);
  await visitor.ask('New matter');
  await visitor.seesWholeAnswer('Noted.');
  await visitor.reload();
  await visitor.seesWholeAnswer('Noted.');
  assert.deepEqual(await visitor.questionTexts(), ['New matter']);

  const sessions = (await world.server.conversations())
    .filter(({ messages }) => /matter/.test(messages[0].content))
    .map(({ conversation }) => conversation.sessionId);
  assert.equal(new Set(sessions).size, 2);
  for (const session of sessions) {
    assert.match(session, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  }
  await visitor.leave();
});

test('a_session_id_of_the_upstream_widget_is_kept', async () => {
  world.model.answer((reply) => {
    reply.tokens('Welcome back.');
    reply.finish();
  });
  const known = '5b0cb0b4-5ca9-4e58-8b21-0d2b3f5f8f11';
  const visitor = await world.visit({
    prepare: (page) => page.addInitScript((id) => localStorage.setItem('os-chatbot-session-id', id), known),
  });
  await visitor.open();
  await visitor.ask('It is me again');
  await visitor.seesWholeAnswer('Welcome back.');
  const sessions = (await world.server.conversations()).map(({ conversation }) => conversation.sessionId);
  assert.ok(sessions.includes(known));
  await visitor.leave();
});

test('too_long_a_message_is_kept_and_the_hint_says_by_how_much', async () => {
  world.model.answer((reply) => {
    reply.tokens('That was long.');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  // Each of these is one character to the server and two to JavaScript.
  await visitor.input.fill('😀'.repeat(4001));
  await visitor.dialog.getByText('4001 / 4000').waitFor();
  await visitor.input.press('Enter');
  assert.equal(await visitor.questions.count(), 0);

  await visitor.input.press('Backspace');
  await visitor.dialog.getByText('4000 / 4000').waitFor();
  await visitor.input.press('Enter');
  await visitor.seesWholeAnswer('That was long.');
  assert.deepEqual(await visitor.questionTexts(), ['😀'.repeat(4000)]);
  await visitor.leave();
});

test('markup_in_questions_and_answers_is_text', async () => {
  const markup = '<img src=x onerror="document.title=1"><b>bold</b>';
  world.model.answer((reply) => {
    reply.tokens('<img src=x onerror="document', '.title=1"><b>bold</b>');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask(markup);
  await visitor.answers.nth(1).locator('time').waitFor({ state: 'attached' });
  assert.deepEqual(await visitor.questionTexts(), [markup]);
  assert.equal((await visitor.answerTexts())[1], markup);
  assert.equal(await visitor.page.title(), 'A shop');
  await visitor.leave();
});

test('a_second_tab_shows_what_the_first_one_was_told', async () => {
  world.model.answer((reply) => {
    reply.tokens('Said once.');
    reply.finish();
  });
  const first = await world.visit();
  const page = await first.page.context().newPage();
  await page.goto(first.page.url());
  await first.open();
  await page.getByRole('button', { name: 'Open chat' }).click();
  await first.ask('Do both tabs know?');

  await page.getByRole('article', { name: 'Assistant' }).getByText('Said once.', { exact: true }).waitFor();
  assert.equal(await page.getByRole('article', { name: 'You' }).count(), 1);
  await first.leave();
});

test('the_view_follows_the_answer_unless_the_reader_scrolled_up', async () => {
  const more = gate();
  const rest = gate();
  const lines = (from) => Array.from({ length: 60 }, (_, at) => `line ${from + at}\n`);
  world.model.answer(async (reply) => {
    reply.tokens(...lines(1));
    await more.opened;
    reply.tokens(...lines(61));
    await rest.opened;
    reply.tokens(...lines(121), 'end');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  await visitor.ask('Count, please');
  const atEnd = (text) =>
    visitor.page.waitForFunction(
      ([element, shown]) =>
        element.textContent.includes(shown) &&
        element.scrollHeight - element.scrollTop - element.clientHeight < 2,
      [logElement, text],
    );
  const logElement = await visitor.log.elementHandle();
  await atEnd('line 60');
  more.open();
  await atEnd('line 120');

  await visitor.log.hover();
  await visitor.page.mouse.wheel(0, -600);
  await visitor.page.waitForFunction(
    (element) => element.scrollHeight - element.scrollTop - element.clientHeight > 400,
    logElement,
  );
  const before = await visitor.log.evaluate((element) => element.scrollTop);
  rest.open();
  await visitor.answers.nth(1).locator('time').waitFor({ state: 'attached' });
  const after = await visitor.log.evaluate(
    (element) =>
      new Promise((seen) =>
        requestAnimationFrame(() => requestAnimationFrame(() => seen(element.scrollTop))),
      ),
  );
  assert.ok(after <= before, `the view moved from ${before} to ${after}`);
  await visitor.leave();
});
