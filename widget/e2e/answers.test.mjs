// What can be seen of an answer and done about it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gate } from './harness/model.mjs';
import { startWorld } from './harness/world.mjs';

const MARKDOWN = `# Shipping

We ship **worldwide**, with *two* carriers and \`no\` surprises:

1. Pack
   - box
   - tape
2. Send to [our depot](https://depot.example/a_(b)) or https://example.org/x.

\`\`\`js
const total = 1 < 2;
\`\`\`

| Country | Days |
|---------|-----:|
| France  | 2    |

> Quoted, <b>not</b> bold

---
[no](javascript:alert(1))`;

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

const say = (...tokens) =>
  world.model.answer((reply) => {
    reply.tokens(...tokens);
    reply.finish();
  });

async function asked(question, options) {
  const visitor = await world.visit(options);
  await visitor.open();
  await visitor.ask(question);
  return visitor;
}

const whole = (visitor, at = 1) => visitor.answers.nth(at).locator('time').waitFor({ state: 'attached' });

test('markdown_becomes_elements_however_it_is_cut_into_tokens', async () => {
  const markups = [];
  for (const tokens of [[MARKDOWN], MARKDOWN.match(/[\s\S]{1,3}/g), [...MARKDOWN]]) {
    say(...tokens);
    const visitor = await asked('Shipping?');
    await whole(visitor);
    const answer = visitor.answers.nth(1);
    await answer.getByRole('heading', { name: 'Shipping' }).waitFor();
    await answer.getByRole('listitem').filter({ hasText: 'tape' }).last().waitFor();
    await answer.getByRole('cell', { name: 'France' }).waitFor();
    const link = answer.getByRole('link', { name: 'our depot' });
    assert.equal(await link.getAttribute('href'), 'https://depot.example/a_(b)');
    assert.equal(await link.getAttribute('rel'), 'noopener nofollow noreferrer');
    assert.equal(await link.getAttribute('target'), '_blank');
    assert.equal(await answer.getByRole('link').count(), 2);
    await answer.getByText('[no](javascript:alert(1))').waitFor();
    markups.push(await answer.locator('[dir=auto]').evaluate((element) => element.innerHTML));
    assert.deepEqual(visitor.errors, []);
    await visitor.leave();
  }
  assert.equal(new Set(markups).size, 1);
});

test('a_question_stays_plain_text', async () => {
  say('Yes.');
  const visitor = await asked('**bold** [x](https://y.example)\n- a');
  await whole(visitor);
  assert.deepEqual(await visitor.questionTexts(), ['**bold** [x](https://y.example)\n- a']);
  assert.equal(await visitor.questions.locator('strong, a, li').count(), 0);
  await visitor.leave();
});

test('what_is_finished_of_an_answer_is_not_drawn_again', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('First paragraph.\n\n- one\n- two\n\n');
    await rest.opened;
    reply.tokens('Last ', 'paragraph.');
    reply.finish();
  });
  const visitor = await asked('Go');
  await visitor.answers.nth(1).getByText('two').waitFor();
  const removed = await visitor.answers
    .nth(1)
    .locator('[dir=auto]')
    .evaluateHandle((box) => {
      const gone = [];
      new MutationObserver((records) => {
        for (const { removedNodes } of records) for (const node of removedNodes) gone.push(node.textContent);
      }).observe(box, { childList: true, subtree: true });
      return gone;
    });
  rest.open();
  await whole(visitor);
  assert.deepEqual(
    (await removed.jsonValue()).filter((text) => !'Last paragraph.'.startsWith(text)),
    [],
  );
  await visitor.leave();
});

test('stop_ends_the_answer_at_the_server_and_says_so', async () => {
  let cut = false;
  world.model.answer(async (reply) => {
    reply.response.on('close', () => {
      cut = !reply.response.writableFinished;
    });
    reply.tokens('A long ', 'story');
  });
  const visitor = await asked('Tell me a story');
  await visitor.answers.nth(1).getByText('A long story').waitFor();
  await visitor.dialog.getByRole('button', { name: 'Stop' }).click();
  await visitor.answers.nth(1).getByText('Stopped').waitFor();
  await visitor.dialog.getByRole('button', { name: 'Send' }).waitFor();
  const mine = (await world.server.conversations()).find(
    ({ messages }) => messages[0].content === 'Tell me a story',
  );
  assert.deepEqual(
    mine.messages.map(({ content, status }) => [content, status]),
    [
      ['Tell me a story', 'complete'],
      ['A long story', 'stopped'],
    ],
  );
  await visitor.reload();
  await visitor.answers.nth(1).getByText('Stopped').waitFor();
  for (let left = 50; !cut && left > 0; left--) await visitor.page.waitForTimeout(100);
  assert.ok(cut, 'the model was not hung up on');
  await visitor.leave();
});

test('the_button_sends_while_there_is_something_to_send_and_stops_while_there_is_not', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('Hm. ');
    await rest.opened;
    reply.tokens('Yes.');
    reply.finish();
  });
  const visitor = await asked('One');
  const button = (name) => visitor.dialog.getByRole('button', { name, exact: true });
  await button('Stop').waitFor();
  await visitor.input.fill('Two');
  await button('Send').waitFor();
  await visitor.input.fill('');
  await button('Stop').waitFor();
  rest.open();
  await button('Send').waitFor();
  await visitor.leave();
});

test('a_browser_that_has_lost_its_thread_gets_it_from_the_server', async () => {
  say('Kept by the ', '**server**.');
  const visitor = await asked('Who keeps this?');
  await whole(visitor);
  await visitor.page.evaluate(() => localStorage.removeItem('os-chatbot-thread'));
  await visitor.reload();
  await whole(visitor);
  assert.deepEqual(await visitor.questionTexts(), ['Who keeps this?']);
  assert.equal(await visitor.answers.nth(1).locator('strong').textContent(), 'server');
  await visitor.leave();
});

test('a_browser_that_has_lost_its_thread_attaches_to_the_running_answer', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('From the first ');
    await rest.opened;
    reply.tokens('token on.');
    reply.finish();
  });
  const visitor = await asked('Attach');
  await visitor.sees('From the first');
  const times = world.model.asked;
  await visitor.page.evaluate(() => localStorage.removeItem('os-chatbot-thread'));
  await visitor.reload();
  await visitor.sees('From the first');
  rest.open();
  await visitor.seesWholeAnswer('From the first token on.');
  assert.equal(world.model.asked, times);
  await visitor.leave();
});

test('what_an_operator_erased_is_gone_and_what_was_never_sent_stays', async () => {
  say('Noted.');
  const visitor = await asked('Mine');
  await whole(visitor);
  await visitor.page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem('os-chatbot-thread'));
    const [turn] = kept.turns;
    kept.turns.push({ ...turn, id: 'not-of-the-server', text: 'Unknown answer' });
    kept.turns.push({ ...turn, id: 'never-arrived', text: 'Never arrived', status: 'failed', answer: '' });
    localStorage.setItem('os-chatbot-thread', JSON.stringify(kept));
  });
  await visitor.reload();
  await visitor.questions.filter({ hasText: 'Unknown answer' }).waitFor({ state: 'detached' });
  assert.deepEqual(await visitor.questionTexts(), ['Mine', 'Never arrived']);
  await visitor.leave();
});

test('a_tab_sees_the_answer_to_another_tabs_question_while_it_comes', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('Both of us ');
    await rest.opened;
    reply.tokens('see it.');
    reply.finish();
  });
  const first = await world.visit();
  const page = await first.page.context().newPage();
  await page.goto(first.page.url());
  await page.getByRole('button', { name: 'Open chat' }).click();
  await first.open();
  const times = world.model.asked;
  await first.ask('Who sees it?');
  await page.getByRole('article', { name: 'Assistant' }).getByText('Both of us', { exact: true }).waitFor();
  rest.open();
  await page.getByRole('log').getByText('Both of us see it.', { exact: true }).waitFor();
  await first.seesWholeAnswer('Both of us see it.');
  assert.equal(world.model.asked, times + 1);
  await first.leave();
});

test('a_rating_reaches_the_server_and_can_be_taken_back', async () => {
  say('Rate me.');
  const visitor = await asked('Rating?');
  await whole(visitor);
  const rating = async () => {
    const all = await world.server.conversations();
    return all.find(({ messages }) => messages[0].content === 'Rating?').messages[1].rating ?? null;
  };
  const good = visitor.dialog.getByRole('button', { name: 'Good answer' });
  const pressed = (yes) =>
    visitor.dialog.getByRole('button', { name: 'Good answer', pressed: yes }).waitFor();
  await good.click();
  await pressed(true);
  assert.equal(await rating(), 'up');
  await visitor.reload();
  await pressed(true);
  await good.click();
  await pressed(false);
  assert.equal(await rating(), null);
  await visitor.leave();
});

test('answers_and_code_can_be_copied', async () => {
  say('Run **this**:\n\n```sh\nnpm ci\n```\n');
  const visitor = await asked('How?', { context: { permissions: ['clipboard-read', 'clipboard-write'] } });
  await whole(visitor);
  const clipboard = () => visitor.page.evaluate(() => navigator.clipboard.readText());
  const copies = visitor.answers.nth(1).getByRole('button', { name: 'Copy' });
  await copies.first().click();
  await visitor.dialog.getByRole('status').getByText('Copy ✓').waitFor();
  assert.equal(await clipboard(), 'npm ci\n');
  await copies.last().click();
  await visitor.page.waitForFunction(async () =>
    (await navigator.clipboard.readText()).startsWith('Run **this**'),
  );
  await visitor.leave();
});

test('suggested_questions_are_asked_by_a_click_and_gone_with_the_first_question', async () => {
  say('Nine to five.');
  const visitor = await world.visit({ data: { suggestions: 'When are you open? | Where are you?' } });
  await visitor.open();
  await visitor.dialog.getByRole('button', { name: 'When are you open?' }).click();
  await visitor.seesWholeAnswer('Nine to five.');
  assert.deepEqual(await visitor.questionTexts(), ['When are you open?']);
  assert.equal(await visitor.dialog.getByRole('button', { name: 'Where are you?' }).count(), 0);
  await visitor.dialog.getByRole('button', { name: 'New conversation' }).click();
  await visitor.dialog.getByRole('button', { name: 'Where are you?' }).waitFor();
  await visitor.leave();
});

test('an_answer_that_comes_while_the_chat_is_closed_marks_the_button', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    await rest.opened;
    reply.tokens('Here I am.');
    reply.finish();
  });
  const visitor = await asked('Later, please');
  await visitor.page.getByRole('button', { name: 'Close chat' }).click();
  rest.open();
  await visitor.page.getByRole('button', { name: 'Open chat (1)' }).click();
  await visitor.seesWholeAnswer('Here I am.');
  await visitor.page.getByRole('button', { name: 'Close chat' }).click();
  await visitor.page.getByRole('button', { name: 'Open chat', exact: true }).waitFor();
  await visitor.leave();
});

test('offline_is_shown_and_heals_by_itself', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('Before. ');
    await rest.opened;
    reply.tokens('After.');
    reply.finish();
  });
  const visitor = await asked('Tunnel');
  await visitor.sees('Before.');
  const context = visitor.page.context();
  await context.setOffline(true);
  const banner = visitor.dialog.locator('.offline');
  await banner.waitFor();
  await visitor.ask('Sent in the tunnel');
  await context.setOffline(false);
  await banner.waitFor({ state: 'hidden' });
  rest.open();
  await whole(visitor, 2);
  assert.deepEqual(await visitor.questionTexts(), ['Tunnel', 'Sent in the tunnel']);
  assert.deepEqual((await visitor.answerTexts()).slice(1), ['Before. After.', 'Before. After.']);
  assert.equal(await visitor.retry.count(), 0);
  await visitor.leave();
});
