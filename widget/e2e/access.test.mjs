// The chat by keyboard and by ear.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gate } from './harness/model.mjs';
import { startWorld } from './harness/world.mjs';

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

/** The accessible name of what has the focus, inside the widget too. */
function focused(visitor) {
  return visitor.page.evaluate(() => {
    const inside = document.activeElement?.shadowRoot?.activeElement;
    return (inside ?? document.activeElement)?.getAttribute('aria-label') ?? null;
  });
}

test('escape_closes_and_gives_the_focus_back_to_the_launcher', async () => {
  const visitor = await world.visit();
  await visitor.launcher.focus();
  await visitor.page.keyboard.press('Enter');
  await visitor.dialog.waitFor();
  assert.equal(await focused(visitor), 'Type your message...');

  await visitor.page.keyboard.press('Escape');
  await visitor.dialog.waitFor({ state: 'hidden' });
  assert.equal(await focused(visitor), 'Open chat');
  await visitor.leave();
});

test('every_control_has_a_name_and_icon_buttons_a_tooltip', async () => {
  const visitor = await world.visit();
  await visitor.open();
  for (const name of ['New conversation', 'Send']) {
    assert.equal(await visitor.dialog.getByRole('button', { name, exact: true }).getAttribute('title'), name);
  }
  assert.equal(
    await visitor.page.getByRole('button', { name: 'Close chat' }).getAttribute('title'),
    'Close chat',
  );
  assert.doesNotMatch(await visitor.page.locator('body').ariaSnapshot(), /- (button|textbox)(?! ")/);
  await visitor.leave();
});

test('a_whole_answer_is_announced_once_and_not_its_tokens', async () => {
  const rest = gate();
  world.model.answer(async (reply) => {
    reply.tokens('Heard in ');
    await rest.opened;
    reply.tokens('one ', 'piece.');
    reply.finish();
  });
  const visitor = await world.visit();
  await visitor.open();
  const live = visitor.dialog.getByRole('status');
  const heard = await live.evaluateHandle((element) => {
    const words = [];
    new MutationObserver(() => words.push(element.textContent)).observe(element, { childList: true });
    return words;
  });
  await visitor.ask('Speak');
  await visitor.sees('Heard in');
  rest.open();
  await visitor.seesWholeAnswer('Heard in one piece.');
  assert.deepEqual(await heard.jsonValue(), ['Heard in one piece.']);
  assert.equal(await visitor.log.getAttribute('aria-live'), 'off');
  await visitor.leave();
});

test('the_keyboard_alone_sends_retries_and_starts_anew', async () => {
  world.model.answer((reply) => reply.refuse(500));
  const visitor = await world.visit();
  await visitor.launcher.focus();
  const { keyboard } = visitor.page;
  await keyboard.press('Enter');
  await visitor.dialog.waitFor();
  await keyboard.type('No mouse');
  await keyboard.press('Tab');
  assert.equal(await focused(visitor), 'Send');
  await keyboard.press('Enter');
  await visitor.retry.waitFor();
  assert.equal(await focused(visitor), 'Type your message...');

  world.model.answer((reply) => {
    reply.tokens('No need of one.');
    reply.finish();
  });
  await keyboard.press('Shift+Tab');
  await keyboard.press('Enter');
  await visitor.seesWholeAnswer('No need of one.');
  assert.equal(await focused(visitor), 'Assistant');
  await keyboard.press('Shift+Tab');
  assert.equal(await focused(visitor), 'New conversation');
  await keyboard.press('Enter');
  await visitor.questions.waitFor({ state: 'detached' });
  assert.equal(await focused(visitor), 'Type your message...');
  await visitor.leave();
});

test('on_a_phone_the_focus_stays_in_the_sheet', async () => {
  const visitor = await world.visit({ context: { viewport: { width: 360, height: 740 } } });
  await visitor.open();
  assert.equal(await visitor.dialog.getAttribute('aria-modal'), 'true');
  const stops = [];
  for (let tab = 0; tab < 6; tab++) {
    await visitor.page.keyboard.press('Tab');
    stops.push(await focused(visitor));
  }
  assert.deepEqual(stops, [
    'New conversation',
    'Close chat',
    'Assistant',
    'Type your message...',
    'Send',
    'New conversation',
  ]);
  await visitor.page.keyboard.press('Shift+Tab');
  assert.equal(await focused(visitor), 'Send');
  await visitor.leave();
});

test('keys_typed_into_the_chat_are_not_the_pages_short_cuts', async () => {
  const visitor = await world.visit();
  await visitor.page.evaluate(() => {
    document.addEventListener('keydown', (event) => {
      document.title += event.key;
    });
  });
  await visitor.open();
  await visitor.input.pressSequentially('/s');
  assert.equal(await visitor.input.inputValue(), '/s');
  assert.equal(await visitor.page.title(), 'A shop');
  await visitor.leave();
});

test('a_visitor_who_wants_no_motion_gets_none', async () => {
  const visitor = await world.visit({ context: { reducedMotion: 'reduce' } });
  await visitor.open();
  const moving = await visitor.dialog.evaluate(
    (dialog) =>
      [dialog, ...dialog.querySelectorAll('*')].filter((element) => {
        const { animationName, transitionDuration } = getComputedStyle(element);
        return animationName !== 'none' || transitionDuration !== '0s';
      }).length,
  );
  assert.equal(moving, 0);
  await visitor.leave();
});
